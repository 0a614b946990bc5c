/** Keys of the lab's hosts and of who logs in there, made for each set of hosts by ssh-keygen. */

import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTool } from '../tools.ts';

/** What hosts offer: the two kinds that every client knows. */
export const HOST_KEY_KINDS = ['ed25519', 'ecdsa'] as const;

export interface LabKeys {
  /** Holds all of it; each host's own keys in `hosts/<name>`. */
  readonly folder: string;
  /** A private key (OpenSSH, ed25519) without passphrase. */
  readonly privateKey: string;
  /** The same kind of key, encrypted. */
  readonly lockedKey: string;
  readonly passphrase: string;
  /** A key that no host takes. */
  readonly strangeKey: string;
  /** A known_hosts file with the keys of all hosts and of the jump host. */
  readonly knownHosts: string;
  remove(): Promise<void>;
}

/** Makes the keys of who logs in, in a folder of their own unless one is given. */
export async function makeKeys(folder?: string): Promise<LabKeys> {
  const path = folder ?? (await mkdtemp(join(tmpdir(), 'sealer-hosts-')));
  const keys: LabKeys = {
    folder: path,
    privateKey: join(path, 'id'),
    lockedKey: join(path, 'id-locked'),
    passphrase: 'open sesame',
    strangeKey: join(path, 'id-strange'),
    knownHosts: join(path, 'known_hosts'),
    remove: () => rm(path, { recursive: true, force: true }),
  };
  await generate(keys.privateKey, 'ed25519');
  await generate(keys.lockedKey, 'ed25519', keys.passphrase);
  await generate(keys.strangeKey, 'ed25519');
  await writeFile(keys.knownHosts, '');
  return keys;
}

/** Makes a host's own keys beside the keys that it takes, and gives the folder; sshd reads them there at its start. */
export async function makeHostKeys(keys: LabKeys, name: string): Promise<string> {
  const folder = join(keys.folder, 'hosts', name);
  await mkdir(folder, { recursive: true });
  await renewHostKeys(folder);
  const trusted = await Promise.all([keys.privateKey, keys.lockedKey].map((key) => readFile(`${key}.pub`, 'utf8')));
  await writeFile(join(folder, 'authorized_keys'), trusted.join(''), { mode: 0o644 });
  return folder;
}

/** Gives a host other keys; its sshd takes them at the next start of a connection. */
export async function renewHostKeys(folder: string): Promise<void> {
  for (const kind of HOST_KEY_KINDS) {
    const file = join(folder, `ssh_host_${kind}_key`);
    await Promise.all([rm(file, { force: true }), rm(`${file}.pub`, { force: true })]);
    await generate(file, kind);
  }
}

/** Adds hosts to the known_hosts file. */
export async function writeKnownHosts(
  keys: LabKeys,
  hosts: readonly { readonly address: string; readonly keyFolder: string }[],
): Promise<void> {
  for (const { address, keyFolder } of hosts) {
    for (const kind of HOST_KEY_KINDS) {
      const [type, key] = (await readFile(join(keyFolder, `ssh_host_${kind}_key.pub`), 'utf8')).split(' ');
      await appendFile(keys.knownHosts, `${address} ${type} ${key}\n`);
    }
  }
}

async function generate(file: string, kind: string, passphrase = ''): Promise<void> {
  await runTool('ssh-keygen', ['-q', '-t', kind, '-N', passphrase, '-C', 'lab', '-f', file]);
}
