/** Store, registry client and progress for the time of an action. */

import { VERSION } from '../cli/index.ts';
import { Store, storeRoot } from '../oci/store/index.ts';
import type { Report } from '../progress.ts';
import { loadCredentials, RegistryClient } from '../registry/client/index.ts';
import { groupReporter } from './groups.ts';
import type { RegistryInputs } from './inputs/index.ts';
import { type Timeline, timelineRecorder } from './timeline.ts';

export interface Session extends AsyncDisposable {
  readonly store: Store;
  readonly client: RegistryClient;
  readonly report: Report;
  /** What took how long so far, for the summary. */
  readonly timeline: () => Timeline;
}

/** Opens all three; disposing closes them in the reverse order. */
export async function openSession(
  inputs: RegistryInputs & { readonly store: string | undefined },
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Session> {
  await using stack = new AsyncDisposableStack();
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  const groups = stack.adopt(groupReporter(write, Date.now), (each) => each.close());
  const times = timelineRecorder(Date.now);
  const report: Report = (event) => {
    groups.report(event);
    times.report(event);
  };
  const store = stack.use(await Store.open(inputs.store ?? storeRoot(env)));
  const given = inputs.registryAuth.map((login) => ({ ...login, source: 'the input registry-auth' }));
  const client = stack.use(
    new RegistryClient({
      env,
      credentials: await loadCredentials(env, given),
      insecure: inputs.insecure ? true : inputs.insecureRegistries,
      caFiles: inputs.caFiles,
      report,
      signal,
      userAgent: `sealer/${VERSION}`,
    }),
  );
  const kept = stack.move();
  return { store, client, report, timeline: () => times.timeline(), [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
