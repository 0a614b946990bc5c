/** Where the independent readers are, and why a test skips when one is absent. */

import { execFile, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const CACHE_BIN = join(homedir(), '.cache', 'sealer-lab', 'go', 'bin');

/** The path of a tool: `SEALER_TEST_<NAME>`, else PATH, else where `test/lab/install-peers` builds Go tools. */
export function findTool(name: string): string | undefined {
  const named = process.env[`SEALER_TEST_${name.toUpperCase().replaceAll('-', '_')}`];
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', CACHE_BIN];
  return [...(named === undefined ? [] : [named]), ...folders.map((folder) => join(folder, name))].find(isExecutable);
}

/** What to give as a test's `skip`: false when all tools are there, else the reason. */
export function needs(...names: string[]): string | false {
  const absent = names.filter((name) => findTool(name) === undefined);
  return absent.length === 0 ? false : `absent: ${absent.join(', ')} (test/lab/install-peers installs it)`;
}

/** Runs a tool to its end and gives its standard output. Fails with what it said on standard error. */
export async function runTool(
  name: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const path = findTool(name);
  if (path === undefined) throw new Error(`${name} is not installed`);
  try {
    const { stdout } = await promisify(execFile)(path, args, { maxBuffer: 64 << 20, ...options });
    return stdout;
  } catch (error) {
    const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string };
    throw new Error(`${name} ${args.join(' ')} failed:\n${stderr}${stdout}`, { cause: error });
  }
}

/** Whether a command line can be run at all; for tests that need a privilege rather than a tool. */
export function works(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
