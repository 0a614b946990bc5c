/** What kustomize says when it cannot build, told with the file. */

import { SealerError } from '../../error.ts';
import { placeOfText } from '../chart/text-place.ts';
import type { Kustomization } from './read-kustomization.ts';

/**
 * @param folder the scratch folder, whose path is nobody's business
 * @param kustomizations the outermost first
 */
export function kustomizeError(
  stderr: string,
  folder: string,
  kustomizations: readonly Kustomization[],
  files: ReadonlyMap<string, Buffer>,
): SealerError {
  const said = stderr
    .replaceAll(`${folder}/tree/`, '')
    .replaceAll(folder, '')
    .replace(/^error: /, '')
    .replaceAll('\\"', '"')
    .trim();
  const reason = reasonOf(said);
  // kustomize names the innermost thing that failed, by a path relative to whatever it was in.
  const named = [...said.matchAll(/'([^'\s]+)'|File: ([^\s"]+)|in (?:file )?(\S+\.ya?ml)/g)]
    .map(([, quoted, file, inside]) => quoted ?? file ?? inside ?? '')
    .filter((name) => name !== '');
  const innermost = named.at(-1)?.split('/').at(-1);
  const direct = named.findLast((name) => files.has(name));
  const owner = kustomizations.find(({ content }) => innermost !== undefined && content.includes(innermost));
  const beside = kustomizations.map(({ folder: at }) => `${at}/${innermost}`).find((path) => files.has(path));
  const fallback = kustomizations[0];
  const line = Number(/yaml: line (\d+)/.exec(said)?.[1] ?? 0);
  const at =
    direct !== undefined || beside !== undefined
      ? { file: direct ?? beside ?? '', ...(line > 0 && { line }) }
      : owner !== undefined && innermost !== undefined
        ? placeOfText({ content: owner.content, place: owner.file }, innermost)
        : placeOfUnknownField(said, kustomizations, fallback);
  return new SealerError('KUSTOMIZATION_INVALID', `The kustomization cannot be built: ${reason}`, { at });
}

function placeOfUnknownField(
  said: string,
  kustomizations: readonly Kustomization[],
  fallback: Kustomization | undefined,
): { file: string; line?: number } {
  const field = /unknown field "([^"]+)"/.exec(said)?.[1];
  const owner = field === undefined ? undefined : kustomizations.find(({ content }) => content.includes(`${field}:`));
  if (owner !== undefined) return placeOfText({ content: owner.content, place: owner.file }, `${field}:`);
  return { file: fallback?.file ?? '' };
}

/** kustomize wraps a reason in each folder on the way; the last says what is wrong. */
function reasonOf(said: string): string {
  const missing = /lstat (\S+): no such file or directory/.exec(said)?.[1];
  if (missing !== undefined) return `${missing} does not exist`;
  const parts = said.split(
    /accumulating resources(?: from '[^']*')?: |accumulation err='|(?:recursed accumulation of|couldn't make target for) path '[^']*': /,
  );
  const reason = (parts.at(-1) ?? said).trim();
  // What is wrapped is in quotes, of which only the closing one is left here.
  const isHalf = reason.endsWith('"') && (reason.split('"').length - 1) % 2 === 1;
  return isHalf ? reason.slice(0, -1) : reason;
}
