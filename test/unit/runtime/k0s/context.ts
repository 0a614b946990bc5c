/** What a driver gets for hosts in memory. */

import type { Clusterfile } from '../../../../src/clusterfile/desired.ts';
import { parseClusterfile } from '../../../../src/clusterfile/index.ts';
import { silent } from '../../../../src/progress.ts';
import type { RuntimeContext, RuntimeImage } from '../../../../src/runtime/runtime.ts';
import { type FakeHost, HOME, type World } from './world.ts';

export function image(version: string): RuntimeImage {
  return {
    name: `shop:${version}`,
    digest: `sha256:${'a'.repeat(64)}`,
    kubeVersion: version,
    rootfs: `${HOME}/rootfs/${version}`,
    images: [],
    env: {},
  };
}

/** A context whose first hosts are the masters. */
export function contextOf(world: World, masters: number, version = 'v1.33.4+k0s.0', more: object = {}): RuntimeContext {
  for (const host of world.hosts)
    for (const each of [version, 'v1.33.5+k0s.0', 'v1.34.1+k0s.0'])
      host.files.set(`${HOME}/rootfs/${each}/bin/k0s`, 'x');
  return {
    cluster: clusterfileOf(world, masters),
    masters: world.hosts.slice(0, masters),
    nodes: world.hosts.slice(masters),
    image: image(version),
    registry: {
      endpoints: [{ scheme: 'https', authority: '10.0.0.2:5000' }],
      caFile: `${HOME}/pki/registry-ca.crt`,
      mirrored: ['docker.io'],
    },
    home: HOME,
    report: silent,
    signal: new AbortController().signal,
    now: Date.now,
    ...more,
  };
}

function clusterfileOf(world: World, masters: number): Clusterfile {
  const ips = (hosts: readonly FakeHost[]) => hosts.map(({ address }) => address).join(', ');
  const nodes = world.hosts.slice(masters);
  const text = [
    'apiVersion: sealer.io/v2',
    'kind: Cluster',
    'metadata: { name: shop }',
    'spec:',
    '  image: shop:v1',
    '  hosts:',
    `    - { ips: [${ips(world.hosts.slice(0, masters))}], roles: [master] }`,
    ...(nodes.length === 0 ? [] : [`    - { ips: [${ips(nodes)}], roles: [node] }`]),
  ].join('\n');
  const { clusterfile, problems } = parseClusterfile(text, 'Clusterfile', { env: {} });
  if (clusterfile === undefined) throw new Error(JSON.stringify(problems));
  return clusterfile;
}
