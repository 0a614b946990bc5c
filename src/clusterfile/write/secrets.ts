/** What must not be written: secrets become `${NAME}`, or go. */

import type { Clusterfile, HostSpec } from '../desired.ts';
import { escapeVariables, looksSecret } from '../reading/environment.ts';

/** Shorter secrets are only found where they are a whole value: as a part of one they may be anything. */
const MIN_PART = 6;

/** Gives texts as they can be stored. */
export interface SecretFilter {
  /** A value whose variables are replaced when it is read. */
  text(value: string, key?: string): string;
  /** A value that is read as it is; `isHiding`: a secret was in it, so that it has a variable now. */
  literal(value: string): { readonly text: string; readonly isHiding: boolean };
}

/** A filter for what came out of the environment, and for values whose name says that they are secrets. */
export function createSecretFilter({ secrets = {} }: Pick<Clusterfile, 'secrets'>): SecretFilter {
  // The longest first, for one may be a part of another.
  const known = Object.entries(secrets).sort(([, a], [, b]) => b.length - a.length);
  const hide = (value: string): string => {
    const whole = known.find(([, secret]) => secret === value);
    if (whole !== undefined) return reference(whole[0]);
    let text = escapeVariables(value);
    for (const [name, secret] of known) {
      if (secret.length >= MIN_PART) text = text.replaceAll(escapeVariables(secret), () => reference(name));
    }
    return text;
  };
  return {
    text: (value, key = '') => {
      const hidden = hide(value);
      // Hidden already, or only a variable's name.
      if (!looksSecret(key) || value === '' || hidden !== escapeVariables(value)) return hidden;
      return reference(variableOf(key));
    },
    literal: (value) => {
      const hidden = hide(value);
      const isHiding = hidden !== escapeVariables(value);
      return { text: isHiding ? hidden : value, isHiding };
    },
  };
}

/** Every secret of a Clusterfile, to be blanked in logs and errors. */
export function secretsOf(clusterfile: Clusterfile): readonly string[] {
  const { cluster, secrets = {} } = clusterfile;
  const hosts = cluster.hosts.flatMap(({ ssh }) => [ssh.password, ssh.passphrase, ssh.sudoPassword]);
  const env = [cluster, ...cluster.hosts].flatMap((each) =>
    Object.entries(each.env).flatMap(([name, value]) => (looksSecret(name) ? [value] : [])),
  );
  const all = [...Object.values(secrets), ...hosts, cluster.registry.password, ...env];
  return [...new Set(all.flatMap((secret) => secret || []))];
}

/** A Clusterfile without passwords; names, paths and all else stay. */
export function redact(clusterfile: Clusterfile): Clusterfile {
  const { secrets: _, ...rest } = clusterfile;
  const { registry, ...cluster } = clusterfile.cluster;
  const { password: __, ...open } = registry;
  return { ...rest, cluster: { ...cluster, registry: open, hosts: cluster.hosts.map(withoutSecrets) } };
}

function withoutSecrets(host: HostSpec): HostSpec {
  const { password: _, passphrase: __, sudoPassword: ___, ...ssh } = host.ssh;
  return { ...host, ssh };
}

function reference(name: string): string {
  return `\${${name}}`;
}

/** `agent-token` becomes AGENT_TOKEN. */
function variableOf(key: string): string {
  return key
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/\W+/g, '_')
    .replace(/^(?=\d)/, '_')
    .toUpperCase();
}
