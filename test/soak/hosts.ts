/**
 * Runs on hosts that are ended at random moments (kill -9, Ctrl-C), and hosts that lose power or their cable meanwhile: a
 * rerun finishes each time. Five minutes or more for each ten moments; CI has two of them in test/e2e/hosts.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import {
  begins,
  drawInterruption,
  finish,
  type Interruption,
  interruptedRun,
  randomBy,
} from '../e2e/hosts/interruptions.ts';
import { type LabCluster, labCluster } from '../e2e/hosts/lab-cluster.ts';
import { copyOfBaseImages, cut, heal, LAB_IMAGES, type LabHost, needsBaseImages } from '../lab/hosts/index.ts';

export interface HostsSoak {
  /** Moments at which a run is ended. */
  readonly kills: number;
  /** Times that a host loses power or its cable. */
  readonly faults: number;
  readonly seed: number;
}

/** Does it, and says what it did. Skips without the lab. */
export async function soakHosts({ kills, faults, seed }: HostsSoak): Promise<void> {
  const absent = needsBaseImages();
  if (absent !== false) {
    process.stdout.write(`soak of hosts: skipped, ${absent}\n`);
    return;
  }
  await using on = await labCluster({ count: 2, prefix: 'soak' }, copyOfBaseImages);
  const [master = '', node = ''] = on.addresses;
  const args = [LAB_IMAGES['v1.20.2'].shop, '--masters', master, '--nodes', node];
  const random = randomBy(seed);
  process.stdout.write(`soak of hosts: seed ${seed}, ${kills} runs ended, ${faults} faults of hosts\n`);
  let ended = 0;
  for (let round = 1; ended < kills; round++) {
    const moment = await drawInterruption(on, args, random, ['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGINT']);
    const step = moment === undefined ? undefined : await interruptedRun(on, args, moment);
    process.stdout.write(`  ${round}: ${JSON.stringify(moment)}: ${step ?? 'got through'}\n`);
    if (step !== undefined) ended++;
    // Half of them are ended again on the way, half get to the end.
    if (step !== undefined && random() < 0.5) continue;
    await finish(on, args);
    await forget(on, master);
  }
  for (let fault = 1; fault <= faults; fault++) {
    const moment = await drawInterruption(on, args, random);
    if (moment === undefined) continue;
    const host = on.host(random() < 0.7 ? 0 : 1);
    const kind = random() < 0.5 ? 'power' : 'cable';
    const code = await faultyRun(on, args, moment, () => hit(host, kind));
    process.stdout.write(`  ${kind} of ${host.name}, ${JSON.stringify(moment)}: exit code ${code}, then a rerun\n`);
    await finish(on, args);
    await forget(on, master);
  }
  process.stdout.write(`soak of hosts: ${ended} runs ended and ${faults} faults, 0 failed\n`);
}

async function forget(on: LabCluster, master: string): Promise<void> {
  await on.json<unknown>('delete', '--cluster-host', master, '--all', '--yes');
}

/** A run while something happens to a host; gives the exit code, which is that of a fault outside if it is one. */
async function faultyRun(
  on: LabCluster,
  args: readonly string[],
  { step, delay }: Pick<Interruption, 'step' | 'delay'>,
  fault: () => Promise<void>,
): Promise<number> {
  await using run = on.start('run', ...args);
  if (await begins(run, step)) {
    await sleep(delay);
    await fault();
  }
  const { code, stderr } = await run.ended;
  if (code !== 0 && code !== 3) throw new Error(`a fault of a host ended a run with ${code}:\n${stderr}`);
  return code;
}

async function hit(host: LabHost, kind: 'power' | 'cable'): Promise<void> {
  if (kind === 'power') {
    await host.kill();
    await host.start();
    return;
  }
  await cut(host);
  await sleep(8000);
  await heal(host);
}
