/** The step that fills a registry that is not the cluster's own. */

import type { Step } from '../plan/step.ts';
import { externalClient, pushBundle } from '../registry/index.ts';
import { type Run, saveState } from './run.ts';

export async function push(_step: Step, run: Run): Promise<void> {
  const { world, image, desired, report, signal } = run;
  const { registry } = desired.clusterfile.cluster;
  if (registry.kind !== 'external' || desired.push === undefined) return;
  await using external = await externalClient(world.client, registry);
  const { client } = external;
  const { moved } = await pushBundle(world.store, image.manifest, registry, { client, report, signal });
  run.sent += moved;
  await saveState(run, { launched: { ...run.state.launched, '.push': desired.push } });
}
