/** Finding what a source of COPY, ADD or APP means: wildcards, folders, links, and good words where nothing is. */

import { lstatSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isSystemError, type Place, SealerError } from '../../error.ts';
import { nearest } from '../../kubefile/index.ts';
import { compileSegment, isPattern, splitPattern } from './glob.ts';
import { cleanSource, isVisible, resolvePath, type SourceTree } from './source-tree.ts';

/** One thing that a source matched. */
export interface Match {
  /** The name that it was found by, which is its name in a destination folder. */
  readonly name: string;
  /** Where it is in the tree, links resolved. */
  readonly path: string;
  readonly isDirectory: boolean;
}

/**
 * Finds a source, in bytewise order of names.
 * @param source as written, variables resolved
 * @throws SealerError SOURCE_NOT_FOUND, SOURCE_OUTSIDE_CONTEXT, BAD_ARGUMENTS
 */
export function findSources(tree: SourceTree, source: string, at: Place): readonly Match[] {
  try {
    const clean = cleanSource(tree, source);
    const matches = isPattern(clean) ? findPattern(tree, clean) : [findPath(tree, clean)];
    const found = matches.filter((match) => match !== undefined);
    if (found.length > 0) return found;
    throw notFound(tree, source, clean);
  } catch (error) {
    if (error instanceof SealerError && error.at === undefined) {
      throw new SealerError(error.code, error.message, { hint: error.hint, cause: error, at });
    }
    if (isSystemError(error, 'EACCES', 'EPERM')) {
      throw new SealerError('PERMISSION', `"${source}" cannot be read`, { cause: error, at });
    }
    throw error;
  }
}

function findPath(tree: SourceTree, clean: string): Match | undefined {
  const path = resolvePath(tree, clean);
  if (path === undefined) return undefined;
  const isDirectory = lstatSync(join(tree.root, path)).isDirectory();
  // Both names count: an ignored link is not there, and neither is an ignored file behind a link.
  if (!isVisible(tree, path, isDirectory) || !isVisible(tree, clean, isDirectory)) return undefined;
  return { name: basename(clean), path, isDirectory };
}

function findPattern(tree: SourceTree, pattern: string): (Match | undefined)[] {
  let found = [''];
  for (const segment of splitPattern(pattern)) {
    const matches = compileSegment(segment);
    found = found.flatMap((folder) => childrenOf(tree, folder).filter((path) => matches(basename(path))));
  }
  return found.sort().map((path) => findPath(tree, path));
}

function childrenOf(tree: SourceTree, folder: string): string[] {
  const path = resolvePath(tree, folder);
  if (path === undefined || !lstatSync(join(tree.root, path)).isDirectory()) return [];
  return readdirSync(join(tree.root, path)).map((name) => (folder === '' ? name : `${folder}/${name}`));
}

function notFound(tree: SourceTree, source: string, clean: string): SealerError {
  if (tree.ignore?.file !== undefined && existsIgnored(tree, clean)) {
    return new SealerError('SOURCE_NOT_FOUND', `"${source}" is excluded from ${tree.name}`, {
      hint: `${basename(tree.ignore.file)} ignores it; add the line !${clean} there.`,
    });
  }
  const near = isPattern(clean) ? undefined : nearbyName(tree, clean);
  return new SealerError('SOURCE_NOT_FOUND', `"${source}" is not in ${tree.name}`, {
    hint: near === undefined ? `Paths are relative to ${tree.name}.` : `Did you mean ${near}?`,
  });
}

function existsIgnored(tree: SourceTree, clean: string): boolean {
  const all: SourceTree = { ...tree, ignore: undefined };
  return isPattern(clean) ? findPattern(all, clean).length > 0 : findPath(all, clean) !== undefined;
}

/** The nearest name in the deepest folder that exists. */
function nearbyName(tree: SourceTree, clean: string): string | undefined {
  const folder = dirname(clean) === '.' ? '' : dirname(clean);
  const parent = resolvePath(tree, folder);
  if (parent === undefined) return folder === '' ? undefined : nearbyName(tree, folder);
  const names = childrenOf(tree, folder).filter((path) => path !== clean && isVisible(tree, path, false));
  const near = nearest(
    basename(clean),
    names.map((path) => basename(path)),
  );
  return near === undefined ? undefined : join(folder, near);
}
