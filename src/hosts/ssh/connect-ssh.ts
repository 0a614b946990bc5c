/** Hosts over SSH. */

import type { Client } from 'ssh2';
import type { HostSpec } from '../../clusterfile/desired.ts';
import { SealerError } from '../../error.ts';
import type { Host } from '../host.ts';
import { linkedHost } from '../linked-host.ts';
import type { HostLog } from '../log.ts';
import { Connection } from './connection.ts';
import { dial, type Target, unreachable } from './dial.ts';
import type { HostKeys } from './host-keys.ts';
import { parseJumps } from './jump.ts';
import { type Credentials, readCredentials } from './login.ts';
import { SshLink } from './ssh-link.ts';

export interface ConnectOptions {
  /** What is trusted; one for all hosts of a run, which share their jump hosts by it, too. */
  readonly hostKeys: HostKeys;
  /** `HOME`, `SSH_AUTH_SOCK`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log?: HostLog | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
  /** For each connection. Default: 20 s. */
  readonly timeoutMs?: number | undefined;
  /** How long a host may be away once it was there. Default: 60 s. */
  readonly reconnectMs?: number | undefined;
}

const TIMEOUT_MS = 20_000;
const RECONNECT_MS = 60_000;

/**
 * Connects to a host, through its jump hosts if it has some, and logs in. The connection is made again when it breaks.
 * @throws SealerError HOST_UNREACHABLE, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, SSH_AUTH_FAILED, SSH_KEY_INVALID; USAGE for a
 *   malformed jump host; the signal's reason
 */
export async function connectSsh(spec: Pick<HostSpec, 'address' | 'ssh'>, options: ConnectOptions): Promise<Host> {
  const { address, ssh } = spec;
  const shared = sharedBy(options.hostKeys);
  const credentials = await shared.credentials(ssh, options.env);
  const jumps = await shared.jump(parseJumps(ssh.jump, ssh.user), { ...options, credentials });
  const target: Target = { user: ssh.user, address, port: ssh.port, label: address };
  const connection = connectionTo(target, { ...options, credentials, via: jumps?.connection });
  const onDispose = async (): Promise<void> => await jumps?.release();
  try {
    await connection.get(options.signal);
  } catch (error) {
    await connection[Symbol.asyncDispose]();
    await onDispose();
    throw error;
  }
  const sudoPassword = ssh.sudoPassword ?? ssh.password;
  return linkedHost(new SshLink(target, { connection, sudoPassword, onDispose }), options);
}

interface WayOptions extends ConnectOptions {
  readonly credentials: Credentials;
}

interface HopOptions extends WayOptions {
  readonly via: Connection | undefined;
}

function connectionTo(target: Target, options: HopOptions): Connection {
  const { hostKeys, credentials, via, timeoutMs = TIMEOUT_MS, reconnectMs = RECONNECT_MS } = options;
  return new Connection({
    reconnectMs,
    dial: async (signal) => {
      const open = via === undefined ? undefined : async () => await forwardOver(await via.get(signal), target);
      return await dial(target, { credentials, hostKeys, open, signal, timeoutMs });
    },
  });
}

async function forwardOver(client: Client, target: Target): Promise<import('node:stream').Duplex> {
  return await new Promise((resolve, reject) => {
    client.forwardOut('127.0.0.1', 0, target.address, target.port, (error, channel) => {
      if (error === undefined || error === null) resolve(channel);
      else reject(unreachable(target, new Error(`the jump host says: ${error.message}`)));
    });
  });
}

/** What the connections of one run share, for as long as somebody uses it. */
interface Shared {
  readonly credentials: (ssh: HostSpec['ssh'], env: ConnectOptions['env']) => Promise<Credentials>;
  readonly jump: (targets: readonly Target[], options: WayOptions) => Promise<SharedJump | undefined>;
}

interface SharedJump {
  readonly connection: Connection;
  readonly release: () => Promise<void>;
}

const sharedOf = new WeakMap<HostKeys, Shared>();

function sharedBy(hostKeys: HostKeys): Shared {
  const shared = sharedOf.get(hostKeys) ?? newShared();
  sharedOf.set(hostKeys, shared);
  return shared;
}

function newShared(): Shared {
  // A passphrase is slow to check on purpose: once for a key, not once for a host.
  const read = new Map<string, Promise<Credentials>>();
  const ways = new Map<string, { readonly connections: readonly Connection[]; users: number }>();
  return {
    credentials: (ssh, env) => {
      const { password, privateKey, passphrase } = ssh;
      const name = JSON.stringify([password, privateKey, passphrase, env.HOME, env.SSH_AUTH_SOCK]);
      const credentials = read.get(name) ?? readCredentials(ssh, env);
      read.set(name, credentials);
      return credentials;
    },
    jump: async (targets, options) => {
      if (targets.length === 0) return undefined;
      const { password, keys } = options.credentials;
      const name = JSON.stringify([targets, password, keys.map(({ file }) => file)]);
      const way = ways.get(name) ?? { connections: connectAll(targets, options), users: 0 };
      ways.set(name, way);
      way.users++;
      const connection = way.connections.at(-1);
      if (connection === undefined) throw new SealerError('INTERNAL', 'A way without hosts');
      let isHeld = true;
      return {
        connection,
        release: async () => {
          if (!isHeld) return;
          isHeld = false;
          if (--way.users > 0) return;
          ways.delete(name);
          for (const each of way.connections.toReversed()) await each[Symbol.asyncDispose]();
        },
      };
    },
  };
}

/** Each jump host is reached through the one before. */
function connectAll(targets: readonly Target[], options: WayOptions): readonly Connection[] {
  const connections: Connection[] = [];
  for (const target of targets) {
    connections.push(connectionTo(target, { ...options, signal: undefined, via: connections.at(-1) }));
  }
  return connections;
}
