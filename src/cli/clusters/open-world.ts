/** What commands on clusters work with: store, registry client, progress, and connections to hosts. */

import { homedir, hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { ClusterWorld } from '../../cluster/index.ts';
import type { HostSpec } from '../../clusterfile/index.ts';
import { SealerError } from '../../error.ts';
import { baseRegistry } from '../../oci/base-name.ts';
import type { HostEngine } from '../../provider/index.ts';
import type { CliContext } from '../context.ts';
import type { OutputFlags, RegistryFlags, StoreFlags } from '../flags.ts';
import { readAll } from '../password.ts';
import { openSession, type Session } from '../session.ts';
import { type ContainerFlags, usesContainers } from './container-hosts.ts';
import type { SshFlags } from './host-flags.ts';

/** What reaches hosts and is nowhere in flags. */
export interface HostSecrets {
  readonly password?: string | undefined;
  readonly passphrase?: string | undefined;
  readonly sudoPassword?: string | undefined;
}

export type WorldFlags = SshFlags & ContainerFlags & StoreFlags & RegistryFlags & OutputFlags;

export interface OpenWorld extends AsyncDisposable {
  readonly world: ClusterWorld;
  /** Where what hosts say is kept; one folder for each run. */
  readonly logs: string;
  /** The engine whose containers are the hosts; undefined where hosts are reached by SSH. Asked for when it is needed. */
  readonly engine: (() => Promise<HostEngine>) | undefined;
}

const DEFAULT_PARALLEL = 32;
const MAX_PASSWORD = 4096;

/**
 * Opens the world.
 * @param command for locks and journals, without its arguments: `sealer run`
 * @throws SealerError CREDENTIALS_INVALID, STORE_INVALID, and what known_hosts files have
 */
export async function openWorld(context: CliContext, flags: WorldFlags, command: string): Promise<OpenWorld> {
  await using stack = new AsyncDisposableStack();
  const session = stack.use(await openSession(context, flags));
  const opened = stack.use(await openHosts(session, flags, context, command));
  const kept = stack.move();
  return { ...opened, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/**
 * Adds hosts to a store, a client and a progress that are open.
 * @throws SealerError of what known_hosts files have
 */
export async function openHosts(
  { store, client, report }: Session,
  flags: SshFlags & ContainerFlags,
  { env, signal, now }: Pick<CliContext, 'env' | 'signal' | 'now'>,
  command: string,
): Promise<OpenWorld> {
  const { connectSsh, loadHostKeys, openHostLogs } = await import('../../hosts/index.ts');
  await using stack = new AsyncDisposableStack();
  const logs = join(flags.logDir ?? logsRoot(env), runName(now()));
  const onError = (error: unknown): void =>
    report({ type: 'note', level: 'warning', message: `Logs cannot be written: ${error}` });
  const hostLogs = stack.use(openHostLogs(logs, { onError }));
  const hostKeys = await loadHostKeys({
    files: flags.knownHosts,
    fingerprints: flags.fingerprint,
    acceptNew: flags.acceptNewHostKeys === true,
    env,
    onLearn: (message) => report({ type: 'note', level: 'info', message }),
  });
  const bySsh = (spec: HostSpec) => connectSsh(spec, { hostKeys, env, log: hostLogs.of(spec.address), signal, now });
  const engine = usesContainers(flags) ? engineOf(env) : undefined;
  const byEngine = async (spec: HostSpec) => {
    const { openContainerHost } = await import('../../provider/index.ts');
    if (engine === undefined) throw new Error('there is no engine');
    return await openContainerHost(await engine(), spec, { log: hostLogs.of(spec.address), signal, now });
  };
  const open = engine === undefined ? bySsh : byEngine;
  const { parallel = DEFAULT_PARALLEL } = flags;
  const kept = stack.move();
  return {
    world: {
      store,
      client,
      open,
      report,
      signal,
      now,
      by: whoWeAre(),
      command,
      parallel,
      baseRegistry: baseRegistry(env),
    },
    logs,
    engine,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/**
 * Passwords: from standard input where flags say so, else from the environment.
 * @throws SealerError USAGE if standard input is empty
 */
export async function readSecrets({ env, stdin }: CliContext, flags: SshFlags): Promise<HostSecrets> {
  const { SEALER_SSH_PASSWORD, SEALER_SSH_PASSPHRASE, SEALER_SUDO_PASSWORD } = env;
  let password = SEALER_SSH_PASSWORD;
  if (flags.passwordStdin === true) {
    password = (await readAll(stdin, MAX_PASSWORD)).replace(/\r?\n$/, '');
    if (password === '') throw new SealerError('USAGE', '--password-stdin, and standard input is empty');
  }
  return { password, passphrase: SEALER_SSH_PASSPHRASE, sudoPassword: SEALER_SUDO_PASSWORD };
}

/** Looks for the engine once. */
function engineOf(env: NodeJS.ProcessEnv): () => Promise<HostEngine> {
  let found: Promise<HostEngine> | undefined;
  return () => {
    found ??= import('../../provider/index.ts').then(({ openHostEngine }) => openHostEngine(env));
    return found;
  };
}

/** Below which the logs of all runs are. */
export function logsRoot(env: NodeJS.ProcessEnv): string {
  const state = env.XDG_STATE_HOME ?? '';
  return join(state === '' ? join(env.HOME ?? homedir(), '.local', 'state') : state, 'sealer', 'logs');
}

/** Sorts by time. */
function runName(now: number): string {
  return new Date(now).toISOString().replace(/[:.]/g, '-');
}

function whoWeAre(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `somebody@${hostname()}`;
  }
}
