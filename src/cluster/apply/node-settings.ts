/** The step that sets labels and taints. */

import { nodeChanges } from '../plan/node-settings.ts';
import type { Step } from '../plan/step.ts';
import { type Run, saveState } from './run.ts';

export async function setNodes(_step: Step, run: Run): Promise<void> {
  // New members are there now, and were not when the plan was made.
  const metadata = await run.runtime.getClusterMetadata();
  run.current = { ...run.current, metadata };
  const names = new Map(metadata.nodes.map(({ address, name }) => [address, name]));
  for (const { address, labels, taints } of nodeChanges(run.desired, run.current)) {
    const name = names.get(address);
    if (name === undefined) continue;
    const { signal } = run;
    if (labels.length > 0) await run.runtime.kubectl(['label', 'node', name, '--overwrite', ...labels], { signal });
    if (taints.length > 0) await run.runtime.kubectl(['taint', 'node', name, '--overwrite', ...taints], { signal });
  }
  const { hosts } = run.desired;
  await saveState(run, {
    nodeSettings: Object.fromEntries([...hosts].map(([address, { labels, taints }]) => [address, { labels, taints }])),
  });
}
