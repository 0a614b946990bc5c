/** The renderer that discovery is given: tools are looked for when they are needed, and once. */

import { join } from 'node:path';
import { renderChart } from './chart/render-chart.ts';
import { buildKustomization } from './kustomize/build-kustomization.ts';
import { createRenderCache } from './render-cache.ts';
import type { Renderer } from './rendering.ts';
import type { ScratchFolder } from './scratch-files.ts';
import { renderTemplate } from './template/index.ts';
import { findTool, type ToolName } from './tools/find-tool.ts';

export interface RendererOptions {
  /** $SEALER_HELM, $SEALER_KUBECTL, $PATH. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where binaries are kept that were taken out of npm packages. */
  readonly toolsFolder: string;
  /** Where renderings are kept. Default: nowhere. */
  readonly cacheFolder?: string | undefined;
  /** Makes a private folder; it is disposed after use. */
  readonly scratch: (label: string) => Promise<ScratchFolder>;
  readonly signal?: AbortSignal | undefined;
}

export function createRenderer(options: RendererOptions): Renderer {
  const tools = new Map<ToolName, Promise<string>>();
  const toolOf = (name: ToolName): Promise<string> => {
    const found = tools.get(name) ?? findTool(name, options);
    tools.set(name, found);
    return found;
  };
  const cacheOf = (name: string) =>
    options.cacheFolder === undefined ? undefined : createRenderCache(join(options.cacheFolder, name));
  const signalOf = (signal: AbortSignal | undefined): AbortSignal | undefined =>
    signal === undefined || options.signal === undefined
      ? (signal ?? options.signal)
      : AbortSignal.any([signal, options.signal]);
  return {
    async chart(request) {
      const helm = await toolOf('helm');
      const { scratch } = options;
      return await renderChart(
        { ...request, signal: signalOf(request.signal) },
        { helm, scratch, cache: cacheOf('charts') },
      );
    },
    async kustomization(request) {
      const kubectl = await toolOf('kubectl');
      const tools = {
        kubectl,
        helm: () => toolOf('helm'),
        scratch: options.scratch,
        cache: cacheOf('kustomizations'),
      };
      return await buildKustomization({ ...request, signal: signalOf(request.signal) }, tools);
    },
    template: renderTemplate,
  };
}
