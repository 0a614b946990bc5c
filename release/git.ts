/** git, by arguments; what it is given of secrets goes by environment. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface GitOptions {
  readonly folder: string;
  /** Variables beside those that git needs to run at all. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs git and gives what it printed, without the last newline.
 * @throws Error with what it said
 */
export async function git({ folder, env = {} }: GitOptions, ...args: readonly string[]): Promise<string> {
  try {
    const { PATH, HOME } = process.env;
    const { stdout } = await promisify(execFile)('git', args, {
      cwd: folder,
      env: { PATH, HOME, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C', ...env },
      maxBuffer: 64 << 20,
    });
    return stdout.replace(/\n$/, '');
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new Error(`git ${args[0]} failed: ${stderr.trim()}`, { cause: error });
  }
}

/**
 * The login at GitHub for a push: as the header that actions/checkout would have left in the configuration for everybody.
 * @param server `https://github.com`
 */
export function loginOf(server: string, token: string): Readonly<Record<string, string>> {
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${server}/.extraheader`,
    GIT_CONFIG_VALUE_0: `AUTHORIZATION: basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`,
  };
}
