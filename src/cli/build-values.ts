/** Values that a build is asked for with, whether by flags or by the inputs of an action. */

import type { EngineKind, ImageType, LockMode, PullPolicy } from '../build/index.ts';
import { SealerError } from '../error.ts';
import { formatReference, parseReference } from '../oci/reference.ts';
import type { Compression } from '../oci/tar/index.ts';
import type { ClusterOptions } from '../rehearsal/index.ts';

export const PULL_POLICIES = ['always', 'missing', 'never', 'newer'] as const satisfies readonly PullPolicy[];
export const IMAGE_TYPES = ['kube-installer', 'app-installer'] as const satisfies readonly ImageType[];
export const LOCK_MODES = ['use', 'write', 'require', 'ignore'] as const satisfies readonly LockMode[];
export const ENGINES = ['docker', 'podman', 'containerd'] as const satisfies readonly EngineKind[];
export const COMPRESSIONS = ['gzip', 'zstd', 'none'] as const satisfies readonly Compression[];

/** How long a temporary cluster is waited for. */
export const DEFAULT_CLUSTER: ClusterOptions = { timeoutMs: 600_000, settleMs: 10_000 };

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Reads `90s`, `10m`, `1h30m`; a bare number is seconds.
 * @param what how to name the value in an error
 * @returns milliseconds
 * @throws SealerError USAGE
 */
export function readDuration(text: string, what: string, otherwise: number): number {
  const value = text.trim();
  if (value === '') return otherwise;
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value) * 1000;
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length > 0 && parts.map(([part]) => part).join('') === value) {
    return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ''] ?? 0), 0);
  }
  throw new SealerError('USAGE', `${what} is "${text}", which is no duration`, {
    hint: 'Write it as 90s, 10m or 1h30m.',
  });
}

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
