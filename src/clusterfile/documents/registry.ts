/** Where a cluster pulls images from. */

import type { HostSpec, RegistrySpec } from '../desired.ts';
import { below, type Checked, flagBelow, textBelow, textsBelow, wholeBelow } from '../reading/checked.ts';
import type { Findings } from '../reading/findings.ts';
import { warnLiteral } from './env.ts';

/** Reads `spec.registry`. */
export function readRegistry(
  registry: Checked | undefined,
  hosts: readonly HostSpec[],
  findings: Findings,
): RegistrySpec {
  const local = below(registry, 'localRegistry');
  const external = below(registry, 'externalRegistry');
  if (local !== undefined && external !== undefined) {
    findings.add(external.at, 'A cluster has either a localRegistry or an externalRegistry', 'Remove one of them.');
  }
  const given = external ?? local;
  const password = below(given, 'password');
  if (password !== undefined && password.text !== '' && !password.isFromEnv) {
    warnLiteral(password.at, 'registry.password', findings);
  }
  if ((textBelow(given, 'username') ?? '') === '' && password?.text) {
    findings.add(password.at, 'The registry has a password and no username', 'Add username.');
  }
  const login = optional({ username: textBelow(given, 'username'), password: textBelow(given, 'password') });
  const insecure = flagBelow(given, 'insecure') ?? false;
  if (external !== undefined) {
    return {
      kind: 'external',
      domain: textBelow(external, 'domain') ?? '',
      port: wholeBelow(external, 'port') ?? (insecure ? 80 : 443),
      ...login,
      insecure,
      ...optional({ ca: textBelow(external, 'ca') }),
    };
  }
  const names = below(local, 'cert', 'subjectAltName');
  return {
    kind: 'local',
    domain: textBelow(local, 'domain') ?? 'sea.hub',
    port: wholeBelow(local, 'port') ?? 5000,
    ...login,
    ha: flagBelow(local, 'ha') ?? defaultHa(hosts),
    insecure,
    sans: [...(textsBelow(names, 'dnsNames') ?? []), ...(textsBelow(names, 'ips') ?? [])],
  };
}

/** A registry on a single master fails with it, so that it is on all where there are several. */
export function defaultHa(hosts: readonly HostSpec[]): boolean {
  return hosts.filter(({ roles }) => roles.includes('master')).length > 1;
}

function optional<Key extends string>(values: Readonly<Record<Key, string | undefined>>): { [Each in Key]?: string } {
  const given = Object.entries<string | undefined>(values).filter(([, value]) => value !== undefined && value !== '');
  // Only keys of `values` are left.
  return Object.fromEntries(given) as { [Each in Key]?: string };
}
