/** A Cluster of v1 (types/api/v1/cluster_types.go of the Go sealer) as one of v2. */

import type { Place } from '../../error.ts';
import { below, type Checked, textBelow, textsBelow } from '../reading/checked.ts';
import type { Findings } from '../reading/findings.ts';

/** Keys that only a Cluster of v1 has. */
export const V1_KEYS: readonly string[] = ['masters', 'nodes', 'provider', 'network', 'certSANS'];

/**
 * Rewrites a checked document: `masters.ipList` and `nodes.ipList` become hosts, networks and names become variables.
 * Hosts of a cloud have to be made first, which is a mistake here.
 */
export function convertV1(document: Checked, findings: Findings): Checked {
  const spec = below(document, 'spec');
  const at = spec?.at ?? document.at;
  const provider = below(spec, 'provider');
  if (provider?.text !== undefined && provider.text !== 'BAREMETAL') {
    findings.add(
      provider.at,
      `The provider ${provider.text} is not supported in a Clusterfile`,
      'Name your own hosts.',
    );
  } else {
    const hint = 'Write sealer.cloud/v2 with spec.hosts: sealer gen shows how.';
    findings.warn(document.at, 'This is a Cluster of v1; it is read as one of v2', hint);
  }
  const hosts = ['master', 'node'].flatMap((role) => {
    const ips = below(spec, `${role}s`, 'ipList');
    return ips === undefined || ips.items?.length === 0 ? [] : [entry(ips.at, role, ips)];
  });
  if (hosts.length === 0) findings.add(at, 'A Cluster of v1 names its hosts in masters.ipList and nodes.ipList');
  const entries = new Map(spec?.entries ?? []);
  for (const key of V1_KEYS) entries.delete(key);
  entries.set('hosts', { at, items: hosts });
  entries.set('env', { at, items: [...(below(spec, 'env')?.items ?? []), ...variables(spec, at)] });
  return { at: document.at, entries: new Map([...(document.entries ?? []), ['spec', { at, entries }]]) };
}

function entry(at: Place, role: string, ips: Checked): Checked {
  return {
    at,
    entries: new Map<string, Checked>([
      ['ips', ips],
      ['roles', { at, items: [{ at, text: role }] }],
    ]),
  };
}

function variables(spec: Checked | undefined, at: Place): readonly Checked[] {
  const values = [
    ['PodCIDR', textBelow(spec, 'network', 'podCIDR')],
    ['SvcCIDR', textBelow(spec, 'network', 'svcCIDR')],
    ['CertSANs', textsBelow(spec, 'certSANS')?.join(',')],
  ];
  return values.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [{ at, text: `${name}=${value}` }],
  );
}
