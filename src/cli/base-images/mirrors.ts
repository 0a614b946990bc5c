/** `--mirror HOST=ADDRESS` and SEALER_MIRRORS: where upstream's files and container images come from instead. */

import type { Mirrors } from '../../base-images/index.ts';
import { SealerError } from '../../error.ts';
import { isReference, type Reference } from '../../oci/reference.ts';

export interface ReadMirrors {
  /** Of files: bases of URLs by host. */
  readonly files: Mirrors;
  /** Of container images: registries with paths, by registry. */
  readonly registries: Mirrors;
}

/**
 * Reads mirrors; flags win over the environment. An address with `http://` or `https://` is of files, one without is that of
 * a registry.
 * @throws SealerError USAGE
 */
export function readMirrors(flags: readonly string[], env: NodeJS.ProcessEnv): ReadMirrors {
  const files: Record<string, string> = {};
  const registries: Record<string, string> = {};
  const given = (env.SEALER_MIRRORS ?? '').split(/[\s,]+/).filter((each) => each !== '');
  for (const text of [...given, ...flags]) {
    const [, host, address = ''] = /^([A-Za-z0-9.:-]+)=(.+)$/.exec(text) ?? [];
    if (host !== undefined && /^https?:\/\/[^/?#]/.test(address) && isPlainUrl(address)) files[host] = address;
    else if (host !== undefined && !address.includes('://') && isReference(`${address}/x`)) registries[host] = address;
    else throw wrong(text);
  }
  return { files, registries };
}

/** Where a container image is asked for. */
export function mirroredReference(reference: Reference, registries: Mirrors): Reference {
  const mirror = registries[reference.registry];
  if (mirror === undefined) return reference;
  const [registry = '', ...path] = mirror.replace(/\/+$/, '').split('/');
  return { ...reference, registry, repository: [...path, reference.repository].join('/') };
}

function isPlainUrl(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { search, hash, username, password } = new URL(address);
  // It becomes a build argument and stands in messages: no place for secrets.
  return [search, hash, username, password].every((part) => part === '');
}

function wrong(text: string): SealerError {
  const shown = text.replace(/\/\/[^/@]*@/, '//***@');
  return new SealerError('USAGE', `"${shown}" is no mirror`, {
    hint: 'Write github.com=https://mirror.example.com/github for files, registry.k8s.io=mirror.example.com/k8s for images.',
  });
}
