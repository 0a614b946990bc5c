/** A Cluster document of v2, and of v1 as far as it names its hosts. */

import { canonicalAddress } from '../addresses/hosts.ts';
import type { ClusterSpec, HostAlias } from '../desired.ts';
import { parseIp } from '../network.ts';
import { below, type Checked, textBelow, textsBelow } from '../reading/checked.ts';
import type { Findings } from '../reading/findings.ts';
import { readEnv } from './env.ts';
import { readHosts } from './hosts.ts';
import { readRegistry } from './registry.ts';
import { readSsh } from './ssh.ts';

export const DEFAULT_NAME = 'my-cluster';
export const DEFAULT_DATA_ROOT = '/var/lib/sealer';

/** Reads a document that was compared with the shape of v2. */
export function readCluster(document: Checked, findings: Findings): ClusterSpec {
  const spec = below(document, 'spec');
  const list = below(spec, 'hosts');
  const hosts = readHosts(list, readSsh(below(spec, 'ssh'), findings), findings);
  if (list !== undefined && hosts.length > 0 && !hosts.some(({ roles }) => roles.includes('master'))) {
    // A host with a mistake in its roles was told already.
    if (hosts.every(({ roles }) => roles.includes('node'))) {
      findings.add(list.at, 'No host is a master', 'Give at least one host the role master.');
    }
  }
  const containerRuntime = textBelow(spec, 'containerRuntime', 'type');
  return {
    name: textBelow(document, 'metadata', 'name') ?? DEFAULT_NAME,
    image: textBelow(spec, 'image') ?? '',
    env: readEnv(below(spec, 'env'), findings),
    hosts,
    registry: readRegistry(below(spec, 'registry'), hosts, findings),
    ...(containerRuntime && { containerRuntime }),
    hostAliases: readAliases(below(spec, 'hostAliases'), findings),
    dataRoot: (textBelow(spec, 'dataRoot') ?? DEFAULT_DATA_ROOT).replace(/\/+/g, '/').replace(/\/$/, ''),
    ...given('cmd', textsBelow(spec, 'cmd')),
    ...given('appNames', textsBelow(spec, 'appNames')),
  };
}

function given<Key extends string>(
  key: Key,
  texts: readonly string[] | undefined,
): { [Each in Key]?: readonly string[] } {
  // An empty list is what the Go sealer writes for none.
  return texts === undefined || texts.length === 0 ? {} : ({ [key]: texts } as { [Each in Key]?: readonly string[] });
}

function readAliases(list: Checked | undefined, findings: Findings): readonly HostAlias[] {
  return (list?.items ?? []).flatMap((item) => {
    const ip = below(item, 'ip');
    const hostnames = textsBelow(item, 'hostnames') ?? [];
    if (ip?.text === undefined || hostnames.length === 0) return [];
    if (parseIp(ip.text) === undefined) {
      findings.add(ip.at, `"${ip.text}" is not an IP address`, 'Entries of /etc/hosts begin with an address.');
    }
    return [{ ip: canonicalAddress(ip.text), hostnames }];
  });
}
