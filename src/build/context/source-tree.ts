/**
 * A folder that COPY, ADD and APP take files from: the build context, or the unpacked rootfs of a stage or image. Paths
 * in it are relative, with slashes; no symbolic link leads out of it.
 */

import { lstatSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isSystemError, SealerError } from '../../error.ts';
import type { IgnoreRules } from './ignore.ts';

export interface SourceTree {
  /** Absolute, without symbolic links. */
  readonly root: string;
  /** Other absolute names of the root, that absolute links may use. */
  readonly aliases: readonly string[];
  /** For messages: `the build context`, `stage "tools"`. */
  readonly name: string;
  /** `confined`: a link that leads outside is an error. `chroot`: the root is where its links think / is. */
  readonly links: 'confined' | 'chroot';
  /** `portable`: only whether a file can be executed counts, so that umask and checkout do not. */
  readonly modes: 'portable' | 'kept';
  readonly ignore?: IgnoreRules | undefined;
}

/** The kernel's own limit (path_resolution(7)). */
const MAX_LINKS = 40;

/**
 * The path without symbolic links, or undefined where nothing is.
 * @throws SealerError SOURCE_OUTSIDE_CONTEXT
 */
export function resolvePath(tree: SourceTree, path: string): string | undefined {
  return followLinks(tree, path, 'must exist');
}

/** The same for a path that need not exist: what is missing is taken as it is written. */
export function resolveInside(tree: SourceTree, path: string): string {
  return followLinks(tree, path, 'may be new') ?? path;
}

/**
 * Cleans what stands in a Kubefile: no leading slash, no `.` and `..`.
 * @throws SealerError SOURCE_OUTSIDE_CONTEXT
 */
export function cleanSource(tree: SourceTree, path: string): string {
  const done: string[] = [];
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') done.push(name);
    else if (done.pop() === undefined && tree.links === 'confined') throw outside(tree, path);
  }
  return done.join('/');
}

/** Whether an instruction may see this path. */
export function isVisible(tree: SourceTree, path: string, isDirectory: boolean): boolean {
  if (path === '' || tree.ignore === undefined || !tree.ignore.ignores(path)) return true;
  return isDirectory && tree.ignore.hasExceptions;
}

function followLinks(tree: SourceTree, path: string, missing: 'must exist' | 'may be new'): string | undefined {
  const todo = path.split('/');
  const done: string[] = [];
  for (let links = 0; todo.length > 0; ) {
    const name = todo.shift() ?? '';
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (done.pop() === undefined && tree.links === 'confined') throw outside(tree, path);
      continue;
    }
    const here = join(tree.root, ...done, name);
    const stats = lstatIfThere(here);
    if (stats === undefined && missing === 'must exist') return undefined;
    if (stats === undefined || !stats.isSymbolicLink()) {
      done.push(name);
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) return undefined;
    const target = readlinkSync(here);
    if (target.startsWith('/')) done.length = 0;
    todo.unshift(...(target.startsWith('/') ? fromRoot(tree, target, path) : target).split('/'));
  }
  return done.join('/');
}

function fromRoot(tree: SourceTree, target: string, path: string): string {
  if (tree.links === 'chroot') return target;
  for (const root of [tree.root, ...tree.aliases]) {
    const inside = relative(root, target);
    if (inside !== '..' && !inside.startsWith('../')) return inside;
  }
  throw outside(tree, path);
}

function lstatIfThere(path: string): ReturnType<typeof lstatSync> {
  try {
    return lstatSync(path);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) return undefined;
    throw error;
  }
}

function outside(tree: SourceTree, path: string): SealerError {
  return new SealerError('SOURCE_OUTSIDE_CONTEXT', `"${path}" leads outside ${tree.name}`, {
    hint: 'Copy the file into the context, or give a folder further up as the context and name the Kubefile by --file.',
  });
}
