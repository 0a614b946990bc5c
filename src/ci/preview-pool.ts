/** The pool that the inputs name: its hosts over SSH, and how a cluster is deleted from them. */

import { readFile } from 'node:fs/promises';
import { cleanHost, deleteCluster, Fleet, openKnownCluster } from '../cluster/index.ts';
import { clusterfileFromFlags, DEFAULT_DATA_ROOT, type HostSpec } from '../clusterfile/index.ts';
import { isSystemError, SealerError } from '../error.ts';
import { type PoolHost, parsePool } from '../host-pool/index.ts';
import type { Host } from '../hosts/host.ts';
import type { HostRun } from './host-run.ts';
import type { RunInputs } from './inputs/index.ts';
import type { PreviewPool } from './preview/index.ts';

export interface OpenPool extends AsyncDisposable {
  readonly pool: PreviewPool;
  /** Hosts in the words of the inputs masters and nodes: `user@address:port`. */
  nameOf(host: Host): string;
}

/** How many hosts of a pool a preview has in each role. */
export interface PoolCounts {
  readonly masters: number;
  readonly nodes: number;
}

/**
 * Reads how many hosts are wanted: the inputs masters and nodes, as with provider container.
 * @throws SealerError USAGE
 */
export function poolCounts({ masters = '1', nodes = '0' }: Pick<RunInputs, 'masters' | 'nodes'>): PoolCounts {
  for (const [name, text] of Object.entries({ masters, nodes })) {
    if (/^\d{1,3}$/.test(text)) continue;
    throw new SealerError('USAGE', `The input ${name} is "${text}", and with a pool it is how many`, {
      hint: 'Leave it out, or write a number; which hosts there are is said by the pool.',
    });
  }
  if (masters === '0') throw new SealerError('USAGE', 'A preview needs a master', { hint: 'Write masters: 1.' });
  return { masters: Number(masters), nodes: Number(nodes) };
}

/**
 * Opens the pool; hosts are connected to when something is asked of them.
 * @param file of the pool
 * @throws SealerError POOL_INVALID, USAGE
 */
export async function openPool(file: string, inputs: RunInputs, run: HostRun): Promise<OpenPool> {
  const { world, login } = run;
  const hosts = parsePool(await readPool(file), file).filter(({ labels }) => fits(labels, inputs.preview.poolLabels));
  const { masters, nodes } = poolCounts(inputs);
  const dataRoot = inputs.dataRoot ?? DEFAULT_DATA_ROOT;
  const names = new Map(hosts.map((host) => [host.address, nameOf(host)]));
  const list = [...names.values()].join(',');
  const specs = list === '' ? [] : clusterfileFromFlags({ ...login, masters: list }).cluster.hosts;
  const fleet = new Fleet({ open: world.open, limit: inputs.parallel });
  const specOf = (host: Host): readonly HostSpec[] => specs.filter(({ address }) => address === host.address);
  return {
    pool: {
      hosts: specs.map((spec) => fleet.add(spec)),
      ...{ dataRoot, count: masters + nodes, waitMs: inputs.lockTimeoutMs },
      deleteCluster: async (name, where) => {
        const ssh = withoutPlace(specs[0]?.ssh);
        const target = { hosts: where.flatMap(specOf), name, dataRoot, ssh };
        try {
          await using there = await openKnownCluster(target, world);
          const lock = { waitMs: inputs.lockTimeoutMs, force: false };
          await deleteCluster(there, { dryRun: false, lock, confirm: async () => {} }, world);
        } catch (error) {
          if (!(error instanceof SealerError) || error.code !== 'CLUSTER_NOT_FOUND') throw error;
        }
        // What a broken run brought to hosts before they were members of anything.
        for (const host of where) await cleanLeftovers(host, `${dataRoot}/${name}`, world.signal);
      },
    },
    nameOf: ({ address }) => names.get(address) ?? address,
    [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose](),
  };
}

async function cleanLeftovers(host: Host, home: string, signal: AbortSignal): Promise<void> {
  const { code } = await host.exec({ argv: ['test', '-d', home], allowFailure: true, signal });
  if (code === 0) await cleanHost(host, home, signal);
}

/** User and port are each host's own; the cluster remembers them. */
function withoutPlace(ssh: HostSpec['ssh'] | undefined): Partial<HostSpec['ssh']> {
  if (ssh === undefined) return {};
  const { user: _user, port: _port, ...secrets } = ssh;
  return secrets;
}

function nameOf({ address, user, port }: PoolHost): string {
  const place = port === undefined ? address : `${address.includes(':') ? `[${address}]` : address}:${port}`;
  return user === undefined ? place : `${user}@${place}`;
}

function fits(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

async function readPool(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (!isSystemError(error, 'ENOENT', 'EISDIR', 'EACCES', 'ENOTDIR')) throw error;
    throw new SealerError('POOL_INVALID', `The pool ${file} cannot be read`, {
      hint: 'The input pool is a file of the workspace: check it out before.',
      cause: error,
    });
  }
}
