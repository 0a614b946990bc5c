/** Machines for tests: containers with systemd, sshd, a disk and an address of their own, and no way to anywhere else. */

import { readFile, writeFile } from 'node:fs/promises';
import type { LabEngine } from '../engine.ts';
import { hostContainer, type LabHost } from './host.ts';
import { labHostImage } from './host-image.ts';
import { type LabKeys, makeKeys, writeKnownHosts } from './keys.ts';
import { type LabNetwork, makeNetwork } from './network.ts';
import { labStandIns } from './stand-ins.ts';

/** Passwords of the hosts' users: `root`; `admin`, whose sudo asks for it; `ops`, whose sudo does not. */
export const LAB_PASSWORDS = { root: 'lab-root', admin: 'lab-admin', ops: 'lab-ops' } as const;

export interface LabHostsOptions {
  readonly count: number;
  /**
   * `direct`: this machine reaches the hosts (default). `jump`: it reaches only a jump host, which is no member of `hosts`
   * and the one way to them.
   */
  readonly reached?: 'direct' | 'jump';
  /** Mount Kubernetes' programs at /opt/lab/kubernetes and a container runtime's at /opt/lab/containerd, read-only. */
  readonly standIns?: boolean;
  /** Start of the hosts' names. Default: `host`; they are `host-1`, `host-2`, …, unlike in every other lab by number. */
  readonly prefix?: string;
  /** A name under which the hosts outlive their session and whoever clears away: `npm run lab`. */
  readonly keep?: string;
  /** An existing folder for the keys. Default: a temporary one, gone with the hosts. */
  readonly folder?: string;
}

/** Running hosts. Disposing removes them with their disks, networks and keys. */
export interface LabHosts extends AsyncDisposable {
  readonly hosts: readonly LabHost[];
  readonly network: LabNetwork;
  /** Only with `reached: 'jump'`. It has the same users and keys; `jump.address` is where this machine finds it. */
  readonly jump?: LabHost;
  /** Files for ssh: private keys and the known hosts. Every user of every host takes both keys. */
  readonly keys: LabKeys;
}

/** Starts hosts, all at once, and waits until each of them is up and answers on port 22. */
export async function labHosts(engine: LabEngine, options: LabHostsOptions): Promise<LabHosts> {
  await using undo = new AsyncDisposableStack();
  await letManyWatch();
  const image = await labHostImage();
  const mounts = options.standIns === true ? await labStandIns() : [];
  const keys = await makeKeys(options.folder);
  if (options.folder === undefined) undo.defer(() => keys.remove());
  const isHidden = options.reached === 'jump';
  const network = await makeNetwork(engine, { reachable: !isHidden, keep: options.keep });
  undo.defer(() => network.remove());
  const outer = isHidden ? await makeNetwork(engine, { reachable: true, keep: options.keep }) : undefined;
  if (outer !== undefined) undo.defer(() => outer.remove());

  const prefix = options.prefix ?? 'host';
  const plan = Array.from({ length: options.count }, (_, i) => ({
    name: `${prefix}-${i + 1}`,
    networks: [network] as readonly [LabNetwork, ...LabNetwork[]],
    number: 10 + i,
  }));
  const start = (each: (typeof plan)[number]) =>
    hostContainer(engine, { ...each, image, keys, mounts, keep: options.keep });
  const wanted = [
    ...plan.map(start),
    ...(outer === undefined ? [] : [start({ name: `${prefix}-jump`, networks: [outer, network], number: 9 })]),
  ];
  const settled = await Promise.allSettled(wanted);
  for (const each of settled) if (each.status === 'fulfilled') undo.defer(() => each.value.remove());
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  const all = await Promise.all(wanted);
  await writeKnownHosts(keys, all);

  const jump = outer === undefined ? undefined : all.at(-1);
  const life = undo.move();
  return {
    hosts: all.slice(0, options.count),
    network,
    keys,
    ...(jump === undefined ? {} : { jump }),
    [Symbol.asyncDispose]: () => life.disposeAsync(),
  };
}

/** Each host's systemd watches files; what a user may watch is counted for all of them together, and is 128 by default. */
async function letManyWatch(): Promise<void> {
  const file = '/proc/sys/fs/inotify/max_user_instances';
  if (Number(await readFile(file, 'utf8')) >= 1024) return;
  // Where it cannot be raised, a few hosts do with what there is.
  await writeFile(file, '8192').catch(() => {});
}
