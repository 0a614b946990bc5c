/** Values that a build is asked for with, whether by flags or by the inputs of an action. */

import type { ImageType, PullPolicy } from '../build/index.ts';
import { SealerError } from '../error.ts';
import { formatReference, parseReference } from '../oci/reference.ts';
import type { Compression } from '../oci/tar/index.ts';

export const PULL_POLICIES = ['always', 'missing', 'never', 'newer'] as const satisfies readonly PullPolicy[];
export const IMAGE_TYPES = ['kube-installer', 'app-installer'] as const satisfies readonly ImageType[];
export const COMPRESSIONS = ['gzip', 'zstd', 'none'] as const satisfies readonly Compression[];

/**
 * Names as the store keeps them, each once.
 * @throws SealerError INVALID_REFERENCE
 */
export function completeNames(names: readonly string[]): readonly string[] {
  return [...new Set(names.map((name) => formatReference(parseReference(name))))];
}

/**
 * `NAME=VALUE`, or `NAME` to take the value from the environment; one that is not set there is left out, as docker has it.
 * @throws SealerError USAGE
 */
export function readBuildArgs(args: readonly string[], env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const pairs: [string, string][] = [];
  for (const arg of args) {
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)(?:=(.*))?$/s.exec(arg) ?? [];
    if (name === undefined) {
      throw new SealerError('USAGE', `"${arg}" is not a build argument`, { hint: 'Write NAME=VALUE, or NAME.' });
    }
    const known = value ?? env[name];
    if (known !== undefined) pairs.push([name, known]);
  }
  return Object.fromEntries(pairs);
}
