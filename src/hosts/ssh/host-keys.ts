/** Which host keys are trusted: those of known_hosts files, those whose fingerprints were given, and those just learnt. */

import { createHash } from 'node:crypto';
import { appendFile, mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSystemError, SealerError } from '../../error.ts';
import { isAbout, type KnownHost, keyType, knownName, parseKnownHosts } from './known-hosts.ts';

export interface HostKeyOptions {
  /** known_hosts files; new keys go into the first. Default: ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts. */
  readonly files?: readonly string[] | undefined;
  /** `SHA256:…` for any host, `10.0.0.2=SHA256:…` for one. A host for which there are some is judged by them alone. */
  readonly fingerprints?: readonly string[] | undefined;
  /** Trust a host that was never seen, and remember its key. A changed key is refused all the same. */
  readonly acceptNew?: boolean | undefined;
  /** `HOME` says where the user's file is. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Hears of each key that was learnt: `10.0.0.2 has the key ssh-ed25519 SHA256:…`. */
  readonly onLearn?: ((message: string) => void) | undefined;
}

/** What is trusted during a run; all connections share it. */
export interface HostKeys {
  /** The types of the keys that are known for a host: it is asked for one of these. */
  typesFor(address: string, port: number): readonly string[];
  /** Whether a host is judged by fingerprints, of which nobody knows to which type of key they belong. */
  isByFingerprint(address: string, port: number): boolean;
  /**
   * Judges the key that a host shows.
   * @throws SealerError HOST_KEY_UNKNOWN, HOST_KEY_CHANGED
   */
  check(address: string, port: number, key: Buffer): Promise<void>;
}

/** Reads the known_hosts files. @throws SealerError USAGE for a malformed fingerprint, PERMISSION */
export async function loadHostKeys(options: HostKeyOptions): Promise<HostKeys> {
  const home = options.env.HOME;
  const usual = [...(home === undefined ? [] : [join(home, '.ssh/known_hosts')]), '/etc/ssh/ssh_known_hosts'];
  const files = options.files ?? usual;
  const known = (await Promise.all(files.map(readKnownHosts))).flat();
  const fingerprints = (options.fingerprints ?? []).map(parseFingerprint);
  return new TrustedKeys(known, fingerprints, files[0], options);
}

/** `SHA256:…` of a public key, as ssh-keygen -l prints it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

interface GivenFingerprint {
  /** Undefined: any host. */
  readonly host: string | undefined;
  readonly fingerprint: string;
}

function parseFingerprint(text: string): GivenFingerprint {
  const [, host, hash] = /^(?:(.+)=)?SHA256:([A-Za-z0-9+/]{43})=?$/.exec(text.trim()) ?? [];
  if (hash === undefined) {
    throw new SealerError('USAGE', `"${text}" is not the fingerprint of a host key`, {
      hint: 'Write SHA256:… as `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` prints it on the host, or HOST=SHA256:….',
    });
  }
  return { host: host?.toLowerCase(), fingerprint: `SHA256:${hash}` };
}

async function readKnownHosts(file: string): Promise<KnownHost[]> {
  try {
    return parseKnownHosts(await readFile(file, 'utf8'), file);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return [];
    if (!isSystemError(error, 'EACCES', 'EISDIR')) throw error;
    throw new SealerError('PERMISSION', `The known host keys of ${file} cannot be read`, { cause: error });
  }
}

class TrustedKeys implements HostKeys {
  readonly #known: KnownHost[];
  readonly #fingerprints: readonly GivenFingerprint[];
  readonly #file: string | undefined;
  readonly #options: HostKeyOptions;
  /** Two first connections to one host at once must not learn two keys. */
  #learning: Promise<void> = Promise.resolve();

  constructor(
    known: KnownHost[],
    fingerprints: readonly GivenFingerprint[],
    file: string | undefined,
    options: HostKeyOptions,
  ) {
    this.#known = known;
    this.#fingerprints = fingerprints;
    this.#file = file;
    this.#options = options;
  }

  typesFor(address: string, port: number): readonly string[] {
    const keys = this.#keysOf(knownName(address, port)).filter(({ marker }) => marker === undefined);
    return [...new Set(keys.map(({ type }) => type))];
  }

  isByFingerprint(address: string, port: number): boolean {
    return this.#fingerprintsFor(address, port).length > 0;
  }

