/** A cluster that is as its Clusterfile wants it, on paper: what each of its hosts would have, had it been made there. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createOverlay } from '../../../src/cluster/apply/overlay.ts';
import { loadRunnableImage } from '../../../src/cluster/image/runnable-image.ts';
import { environmentOf } from '../../../src/cluster/operations/host-settings.ts';
import { desire, registryHostsOf, rolesOf } from '../../../src/cluster/plan/desire.ts';
import { accessFor } from '../../../src/cluster/registry/index.ts';
import { type HostRecord, RECORD_FILE } from '../../../src/cluster/state/host-record.ts';
import { type SavedState, STATE_FILE } from '../../../src/cluster/state/saved-state.ts';
import { parseClusterfile, writeClusterfile } from '../../../src/clusterfile/index.ts';
import { formatReference, parseReference } from '../../../src/oci/reference.ts';
import { Store } from '../../../src/oci/store/index.ts';
import { writeFiles } from '../../lab/scratch.ts';
import { measure } from '../measure.ts';
import { sealerLine } from '../session.ts';
import type { FleetPlan } from './machine.ts';

const NAME = 'fleet';
const IMAGE = 'fleet:v1';
const VERSION = 'v1.30.2+k0s.0';
const MASTERS = 3;
/** All of it is this machine's loopback. */
const NETWORK = '127.77';

export interface FleetCluster {
  readonly plan: FleetPlan;
  /** The Clusterfile's path. */
  readonly clusterfile: string;
}

/**
 * Builds a small image of k0s with a template in it, and works out what hosts have that run it.
 * @param folder takes the store (`store`) and the Clusterfile
 */
export async function fleetCluster(folder: string, count: number): Promise<FleetCluster> {
  const context = join(folder, 'image');
  const metadata = { version: VERSION, arch: 'amd64', kubeVersion: VERSION, clusterRuntime: 'k0s' };
  writeFiles(context, {
    Kubefile: 'FROM scratch\nCOPY Metadata Metadata\nCOPY etc etc/\n',
    Metadata: JSON.stringify(metadata),
    'etc/zone.conf.tmpl': 'zone={{ .ZONE }}\n',
  });
  const home = join(folder, 'store');
  await measure(sealerLine(home, ['build', '-q', '-t', IMAGE, context]));
  const clusterfile = join(folder, 'Clusterfile');
  const addresses = Array.from({ length: count }, (_, i) => addressOf(i));
  const text = clusterfileOf(addresses.slice(0, MASTERS), addresses.slice(MASTERS));
  writeFileSync(clusterfile, text);
  return { clusterfile, plan: await planOf(home, text) };
}

async function planOf(root: string, text: string): Promise<FleetPlan> {
  const { clusterfile, problems } = parseClusterfile(text, 'Clusterfile', { env: {} });
  if (clusterfile === undefined) throw new Error(JSON.stringify(problems));
  await using store = await Store.open(root);
  const descriptor = await store.resolve(formatReference(parseReference(IMAGE)));
  if (descriptor === undefined) throw new Error(`${IMAGE} is not in the store`);
  const image = await loadRunnableImage(store, IMAGE, descriptor, 'amd64');
  const { cluster } = clusterfile;
  const home = `${cluster.dataRoot}/${cluster.name}`;
  const { masters, nodes } = rolesOf(clusterfile, undefined);
  const registryHosts = registryHostsOf(clusterfile, masters, undefined);
  const hostEnv = environmentOf(clusterfile, image.extension.env, image.runtime);
  const overlay = await createOverlay(store, { image, clusterfile, hostEnv });
  const desired = desire({
    ...{ clusterfile, image, registryHosts, hostEnv, plugins: [], waits: true, isRollback: false },
    saved: undefined,
    registry: accessFor(cluster.registry, { registryHosts, home, images: image.images }),
    env: hostEnv(masters[0] ?? ''),
    overlayDigest: (address) => overlay.digestFor(address),
  });
  const state: SavedState = {
    version: 1,
    serial: 7,
    name: cluster.name,
    runtime: 'k0s',
    image: { name: IMAGE, digest: image.digest, kubeVersion: VERSION },
    clusterfile: writeClusterfile(clusterfile),
    ...{ masters, nodes, registryHosts },
    launched: Object.fromEntries(desired.launches.map(({ name, digest }) => [name, digest])),
    apps: {},
    appImages: [],
    sans: desired.sans,
    nodeSettings: {},
  };
  const files = [...masters, ...nodes].map((address): [string, Record<string, string>] => {
    const { overlay: configured, names, prepared, mirrors, registry } = desired.hosts.get(address) ?? {};
    const record: HostRecord = {
      ...{ rootfs: image.digest, overlay: configured, names, prepared, mirrors, registry },
      ...(registryHosts.includes(address) ? { images: image.digest } : {}),
    };
    const own = { [`${home}/${RECORD_FILE}`]: `${JSON.stringify(record)}\n` };
    const masterFiles = {
      [`${home}/${STATE_FILE}`]: JSON.stringify(state, undefined, 2),
      [`${home}/k0s/admin.conf`]: KUBECONFIG,
    };
    return [address, masters.includes(address) ? { ...own, ...masterFiles } : own];
  });
  return { masters, nodes, version: VERSION, home, files: Object.fromEntries(files) };
}

const KUBECONFIG = `apiVersion: v1
kind: Config
clusters: [{ name: fleet, cluster: { server: "https://localhost:6443" } }]
`;

function addressOf(i: number): string {
  return `${NETWORK}.${Math.floor(i / 250)}.${(i % 250) + 1}`;
}

function clusterfileOf(masters: readonly string[], nodes: readonly string[]): string {
  return `apiVersion: sealer.io/v2
kind: Cluster
metadata: { name: ${NAME} }
spec:
  image: ${IMAGE}
  env: [ZONE=a]
  ssh: { user: root }
  hosts:
    - ips: [${masters.join(', ')}]
      roles: [master]
    - ips: [${nodes.join(', ')}]
      roles: [node]
`;
}
