/** The build context and the Kubefile: where they are, and that they are there. */

import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { isSystemError, SealerError } from '../../error.ts';
import { type IgnoreRules, loadIgnore } from './ignore.ts';
import type { SourceTree } from './source-tree.ts';

export interface BuildContext {
  /** The folder as the user wrote it, for messages and annotations. */
  readonly given: string;
  readonly tree: SourceTree;
  readonly ignore: IgnoreRules;
}

export interface KubefileText {
  /** As the user wrote it. */
  readonly file: string;
  readonly text: string;
}

/**
 * Opens a context.
 * @param folder what the user gave
 * @param kubefile path of the Kubefile, whose own ignore file wins
 * @throws SealerError CONTEXT_NOT_FOUND, PERMISSION
 */
export function openContext(folder: string, kubefile: string): BuildContext {
  const root = realFolder(folder);
  const ignore = loadIgnore(root, kubefile);
  const tree: SourceTree = {
    root,
    aliases: [resolve(folder)],
    name: 'the build context',
    links: 'confined',
    modes: 'portable',
    ignore,
  };
  return { given: folder, tree, ignore };
}

/**
 * Reads the Kubefile.
 * @throws SealerError KUBEFILE_NOT_FOUND, PERMISSION
 */
export function readKubefile(context: string, file: string = join(context, 'Kubefile')): KubefileText {
  try {
    return { file, text: readFileSync(file, 'utf8') };
  } catch (cause) {
    if (isSystemError(cause, 'EACCES', 'EPERM')) {
      throw new SealerError('PERMISSION', `${file} cannot be read`, { cause, hint: 'Mend its permissions.' });
    }
    if (!isSystemError(cause, 'ENOENT', 'ENOTDIR', 'EISDIR')) throw cause;
    throw new SealerError('KUBEFILE_NOT_FOUND', `There is no Kubefile at ${file}`, {
      cause,
      hint: isSystemError(cause, 'ENOTDIR')
        ? `${context} is a file, and the context is a folder: --file ${context} ${dirname(context)}`
        : 'Write one, or say where it is with --file.',
    });
  }
}

/** How a file of the context is called in messages: as seen from where the user stands. */
export function placeInContext(context: BuildContext, path: string): string {
  return join(relative('', context.given) || '.', path);
}

function realFolder(folder: string): string {
  try {
    const root = realpathSync(folder);
    if (statSync(root).isDirectory()) return root;
  } catch (cause) {
    if (isSystemError(cause, 'EACCES', 'EPERM')) {
      throw new SealerError('PERMISSION', `The build context ${folder} cannot be read`, { cause });
    }
    if (!isSystemError(cause, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw cause;
  }
  throw new SealerError('CONTEXT_NOT_FOUND', `The build context ${folder} is not a folder`, {
    hint: 'Give the folder that COPY and APP read from, such as "sealer build -t name .".',
  });
}
