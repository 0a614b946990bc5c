/** Join tokens: a kubeconfig, gzipped, in base64 (k0s docs: k0s-multi-node.md). None is printed, none stays on a disk. */

import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { load } from 'js-yaml';
import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { mapOf, mapsOf, stringOf } from '../../kubernetes/fields.ts';
import { shakeHands } from '../certificates/index.ts';
import type { K0sCluster } from './cluster.ts';
import { K0S, tokenFile } from './paths.ts';
import { captureSecret } from './secrets.ts';

export interface JoinToken {
  /** What a joining host gets. */
  readonly text: string;
  /** What it is invalidated by. */
  readonly id: string;
  /** Where a joining host goes to: `https://10.0.0.2:9443`. */
  readonly url: URL;
  /** PEM of the authority that vouches for the URL. */
  readonly ca: string;
}

const EXPIRY = '30m';
const MAX_BYTES = 64 * 1024;

/** Makes a token on a controller. @throws SealerError COMMAND_FAILED */
export async function createToken(
  cluster: K0sCluster,
  master: Host,
  role: 'controller' | 'worker',
): Promise<JoinToken> {
  const argv = [K0S, 'token', 'create', '--role', role, '--expiry', EXPIRY];
  return readToken(await captureSecret(cluster, master, 'new-token', argv), master.label);
}

/** Takes a token apart. @param where for errors @throws SealerError COMMAND_FAILED */
export async function readToken(text: string, where: string): Promise<JoinToken> {
  try {
    const bytes = await promisify(gunzip)(Buffer.from(text.trim(), 'base64'), { maxOutputLength: MAX_BYTES });
    const kubeconfig = mapOf(load(bytes.toString('utf8')));
    const server = mapOf(mapsOf(kubeconfig.clusters)[0]?.cluster);
    const [id = '', secret] = (stringOf(mapOf(mapsOf(kubeconfig.users)[0]?.user).token) ?? '').split('.');
    const ca = Buffer.from(stringOf(server['certificate-authority-data']) ?? '', 'base64').toString('utf8');
    if (id !== '' && secret !== undefined) {
      return { text: text.trim(), id, url: new URL(stringOf(server.server) ?? ''), ca };
    }
  } catch {
    // What it looks like must not be shown: it is a secret.
  }
  throw new SealerError('COMMAND_FAILED', `k0s on ${where} made a join token that cannot be read`, {
    hint: 'Look whether `k0s token create --role worker` works there.',
  });
}

/**
 * Checks that a host reaches what the token sends it to, and that it is the cluster: otherwise k0s would try forever.
 * @throws SealerError HOST_UNFIT
 */
export async function checkToken({ context }: K0sCluster, host: Host, { url, ca }: JoinToken): Promise<void> {
  const address = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port === '' ? 443 : url.port);
  try {
    await shakeHands(host, address, port, { ca: ca === '' ? undefined : ca, signal: context.signal });
  } catch (cause) {
    context.signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SealerError('HOST_UNFIT', `${host.label} cannot join: it does not reach ${url.host}: ${why}`, {
      hint: `Open TCP ports ${port}, 6443, 8132 and 9443 of the masters to ${host.address}.`,
      cause,
    });
  }
}

/** Lays a token where the host's service reads it. */
export async function placeToken({ context }: K0sCluster, host: Host, { text }: JoinToken): Promise<void> {
  await host.write(tokenFile(context.home), `${text}\n`, { mode: 0o600, signal: context.signal });
}

/**
 * Makes a token worthless: on the cluster, and in the files. These stay, since k0s refuses to start without the file that
 * its service names. Done also after an interruption, as far as hosts answer.
 */
export async function spendToken(
  { context: { home } }: K0sCluster,
  master: Host,
  token: JoinToken,
  hosts: readonly Host[],
): Promise<void> {
  const invalidated = master.exec({ argv: [K0S, 'token', 'invalidate', token.id], allowFailure: true });
  const overwritten = hosts.map((host) =>
    host.write(tokenFile(home), '# The join token was used, and is invalid.\n', { mode: 0o600 }),
  );
  await Promise.allSettled([invalidated, ...overwritten]);
}
