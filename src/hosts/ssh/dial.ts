/** One SSH connection: TCP (or a channel of a jump host), the host's key, the login. */

import { addAbortListener, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ssh2, { type Algorithms, type Client, type ServerHostKeyAlgorithm } from 'ssh2';
import { isSystemError, SealerError } from '../../error.ts';
import type { HostKeys } from './host-keys.ts';
import { beginLogin, type Credentials } from './login.ts';

/** A host to connect to. */
export interface Target {
  readonly user: string;
  readonly address: string;
  readonly port: number;
  /** For messages. */
  readonly label: string;
}

export interface DialOptions {
  readonly credentials: Credentials;
  readonly hostKeys: HostKeys;
  /** Opens the way there, if that is not TCP from here. */
  readonly open?: (() => Promise<Duplex>) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds from the first packet to the end of the login. */
  readonly timeoutMs: number;
}

const KEEPALIVE_MS = 15_000;
const KEEPALIVE_MISSES = 3;

/** No SHA-1, no CBC, no DSA. GCM first: it needs no other MAC, and processors do it in hardware. */
const ALGORITHMS: Algorithms = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group14-sha256',
  ],
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-ctr',
    'aes256-ctr',
    'chacha20-poly1305@openssh.com',
  ],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
};

/** By the type of the key: RSA keys sign in several ways. */
const HOST_KEY_ALGORITHMS: readonly (readonly [type: string, algorithms: readonly ServerHostKeyAlgorithm[]])[] = [
  ['ssh-ed25519', ['ssh-ed25519']],
  ['ecdsa-sha2-nistp256', ['ecdsa-sha2-nistp256']],
  ['ecdsa-sha2-nistp384', ['ecdsa-sha2-nistp384']],
  ['ecdsa-sha2-nistp521', ['ecdsa-sha2-nistp521']],
  ['ssh-rsa', ['rsa-sha2-512', 'rsa-sha2-256']],
];

/**
 * Connects and logs in.
 * @throws SealerError HOST_UNREACHABLE, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, SSH_AUTH_FAILED; the signal's reason
 */
export async function dial(target: Target, options: DialOptions): Promise<Client> {
  const { address, port } = target;
  const { hostKeys } = options;
  if (!hostKeys.isByFingerprint(address, port)) {
    return await dialWith(target, options, preferring(hostKeys.typesFor(address, port)));
  }
  // A fingerprint does not say which of the host's keys it belongs to: each kind is asked for.
  let failure: unknown;
  for (const kind of [/ed25519/, /ecdsa/, /rsa/]) {
    const algorithms = preferring([]).filter((name) => kind.test(name));
    try {
      return await dialWith(target, options, algorithms);
    } catch (error) {
      const isOther = error instanceof SealerError && (error.code === 'HOST_KEY_CHANGED' || isNoMatch(error));
      if (!isOther) throw error;
      if (failure === undefined || !isNoMatch(error)) failure = error;
    }
  }
  throw failure;
}

/** The algorithms for known keys come first: a host shows the key for the first one that it has. */
function preferring(types: readonly string[]): ServerHostKeyAlgorithm[] {
  const known = HOST_KEY_ALGORITHMS.filter(([type]) => types.includes(type));
  const others = HOST_KEY_ALGORITHMS.filter(([type]) => !types.includes(type));
  return [...known, ...others].flatMap(([, algorithms]) => algorithms);
}

function isNoMatch(error: unknown): boolean {
  return error instanceof SealerError && /no matching host key/i.test(error.message);
}

