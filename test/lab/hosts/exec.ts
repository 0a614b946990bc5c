/** Commands in a container of the lab, by the engine. */

import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface ExecOptions {
  /** Standard input. */
  readonly input?: string | Uint8Array;
  readonly allowFailure?: boolean;
}

export interface HostOutput {
  /** -1 if a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const PODMAN = join(import.meta.dirname, '..', 'engine', 'podman');

/** Runs a command in a running container, as root. */
export async function execInContainer(
  container: string,
  argv: readonly [string, ...string[]],
  options: ExecOptions = {},
): Promise<HostOutput> {
  const interactive = options.input === undefined ? [] : ['--interactive'];
  const child = spawn(PODMAN, ['exec', ...interactive, container, ...argv], { stdio: 'pipe' });
  const said = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  child.stdout.on('data', (chunk: Buffer) => said.stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.stderr.push(chunk));
  // A command may end without having read everything.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (ended) => resolve(ended ?? -1));
  });
  const stdout = Buffer.concat(said.stdout).toString();
  const stderr = Buffer.concat(said.stderr).toString();
  if (code !== 0 && options.allowFailure !== true) {
    throw new Error(`${argv.join(' ')} ended with ${code}:\n${stderr}${stdout}`);
  }
  return { code, stdout, stderr };
}