  async check(address: string, port: number, key: Buffer): Promise<void> {
    const name = knownName(address, port);
    const shown: ShownKey = { name, type: keyType(key) ?? 'unknown', fingerprint: fingerprintOf(key) };
    const about = this.#keysOf(name);
    const revoked = about.find((known) => known.marker === 'revoked' && known.key.equals(key));
    if (revoked !== undefined) throw revokedKey(shown, revoked);
    const given = this.#fingerprintsFor(address, port);
    if (given.length > 0) {
      if (given.some(({ fingerprint }) => fingerprint === shown.fingerprint)) return;
      throw otherFingerprint(shown, given);
    }
    const known = about.filter(({ marker }) => marker === undefined);
    if (known.some((each) => each.key.equals(key))) return;
    if (known.length > 0) throw changedKey(shown, known.find(({ type }) => type === shown.type) ?? known[0]);
    if (this.#options.acceptNew !== true) {
      throw unknownKey(
        shown,
        this.#file,
        about.some(({ marker }) => marker === 'cert-authority'),
      );
    }
    await this.#learn(shown, key);
  }

  async #learn(shown: ShownKey, key: Buffer): Promise<void> {
    const before = this.#learning;
    const turn = (async () => {
      await before.catch(() => {});
      const known = this.#keysOf(shown.name).filter(({ marker }) => marker === undefined);
      if (known.some((each) => each.key.equals(key))) return;
      if (known.length > 0) throw changedKey(shown, known[0]);
      const entry = { marker: undefined, names: shown.name, type: shown.type, key };
      const file = this.#file;
      if (file !== undefined) await appendLine(file, `${shown.name} ${shown.type} ${key.toString('base64')}\n`);
      this.#known.push({ ...entry, file: file ?? 'memory', line: 0 });
      this.#options.onLearn?.(`${shown.name} is trusted from now on by its key ${shown.type} ${shown.fingerprint}`);
    })();
    this.#learning = turn;
    await turn;
  }

  #keysOf(name: string): KnownHost[] {
    return this.#known.filter((known) => isAbout(known, name));
  }

  #fingerprintsFor(address: string, port: number): GivenFingerprint[] {
    const names = [address.toLowerCase(), knownName(address, port), `${address.toLowerCase()}:${port}`];
    const own = this.#fingerprints.filter(({ host }) => host !== undefined && names.includes(host));
    return own.length > 0 ? own : this.#fingerprints.filter(({ host }) => host === undefined);
  }
}

interface ShownKey {
  readonly name: string;
  readonly type: string;
  readonly fingerprint: string;
}

/** One write of one line at the end: others may append at the same time. */
async function appendLine(file: string, line: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await appendFile(file, (await lacksLineEnd(file)) ? `\n${line}` : line, { mode: 0o600 });
}

async function lacksLineEnd(file: string): Promise<boolean> {
  try {
    await using handle = await open(file, 'r');
    const { size } = await handle.stat();
    if (size === 0) return false;
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] !== 0x0a;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}

function unknownKey(
  { name, type, fingerprint }: ShownKey,
  file: string | undefined,
  hasAuthority: boolean,
): SealerError {
  const more = hasAuthority ? ' (an authority is known for it, but certificates of hosts are not supported)' : '';
  return new SealerError('HOST_KEY_UNKNOWN', `The key of ${name} is not known: ${type} ${fingerprint}${more}`, {
    hint:
      'Compare it with `ssh-keygen -lf` of /etc/ssh/ssh_host_*_key.pub on the host; then give it as a fingerprint, add it to ' +
      `${file ?? 'known_hosts'}, or learn the keys of new hosts with --accept-new-host-keys.`,
  });
}

function changedKey({ name, type, fingerprint }: ShownKey, known: KnownHost | undefined): SealerError {
  const place = known === undefined ? undefined : { file: known.file, line: known.line };
  const old = known === undefined ? '' : `; known is ${known.type} ${fingerprintOf(known.key)}`;
  const where = known === undefined || known.line === 0 ? '' : ` (${known.file}:${known.line})`;
  const message = `${name} shows another key than the known one: ${type} ${fingerprint}${old}${where}`;
  return new SealerError('HOST_KEY_CHANGED', message, {
    at: place?.line === 0 ? undefined : place,
    hint: `Somebody may be in between. If the host was reinstalled: ssh-keygen -R '${name}', and check its new key.`,
  });
}

function otherFingerprint({ name, type, fingerprint }: ShownKey, given: readonly GivenFingerprint[]): SealerError {
  const list = given.map((each) => each.fingerprint).join(', ');
  const message = `${name} shows another key than the given ones: ${type} ${fingerprint}; given: ${list}`;
  return new SealerError('HOST_KEY_CHANGED', message, {
    hint: 'Somebody may be in between. If the host was reinstalled, give the fingerprint of its new key.',
  });
}

function revokedKey({ name, type, fingerprint }: ShownKey, { file, line }: KnownHost): SealerError {
  const message = `${name} shows a key that was revoked: ${type} ${fingerprint} (${file}:${line})`;
  return new SealerError('HOST_KEY_CHANGED', message, {
    at: { file, line },
    hint: 'Who has this key is not to be trusted: find out who answers there.',
  });
}
