/** Charts, kustomizations and templates as the manifests that they become. */

export { createRenderer, type RendererOptions } from './renderer.ts';
export type {
  AnnotatedImage,
  ChartRequest,
  KustomizationRequest,
  Rendered,
  RenderedDocument,
  Renderer,
} from './rendering.ts';
export type { ScratchFolder } from './scratch-files.ts';
export { renderTemplate } from './template/index.ts';
export { type FindToolOptions, findTool, type ToolName } from './tools/find-tool.ts';
