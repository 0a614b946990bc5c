/** The annotations by which kustomize says where each resource comes from; they are taken out again. */

import { posix } from 'node:path';
import type { RenderedDocument } from '../rendering.ts';

const ORIGIN = '    config.kubernetes.io/origin: |';

/**
 * Takes the origins out of an output.
 * @param fileOf the rootfs path of a path that kustomize names, relative to the outermost folder
 * @param fallback the place of what has no origin
 */
export function takeOrigins(
  output: string,
  fileOf: (path: string) => string,
  fallback: string,
): { readonly lines: readonly string[]; readonly documents: readonly RenderedDocument[] } {
  const lines: string[] = [];
  const documents: { line: number; source: string }[] = [{ line: 1, source: fallback }];
  const input = output.split('\n');
  for (let i = 0; i < input.length; i += 1) {
    const line = input[i] ?? '';
    if (line === '---') documents.push({ line: lines.length + 2, source: fallback });
    if (line !== ORIGIN) {
      lines.push(line);
      continue;
    }
    const current = documents.at(-1);
    for (; (input[i + 1] ?? '').startsWith('      '); i += 1) {
      const path = /^ {6}(?:path|configuredIn): (.+)$/.exec(input[i + 1] ?? '')?.[1];
      if (path !== undefined && current !== undefined) current.source = fileOf(path);
    }
    const isLast = !(input[i + 1] ?? '').startsWith('    ');
    if (isLast && lines.at(-1) === '  annotations:') lines.pop();
  }
  return { lines, documents };
}

/** @param root the folder to which kustomize's paths are relative, as a path inside the tree */
export function pathInTree(root: string, tree: string, path: string): string | undefined {
  const whole = posix.join(root, path);
  return whole.startsWith(`${tree}/`) ? whole.slice(tree.length + 1) : undefined;
}
