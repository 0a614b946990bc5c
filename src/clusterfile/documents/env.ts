/** Lists of `NAME=value`. */

import type { Place } from '../../error.ts';
import type { Env } from '../desired.ts';
import type { Checked } from '../reading/checked.ts';
import { looksSecret } from '../reading/environment.ts';
import type { Findings } from '../reading/findings.ts';
import { RESERVED_NAMES } from '../reserved-env.ts';

/** Reads a list; a repeated name is joined by commas, as the Go sealer makes lists. */
export function readEnv(list: Checked | undefined, findings: Findings): Env {
  const env = new Map<string, string>();
  for (const { at, text = '', isFromEnv = false } of list?.items ?? []) {
    const equals = text.indexOf('=');
    const name = text.slice(0, equals);
    const value = text.slice(equals + 1);
    if (RESERVED_NAMES.includes(name)) {
      findings.add(at, `${name} is computed by sealer and cannot be set`, RESERVED_HINTS[name] ?? 'Leave it out.');
      continue;
    }
    if (!isFromEnv && value !== '' && looksSecret(name)) warnLiteral(at, name, findings);
    const before = env.get(name);
    env.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(env);
}

/** A secret that stands in the file as it is. */
export function warnLiteral(at: Place, name: string, findings: Findings): void {
  const variable = name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/\W+/g, '_')
    .toUpperCase();
  const hint = `Take it from the environment: \${${variable}}.`;
  findings.warn(at, `${name} is a secret, and whoever has this file can read it`, hint, 'SECRET_IN_CLUSTERFILE');
}

const RESERVED_HINTS: Readonly<Record<string, string>> = {
  RegistryDomain: 'Set spec.registry.localRegistry.domain.',
  RegistryPort: 'Set spec.registry.localRegistry.port.',
  LocalRegistryDomain: 'Set spec.registry.localRegistry.domain.',
  LocalRegistryPort: 'Set spec.registry.localRegistry.port.',
  ContainerRuntime: 'Set spec.containerRuntime.type.',
  KubeSvcIP: 'Set SvcCIDR; it is the first address of that.',
  DNSSvcIP: 'Set SvcCIDR; it is the tenth address of that.',
};
