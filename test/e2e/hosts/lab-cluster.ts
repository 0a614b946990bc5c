/** A lab of hosts with our command line pointed at it, as users run it. */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CliResult, type RunningCli, startSealer } from '../../lab/cli.ts';
import { labEngine } from '../../lab/engine.ts';
import {
  compareSnapshots,
  type LabHost,
  type LabHosts,
  type LabHostsOptions,
  labHosts,
  type Snapshot,
  snapshotHost,
} from '../../lab/hosts/index.ts';

export interface LabCluster extends AsyncDisposable {
  readonly lab: LabHosts;
  /** Addresses, in order. */
  readonly addresses: readonly string[];
  /** Where the store, the keys and the logs of the command line are. */
  readonly home: string;
  /** Runs `sealer COMMAND …` with the key and the known hosts of the lab. */
  sealer(command: string, ...args: readonly string[]): Promise<CliResult>;
  /** The same, expected to succeed; gives what was printed as JSON. */
  json<T>(command: string, ...args: readonly string[]): Promise<T>;
  /** The same, which goes on while the test does other things. */
  start(command: string, ...args: readonly string[]): RunningCli;
  host(i: number): LabHost;
}

/** How the command line gets in. */
export interface Access {
  readonly flags: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts hosts and makes a home with a store in it.
 * @param fillStore makes the store at a path where nothing is
 * @param access default: as root, with the key and the known hosts of the lab
 */
export async function labCluster(
  options: LabHostsOptions,
  fillStore: (path: string) => Promise<void>,
  access: (lab: LabHosts) => Access = byKey,
): Promise<LabCluster> {
  await using stack = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), 'sealer-e2e-hosts-'));
  stack.defer(() => rm(home, { recursive: true, force: true }));
  const engine = stack.use(await labEngine());
  assert.ok(engine.skip === false, String(engine.skip));
  await fillStore(join(home, 'store'));
  const lab = stack.use(await labHosts(engine, options));
  const { flags, env } = access(lab);
  const start = (command: string, ...args: readonly string[]) =>
    startSealer([command, ...flags, ...args], { home, env: { SEALER_HOME: join(home, 'store'), ...env } });
  const run = (command: string, ...args: readonly string[]) => start(command, ...args).ended;
  const kept = stack.move();
  return {
    lab,
    home,
    addresses: lab.hosts.map(({ address }) => address),
    sealer: run,
    start,
    json: async <T>(command: string, ...args: readonly string[]) => {
      const result = await run(command, ...args, '--json');
      assert.equal(result.code, 0, `sealer ${command} ${args.join(' ')}:\n${result.stderr.slice(-6000)}`);
      return JSON.parse(result.stdout) as T;
    },
    host: (i) => {
      const host = lab.hosts[i];
      assert.ok(host);
      return host;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function byKey({ keys }: LabHosts): Access {
  return { flags: ['--key', keys.privateKey, '--known-hosts', keys.knownHosts] };
}

/** What is on hosts now, for `unchanged`. */
export async function remember(hosts: readonly LabHost[]): Promise<readonly Snapshot[]> {
  return await Promise.all(hosts.map(snapshotHost));
}

/** Fails unless hosts are as they were. */
export async function unchanged(hosts: readonly LabHost[], before: readonly Snapshot[]): Promise<void> {
  const after = await remember(hosts);
  for (const [i, snapshot] of after.entries()) {
    const was = before[i];
    assert.ok(was);
    assert.deepEqual(compareSnapshots(was, snapshot), [], `${hosts[i]?.name} is as it was`);
  }
}
