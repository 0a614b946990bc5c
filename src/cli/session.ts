/** What most commands need while they work: the store, a registry client, and someone who shows progress. */

import { resolve } from 'node:path';
import type { Store } from '../oci/store/index.ts';
import type { Report } from '../progress.ts';
import type { RegistryClient } from '../registry/client/index.ts';
import type { CliContext } from './context.ts';
import type { OutputFlags, RegistryFlags, StoreFlags } from './flags.ts';
import { createReporter, type Reporter } from './progress/index.ts';
import { VERSION } from './version.ts';

export interface Session extends AsyncDisposable {
  readonly store: Store;
  readonly client: RegistryClient;
  readonly report: Report;
}

/** Opens store and progress, for commands that talk to no registry. */
export async function openStoreSession(
  context: CliContext,
  flags: StoreFlags & OutputFlags,
): Promise<Pick<Session, 'store' | 'report'> & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { report } = stack.adopt(openReporter(context, flags), (each) => each.close());
  const store = stack.use(await openStore(context, flags));
  const kept = stack.move();
  return { store, report, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Opens store, client and progress; disposing closes them in the reverse order. */
export async function openSession(
  context: CliContext,
  flags: StoreFlags & RegistryFlags & OutputFlags,
): Promise<Session> {
  await using stack = new AsyncDisposableStack();
  const { report } = stack.adopt(openReporter(context, flags), (each) => each.close());
  const store = stack.use(await openStore(context, flags));
  const client = stack.use(await openClient(context, flags, report));
  const kept = stack.move();
  return { store, client, report, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/**
 * Opens the store that the flags or the environment name.
 * @throws SealerError STORE_INVALID, PERMISSION
 */
export async function openStore({ env }: Pick<CliContext, 'env'>, { store }: StoreFlags): Promise<Store> {
  const { Store, storeRoot } = await import('../oci/store/index.ts');
  return Store.open(store === undefined ? storeRoot(env) : resolve(store));
}

/**
 * A client with the credentials of this user.
 * @throws SealerError CREDENTIALS_INVALID
 */
async function openClient(
  { env, signal }: Pick<CliContext, 'env' | 'signal'>,
  flags: RegistryFlags,
  report?: Report,
): Promise<RegistryClient> {
  const { RegistryClient, loadCredentials } = await import('../registry/client/index.ts');
  return new RegistryClient({
    env,
    credentials: await loadCredentials(env),
    insecure: flags.insecure === true ? true : (flags.insecureRegistry ?? false),
    caFiles: flags.caFile ?? [],
    signal,
    userAgent: `sealer/${VERSION}`,
    ...(report === undefined ? {} : { report }),
  });
}

function openReporter({ stderr, now }: CliContext, { quiet, progress = 'auto' }: OutputFlags): Reporter {
  return createReporter(quiet === true ? 'quiet' : progress, stderr, now);
}
