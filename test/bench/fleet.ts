/** Thousands of hosts: what a plan, and an apply that finds nothing to do, take of time and memory. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import ssh2 from 'ssh2';
import { fingerprintOf } from '../../src/hosts/index.ts';
import { fleetCluster } from './fleet/cluster.ts';
import type { MachinesInput, MachinesSeen } from './fleet/machines.ts';
import { type Measurement, measure } from './measure.ts';
import { type BenchSession, sealerLine, seconds } from './session.ts';

const HOSTS = 3000;
const MEMORY_TARGET = 512;
/** What the whole of it may take, for a plan and an apply together. */
const TARGET_MS_PER_HOST = 80;

interface Result {
  readonly steps: readonly unknown[];
  readonly changed: boolean;
}

/** `SEALER_BENCH_HOSTS` sets another number of hosts. */
export async function benchFleet({ folder, rows }: BenchSession): Promise<void> {
  const count = Number(process.env.SEALER_BENCH_HOSTS ?? HOSTS);
  const root = join(folder, 'fleet');
  mkdirSync(root, { recursive: true });
  const { plan, clusterfile } = await fleetCluster(root, count);
  const host = ssh2.utils.generateKeyPairSync('ed25519');
  const user = ssh2.utils.generateKeyPairSync('ed25519');
  const key = join(root, 'key');
  writeFileSync(key, user.private, { mode: 0o600 });
  await using machines = await startMachines(root, { plan, hostKey: host.private });
  const reach = ['--port', String(machines.port), '--key', key, '--fingerprint', fingerprint(host.public)];
  const flags = ['-f', clusterfile, ...reach, '--log-dir', join(root, 'logs'), '--pull', 'never', '--json', '-q'];
  const runs: { readonly what: string; readonly measured: Measurement }[] = [];
  for (const [what, ...extra] of [['plan', '--dry-run'], ['apply']] as const) {
    const line = sealerLine(join(root, 'store'), ['apply', ...flags, ...extra]);
    const measured = await measure({ ...line, env: { ...line.env, HOME: root } });
    const { steps, changed } = JSON.parse(measured.stdout) as Result;
    if (steps.length > 0 || changed) throw new Error(`the ${what} is not empty: ${measured.stdout.slice(0, 2000)}`);
    runs.push({ what, measured });
  }
  const { connections, mostConnections, commands, unknown } = await machines.stop();
  if (unknown.length > 0) throw new Error(`commands that nobody foresaw: ${unknown.slice(0, 5).join('\n')}`);
  process.stderr.write(`bench: ${connections} connections, ${mostConnections} at once, ${commands} commands\n`);
  for (const { what, measured } of runs) {
    const perHost = (measured.wall * 1000) / count;
    rows.push({
      what: `${what} of ${count} hosts, nothing to do`,
      ours: seconds(measured),
      peer: '',
      ratio: `${perHost.toFixed(1)} ms a host, ${measured.peak.toFixed(0)} MiB`,
      target: `≤ ${TARGET_MS_PER_HOST} ms a host, ≤ ${MEMORY_TARGET} MiB`,
      met: perHost <= TARGET_MS_PER_HOST && measured.peak <= MEMORY_TARGET,
    });
  }
}

interface Machines extends AsyncDisposable {
  readonly port: number;
  /** Ends them, and tells what they saw. */
  stop(): Promise<MachinesSeen>;
}

async function startMachines(folder: string, input: MachinesInput): Promise<Machines> {
  const file = join(folder, 'machines.json');
  writeFileSync(file, JSON.stringify(input));
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fleet', 'machines.ts'), file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const port = Number((await lines.next()).value);
  if (!(port > 0)) throw new Error('the simulated hosts do not come up');
  return {
    port,
    stop: async () => {
      child.stdin.end();
      return JSON.parse((await lines.next()).value ?? '{}') as MachinesSeen;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** @param key as OpenSSH writes it: `ssh-ed25519 AAAA…` */
function fingerprint(key: string): string {
  return fingerprintOf(Buffer.from(key.split(' ')[1] ?? '', 'base64'));
}
