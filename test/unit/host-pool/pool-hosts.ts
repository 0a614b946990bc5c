/** Hosts of a pool that are folders of this machine: what they are told to run, they run. */

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SealerError } from '../../../src/error.ts';
import type { Command, Host, Output } from '../../../src/hosts/host.ts';

export interface PoolFolder extends Host {
  /** Whether the host answers. */
  isUp: boolean;
  /** Clusters that are on it. */
  readonly clusters: Set<string>;
  /** Its data root. */
  readonly dataRoot: string;
  /** Called before each change of a lease; to be killed there, throw. */
  onSwap: (() => void | Promise<void>) | undefined;
}

/** A data root for all: each host maps it to its own folder. */
export const DATA_ROOT = '/var/lib/sealer';

/** Makes a host. @param folder an empty folder of its own is made below it */
export function poolFolder(folder: string, address: string): PoolFolder {
  const dataRoot = join(folder, address);
  mkdirSync(dataRoot, { recursive: true });
  const at = (path: string) => (path.startsWith(DATA_ROOT) ? dataRoot + path.slice(DATA_ROOT.length) : path);
  const never = () => Promise.reject(new Error('a host of the pool is not asked for this'));
  const host: PoolFolder = {
    ...{ address, label: address, isUp: true, clusters: new Set(), dataRoot, onSwap: undefined },
    async exec(command: Command): Promise<Output> {
      await answer(host);
      if (command.argv.includes('sealer-lease')) await host.onSwap?.();
      return await run(command.argv.map(at));
    },
    async readText(path) {
      await answer(host);
      try {
        return readFileSync(at(path), 'utf8');
      } catch {
        return undefined;
      }
    },
    ...{ read: never, write: never, upload: never, facts: never, forward: never },
    async [Symbol.asyncDispose]() {},
  };
  return host;
}

async function answer({ isUp, label }: PoolFolder): Promise<void> {
  if (!isUp) throw new SealerError('HOST_UNREACHABLE', `${label} does not answer`);
}

async function run([program = '', ...args]: readonly string[]): Promise<Output> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code: code ?? undefined, ...texts };
}
