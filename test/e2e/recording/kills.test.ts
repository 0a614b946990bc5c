/**
 * A build that is killed while its temporary cluster starts, runs or stops leaves no container, network, volume or
 * process behind, and the same build succeeds afterwards. `SEALER_TEST_KILLS=N` adds N rounds of all moments and ends.
 */

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundle } from '../../../bundle.ts';
import { type RunningCli, sealer, startSealer } from '../../lab/cli.ts';
import { startDockerRegistry } from '../../lab/docker-registry.ts';
import { type LabEngine, labEngine } from '../../lab/engine.ts';
import { labClusterImage, needsCluster } from '../../lab/kubernetes/cluster-image.ts';
import { OPERATOR_NEEDS, operatorApp } from '../../lab/operator/operator-app.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { needs } from '../../lab/tools.ts';
import { leftOf, untilContainer, untilNothingIsLeft } from '../temp-cluster/left.ts';
import { livingProcess, processTree, untilEnded, untilSignalsTaken } from './processes.ts';

const SKIP = needsCluster() || OPERATOR_NEEDS || needs('docker-registry');
const ROUNDS = Number(process.env.SEALER_TEST_KILLS ?? 0);

/** A removal by the watchdog: a node with all its pods, on a machine with other work. */
const REMOVAL_MS = 60_000;

interface Running {
  readonly cli: RunningCli;
  readonly pid: number;
}

/** When to end the build: comes back as soon as it is so far. */
type Moment = (running: Running) => Promise<unknown>;

/** How it ends: each signal is sent as soon as the one before it is taken. */
type End = readonly NodeJS.Signals[];

