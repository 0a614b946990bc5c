/**
 * The short names of base images: `FROM k3s:v1.33` means ours, and not an image of that name on Docker Hub. It is a rule for
 * cluster images alone. What a manifest names is a container image, and that is always what Docker takes it for.
 */

import { SealerError } from '../error.ts';
import { parseReference, type Reference } from './reference.ts';

/** Where base images are published. */
export const BASE_REGISTRY = 'ghcr.io/sealer';

const SHORT_NAMES: ReadonlySet<string> = new Set(['k3s', 'k0s', 'kubeadm']);

/**
 * Where else a cluster image is than its name says; undefined for all but the bare names k3s, k0s and kubeadm. The name as
 * Docker completes it comes first wherever an image of that name may be in the store: who built one means it.
 * @param name as the user wrote it
 * @param registry a registry with a path: `registry.example.com/bases`
 * @throws SealerError INVALID_REFERENCE
 */
export function baseReference(name: string, registry: string = BASE_REGISTRY): Reference | undefined {
  const bare = /^([a-z0-9]+)(?=[:@]|$)/.exec(name)?.[1];
  if (bare === undefined || !SHORT_NAMES.has(bare)) return undefined;
  return parseReference(`${registry.replace(/\/+$/, '')}/${name}`);
}

/**
 * The registry that short names stand for: the flag's, else that of SEALER_BASE_REGISTRY, else ours.
 * @throws SealerError USAGE for what is no registry
 */
export function baseRegistry(env: NodeJS.ProcessEnv, flag?: string): string {
  const said = flag ?? env.SEALER_BASE_REGISTRY ?? '';
  if (said === '') return BASE_REGISTRY;
  const registry = said.replace(/\/+$/, '');
  const first = registry.split('/')[0] ?? '';
  const isHost = /[.:]/.test(first) || first === 'localhost';
  try {
    if (isHost && parseReference(`${registry}/k3s`).tag === 'latest' && !registry.includes('@')) return registry;
  } catch (error) {
    if (!(error instanceof SealerError)) throw error;
  }
  throw new SealerError('USAGE', `"${said}" is no registry for base images`, {
    hint: 'Write its host, and a path where it has one: registry.example.com/bases.',
  });
}
