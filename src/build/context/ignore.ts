/** `.dockerignore`: what of the context no instruction may see. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import dockerignore from '@balena/dockerignore';
import { isSystemError } from '../../error.ts';

/** Which paths of the context are ignored, and which file says so. */
export interface IgnoreRules {
  /** The file with the patterns, or undefined when there is none. */
  readonly file: string | undefined;
  /** @param path relative to the context, with slashes */
  ignores(path: string): boolean;
  /** Whether something below an ignored folder may still be wanted, because of a `!pattern`. */
  readonly hasExceptions: boolean;
}

/**
 * Reads `<Kubefile>.dockerignore`, or else `.dockerignore` of the context; the first that exists counts alone.
 * @param context the context's folder
 * @param kubefile path of the Kubefile
 */
export function loadIgnore(context: string, kubefile: string): IgnoreRules {
  for (const file of [`${kubefile}.dockerignore`, join(context, '.dockerignore')]) {
    const text = readIfThere(file);
    if (text !== undefined) return { file, ...compileIgnore(text) };
  }
  return { file: undefined, ignores: () => false, hasExceptions: false };
}

/** Compiles the text of an ignore file. */
export function compileIgnore(text: string): Omit<IgnoreRules, 'file'> {
  const patterns = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
  if (patterns.length === 0) return { ignores: () => false, hasExceptions: false };
  // Linux file names differ by case. The library passes + ( ) { } | on to its regular expression as they are, although
  // they mean nothing in a pattern; its own escape is the backslash.
  const rules = dockerignore
    .default({ ignorecase: false })
    .add(patterns.map((line) => line.replace(/[+(){}|]/g, '\\$&')));
  return {
    ignores: (path) => rules.ignores(path),
    hasExceptions: patterns.some((line) => line.trimStart().startsWith('!')),
  };
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'EISDIR', 'ENOTDIR')) return undefined;
    throw error;
  }
}