describe('a recording build that is killed', { skip: SKIP, timeout: 600_000 + ROUNDS * 1_200_000 }, () => {
  const resources = new AsyncDisposableStack();
  let engine: LabEngine;
  let folder: string;
  let home: string;
  let build: readonly string[];
  let env: Readonly<Record<string, string>>;

  before(async () => {
    const started = resources.use(await labEngine());
    assert.ok(started.skip === false, String(started.skip));
    engine = started;
    env = { ...engine.env, PATH: process.env.PATH ?? '' };
    const upstream = resources.use(await startDockerRegistry());
    const app = await operatorApp(upstream.address);
    folder = resources.use(await temporaryFolder('kills')).path;
    home = join(folder, 'home');
    writeFiles(folder, { 'app/Kubefile': app.kubefile });
    for (const [path, text] of Object.entries(app.manifests)) writeFiles(join(folder, 'app'), { [path]: text });
    const cluster = ['--cluster-image', await labClusterImage(engine), '--cluster-timeout', '4m'];
    build = ['build', '--record', '--progress', 'json', ...cluster, '--cluster-settle', '1s', '-t', 'lab:kills', 'app'];
  });
  after(() => resources.disposeAsync());

  const event = (type: string, id: string): RegExp => new RegExp(`"type":"${type}","id":"${id}"`);
  const says = (type: string, id: string): Moment => {
    return ({ cli }) => cli.says(event(type, id));
  };
  /** Its kubectl runs. */
  const launches = says('output', 'launch');
  /** The first of network and volumes is there, and the container is on its way. */
  const makes: Moment = async ({ pid }) => {
    while ((await leftOf(engine, pid)).length === 0) await sleep(20);
  };
  const boots: Moment = ({ pid }) => untilContainer(engine, pid);
  /** The build is done and the node's first process has ended; what is around it is still to be removed. */
  const stops: Moment = async ({ cli, pid }) => {
    await cli.says(event('start', 'workloads'));
    const id = await untilContainer(engine, pid);
    const node = await livingProcess(Number(await engine.podman('inspect', '--format', '{{.State.Pid}}', id)));
    assert.ok(node !== undefined);
    await cli.says(event('end', 'workloads'));
    await untilEnded([node], REMOVAL_MS);
  };

  async function killedAt(t: TestContext, moment: Moment, end: End, bundled: string | false = false): Promise<void> {
    let pid = -1;
    const onStart = (id: number) => {
      pid = id;
    };
    await using cli = startSealer(build, { home, cwd: folder, env, onStart, bundled });
    const early = cli.ended.then(({ stderr }) => assert.fail(`It has ended by itself:\n${stderr}`));
    early.catch(() => {});
    await Promise.race([moment({ cli, pid }), early]);
    // What stops would be gone before the engine has answered this.
    const volumes = moment === stops ? [] : await volumesOf(await leftOf(engine, pid));
    const processes = await processTree(pid);
    for (const signal of end) {
      cli.kill(signal);
      await untilSignalsTaken(pid);
    }
    const { code, signal, stderr } = await cli.ended;
    // With the image made, one signal comes too late to interrupt anything.
    const isTooLate = code === 0 && end.length === 1 && event('end', 'workloads').test(stderr);
    if (!isTooLate) assert.deepEqual([code, signal], exitAfter(end), stderr);
    const endedAt = Date.now();
    const atEnd = (await leftOf(engine, pid)).length;
    // One signal is the good way out: everything is removed before it ends.
    if (end.length === 1 && end[0] !== 'SIGKILL') assert.equal(atEnd, 0);
    await untilNothingIsLeft(engine, pid, REMOVAL_MS);
    const removedMs = Date.now() - endedAt;
    await untilEnded(processes, REMOVAL_MS);
    // The engine may have finished meanwhile what it was about to make when the build was killed.
    await untilNothingIsLeft(engine, pid, 0);
    t.diagnostic(`${atEnd} left at the end, none for the first time after ${removedMs} ms`);
    t.diagnostic(`${processes.length} processes, ended after ${Date.now() - endedAt} ms`);
    for (const volume of volumes) assert.ok(!(await volumeNames()).includes(volume), `volume ${volume} is left`);
  }

  function exitAfter([first, second]: End): [number, NodeJS.Signals | null] {
    if (first === 'SIGKILL') return [-1, 'SIGKILL'];
    return [second === undefined ? 1 : 128 + constants.signals[second], null];
  }

  /** Volumes without a label count too: those that the engine makes for what an image declares. */
  async function volumesOf(left: readonly string[]): Promise<readonly string[]> {
    const ids = left.filter((each) => each.startsWith('container ')).map((each) => each.slice('container '.length));
    if (ids.length === 0) return [];
    const format = '{{range .Mounts}}{{.Name}} {{end}}';
    const names = await engine.podman('inspect', '--format', format, ...ids).catch(() => '');
    return names.split(/\s+/).filter(Boolean);
  }

  async function volumeNames(): Promise<readonly string[]> {
    return (await engine.podman('volume', 'ls', '--format', '{{.Name}}')).split('\n').filter(Boolean);
  }

  async function succeeds(): Promise<void> {
    let pid = -1;
    const onStart = (id: number) => {
      pid = id;
    };
    const built = await sealer([...build, '--json'], { home, cwd: folder, env, onStart });
    assert.equal(built.code, 0, built.stderr);
    assert.match(built.stdout, /lab\/worker:1/, 'what only a recording finds is in it');
    assert.deepEqual(await leftOf(engine, pid), []);
    const pruned = await sealer(['prune'], { home });
    assert.equal(pruned.code, 0, pruned.stderr);
    assert.deepEqual(readdirSync(join(home, 'scratch')), [], 'kubeconfigs and rootfs of the killed');
  }

  test('by kill -9 while network, volumes and container are made', (t) => killedAt(t, makes, ['SIGKILL']));
  test('by SIGTERM while Kubernetes starts', (t) => killedAt(t, boots, ['SIGTERM']));
  test('by kill -9 during its launch', (t) => killedAt(t, launches, ['SIGKILL']));
  test('by Ctrl-C twice while it waits for workloads', (t) =>
    killedAt(t, says('start', 'workloads'), ['SIGINT', 'SIGINT']));
  test('by kill -9 while its cluster stops', (t) => killedAt(t, stops, ['SIGKILL']));
  test('by kill -9 while its cluster starts, from the bundle', async (t) => {
    const dist = join(folder, 'dist');
    await bundle(dist);
    await killedAt(t, boots, ['SIGKILL'], dist);
  });
  test('succeeds when it is run again', succeeds);

  const moments = { makes, boots, answers: says('start', 'cluster'), launches };
  const all = { ...moments, waits: says('start', 'workloads'), ends: says('end', 'workloads'), stops };
  const ends: readonly End[] = [['SIGKILL'], ['SIGINT'], ['SIGTERM'], ['SIGINT', 'SIGINT'], ['SIGINT', 'SIGTERM']];
  for (let round = 1; round <= ROUNDS; round++) {
    for (const [name, moment] of Object.entries(all)) {
      for (const end of ends) {
        test(`round ${round}: ${end.join(', ')} when it ${name}`, (t) => killedAt(t, moment, end));
      }
    }
    test(`round ${round}: succeeds when it is run again`, succeeds);
  }
});