async function dialWith(
  target: Target,
  options: DialOptions,
  serverHostKey: ServerHostKeyAlgorithm[],
): Promise<Client> {
  const { credentials, hostKeys, signal, timeoutMs } = options;
  signal?.throwIfAborted();
  const sock = options.open === undefined ? await openSocket(target, options) : await options.open();
  const client = new ssh2.Client();
  const login = beginLogin(target.user, credentials);
  let verdict: unknown;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  using _abort = signal === undefined ? undefined : addAbortListener(signal, () => reject(signal.reason));
  client.once('ready', resolve);
  client.on('error', (error) => {
    // An agent that does not answer: the next method is tried.
    if (error.level === 'agent') return;
    reject(
      error.level === 'client-authentication' ? login.refused(target.label) : (verdict ?? unreachable(target, error)),
    );
  });
  client.once('close', () => reject(verdict ?? unreachable(target, new Error('it closed the connection'))));
  client.connect({
    sock: asSocket(sock),
    username: target.user,
    readyTimeout: timeoutMs,
    keepaliveInterval: KEEPALIVE_MS,
    keepaliveCountMax: KEEPALIVE_MISSES,
    algorithms: { ...ALGORITHMS, serverHostKey },
    hostVerifier: (key: Buffer, verify: (isValid: boolean) => void) => {
      hostKeys.check(target.address, target.port, key).then(
        () => verify(true),
        (error) => {
          verdict = error;
          verify(false);
        },
      );
    },
    authHandler: login.next,
  });
  try {
    await promise;
    return client;
  } catch (error) {
    client.on('error', () => {});
    client.destroy();
    sock.destroy();
    throw error;
  }
}

/** ssh2 takes any duplex stream; its types know only Node's streams as `Readable`. */
function asSocket(sock: Duplex): Duplex {
  return sock;
}

async function openSocket(target: Target, { signal, timeoutMs }: DialOptions): Promise<Socket> {
  const socket = connect({ host: target.address.replace(/^\[|\]$/g, ''), port: target.port, noDelay: true });
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    await once(socket, 'connect', { signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]) });
    return socket;
  } catch (error) {
    socket.on('error', () => {});
    socket.destroy();
    signal?.throwIfAborted();
    throw unreachable(target, timeout.aborted ? new Error(`no answer in ${timeoutMs / 1000} s`) : error);
  }
}

/** HOST_UNREACHABLE in the words of people. */
export function unreachable({ label, port }: Pick<Target, 'label' | 'port'>, cause: unknown): SealerError {
  if (cause instanceof SealerError) return cause;
  const { why, hint } = reasonOf(cause, port);
  return new SealerError('HOST_UNREACHABLE', `${label} cannot be reached: ${why}`, { hint, cause });
}

function reasonOf(error: unknown, port: number): { readonly why: string; readonly hint: string } {
  const again = 'Check that it is up and reachable from here, and run the same command again.';
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
  const is = (...codes: string[]): boolean => errors.some((each) => isSystemError(each, ...codes));
  if (is('ECONNREFUSED')) {
    return { why: `nobody listens on port ${port}`, hint: `Check that its SSH server runs, and on which port.` };
  }
  if (is('ENOTFOUND', 'EAI_AGAIN')) return { why: 'its name is not known', hint: 'Check the name, or use an address.' };
  if (is('EHOSTUNREACH', 'ENETUNREACH')) return { why: 'there is no route to it', hint: again };
  if (is('ETIMEDOUT')) return { why: 'it does not answer', hint: again };
  if (is('ECONNRESET', 'EPIPE')) return { why: 'the connection broke off', hint: again };
  const text = error instanceof Error ? error.message : String(error);
  if (/Timed out while waiting for handshake/.test(text)) return { why: 'it does not speak SSH in time', hint: again };
  if (/Keepalive timeout/.test(text)) return { why: 'it does not answer any more', hint: again };
  if (/before handshake/.test(text)) {
    const hint = 'Its SSH server may have too many logins at once (MaxStartups), or refuse this address.';
    return { why: 'it closed the connection before SSH began', hint };
  }
  if (/no matching/i.test(text)) {
    return { why: `${text.replace(/^Handshake failed: /, '')}`, hint: 'Its SSH server is too old, or too strict.' };
  }
  return { why: text, hint: again };
}
