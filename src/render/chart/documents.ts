/** Takes apart what `helm template` prints. */

import type { RenderedDocument } from '../rendering.ts';

/** A document of helm's output. */
export interface HelmDocument extends RenderedDocument {
  /** As helm calls the template: `shop/charts/db/templates/pod.yaml`. */
  readonly template: string;
}

/**
 * The documents of an output. helm writes `---` and a comment with the template before each; a file of crds/ with several
 * documents has the comment once. Inside a block of text neither can stand at the start of a line.
 * @param placeOf the place of a template
 */
export function splitDocuments(lines: readonly string[], placeOf: (template: string) => string): HelmDocument[] {
  const documents: HelmDocument[] = [];
  let template = '';
  for (const [i, line] of lines.entries()) {
    if (line !== '---' && !line.startsWith('--- ')) continue;
    const named = /^# Source: (.+)$/.exec(lines[i + 1] ?? '')?.[1];
    template = named ?? template;
    documents.push({ line: i + (named === undefined ? 2 : 3), template, source: placeOf(template) });
  }
  return documents;
}

/** The document in which a line is. */
export function documentAt<D extends RenderedDocument>(documents: readonly D[], line: number): D | undefined {
  let low = 0;
  for (let high = documents.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if ((documents[middle]?.line ?? 0) <= line) low = middle + 1;
    else high = middle;
  }
  return documents[low - 1];
}
