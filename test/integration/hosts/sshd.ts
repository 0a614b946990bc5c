/** OpenSSH's server on loopback, with keys and settings of its own: what hosts over SSH are tested against. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { SshSpec } from '../../../src/clusterfile/desired.ts';
import { freePort } from '../../lab/free-port.ts';
import { findTool } from '../../lab/tools.ts';

const run = promisify(execFile);

export interface TestSshd extends AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  /** A key that opens root's account, without a passphrase. */
  readonly key: string;
  /** Its known_hosts, with all keys of the server. */
  readonly knownHosts: string;
  /** The public parts of the server's keys, by type. */
  readonly hostKeys: Readonly<Record<'ed25519' | 'rsa', string>>;
  /** What logs in by the key. */
  readonly ssh: SshSpec;
  /** Makes another key that opens the account. */
  addKey(name: string, ...args: readonly string[]): Promise<string>;
}

/** Why there can be none here, or false. */
export const noSshd: string | false =
  process.getuid?.() !== 0
    ? 'a server for root needs root'
    : (['sshd', 'ssh-keygen'].find((tool) => findTool(tool) === undefined)?.concat(' is absent') ?? false);

/** Starts a server. @param settings more lines of sshd_config */
export async function startSshd(...settings: readonly string[]): Promise<TestSshd> {
  const folder = await mkdtemp(join(tmpdir(), 'sealer-sshd-'));
  // Where it locks its unprivileged half in; the package's unit makes it at boot.
  await mkdir('/run/sshd', { recursive: true });
  const authorized = join(folder, 'authorized_keys');
  const keygen = async (name: string, ...args: readonly string[]): Promise<string> => {
    const file = join(folder, name);
    await run('ssh-keygen', ['-q', '-N', '', '-C', name, '-f', file, ...args]);
    return file;
  };
  const addKey = async (name: string, ...args: readonly string[]): Promise<string> => {
    const file = await keygen(name, ...args);
    await writeFile(authorized, await readFile(`${file}.pub`), { flag: 'a' });
    return file;
  };
  const [ed25519, rsa, key] = await Promise.all([
    keygen('host_ed25519', '-t', 'ed25519'),
    keygen('host_rsa', '-t', 'rsa', '-b', '2048'),
    addKey('id', '-t', 'ed25519'),
  ]);
  const publicKey = async (file: string): Promise<string> => {
    const [type, base64] = (await readFile(`${file}.pub`, 'utf8')).split(' ');
    return `${type} ${base64}`;
  };
  const hostKeys = { ed25519: await publicKey(ed25519), rsa: await publicKey(rsa) };
  const port = await freePort();
  const config = join(folder, 'sshd_config');
  const lines = [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${ed25519}`,
    `HostKey ${rsa}`,
    `AuthorizedKeysFile ${authorized}`,
    'PidFile none',
    'StrictModes no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'MaxStartups 100',
    // bash reads root's .bashrc for commands over SSH unless it thinks that it runs in another shell.
    'SetEnv SHLVL=5',
    ...settings,
  ];
  await writeFile(config, lines.map((line) => `${line}\n`).join(''));
  const knownHosts = join(folder, 'known_hosts');
  await writeFile(
    knownHosts,
    Object.values(hostKeys)
      .map((line) => `[127.0.0.1]:${port} ${line}\n`)
      .join(''),
  );
  const server = spawn(findTool('sshd') ?? 'sshd', ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  await untilListening(server.stderr);
  return {
    folder,
    port,
    key,
    knownHosts,
    hostKeys,
    ssh: { user: 'root', port, privateKey: key },
    addKey,
    [Symbol.asyncDispose]: async () => {
      server.kill('SIGTERM');
      if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilListening(stderr: NodeJS.ReadableStream): Promise<void> {
  const said: string[] = [];
  const lines = createInterface(stderr);
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      said.push(line);
      if (line.startsWith('Server listening')) resolve();
    });
    lines.once('close', () => reject(new Error(`sshd does not start:\n${said.join('\n')}`)));
  });
}
