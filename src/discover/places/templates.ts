/** `.tmpl` files, rendered as they are at launch: they then are the files without `.tmpl`. */

import { type Problem, SealerError } from '../../error.ts';
import type { Rendered, Renderer } from '../../render/index.ts';
import { decodeText } from '../decode.ts';
import { type AppValues, createChartTest, findCharts } from './charts.ts';
import { appOf, roleByName } from './roles.ts';

export interface TemplateOptions {
  readonly renderer: Renderer | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly apps: ReadonlyMap<string, AppValues> | undefined;
}

export interface RenderedFiles {
  /** All files, each template replaced by what it becomes. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** By rootfs path without `.tmpl`: its rendering. */
  readonly rendered: ReadonlyMap<string, Rendered>;
  /** Rootfs paths without `.tmpl` of those that have a problem. */
  readonly failed: ReadonlySet<string>;
  readonly problems: readonly Problem[];
}

const VALUES = /^(?:application\/values\/|charts\/[^/]+\.values\.ya?ml)/;

/** Renders the templates whose results discovery reads. */
export function renderTemplates(files: ReadonlyMap<string, Buffer>, options: TemplateOptions): RenderedFiles {
  const isInChart = createChartTest(findCharts([...files.keys()].map((path) => path.replace(/\.tmpl$/, ''))));
  const all = new Map(files);
  const rendered = new Map<string, Rendered>();
  const failed = new Set<string>();
  const problems: Problem[] = [];
  for (const [path, content] of files) {
    if (!path.endsWith('.tmpl') || !isWanted(path.slice(0, -'.tmpl'.length), isInChart)) continue;
    const target = path.slice(0, -'.tmpl'.length);
    const result = renderOne(path, content, options);
    if ('text' in result) {
      rendered.set(target, result);
      all.set(target, Buffer.from(result.text));
    } else {
      failed.add(target);
      problems.push(...result.problems);
    }
    all.delete(path);
  }
  return { files: all, rendered, failed, problems };
}

/** Templates of other kinds (`nginx.conf.tmpl`) name no images that anybody could read from them. */
function isWanted(target: string, isInChart: (path: string) => boolean): boolean {
  // Below templates/ of a chart, `.tmpl` is helm's business.
  if (isInChart(target)) return /\/(?:values[^/]*|Chart)\.ya?ml$/.test(target);
  const role = roleByName(target);
  return VALUES.test(target) || (role !== 'ignored' && role !== 'template');
}

function renderOne(
  path: string,
  content: Buffer,
  { renderer, env, apps }: TemplateOptions,
): Rendered | { readonly problems: readonly Problem[] } {
  const text = decodeText(content);
  if (text === undefined) {
    return { problems: [{ code: 'MANIFEST_UNREADABLE', message: 'This file is not UTF-8 text', at: { file: path } }] };
  }
  if (renderer === undefined) return { problems: /image/i.test(text) ? [notRendered(path)] : [] };
  const app = appOf(path);
  try {
    return renderer.template(text, path, { ...env, ...(app === undefined ? {} : apps?.get(app)?.env) });
  } catch (error) {
    if (!(error instanceof SealerError)) throw error;
    const { code, message, hint, at } = error;
    return { problems: [{ code, message, hint, at: at ?? { file: path } }] };
  }
}

function notRendered(file: string): Problem {
  return {
    code: 'IMAGES_NOT_DISCOVERED',
    message: 'Images of templates are discovered when the image is built',
    at: { file },
    severity: 'warning',
  };
}
