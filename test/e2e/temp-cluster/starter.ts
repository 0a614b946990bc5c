/**
 * A process that starts a temporary cluster as the command line does: a signal interrupts it, a second one ends it.
 *
 * Usage: starter.ts IMAGE SCRATCH, with the engine's environment. Prints `stopping` when it was interrupted.
 */

import { SealerError } from '../../../src/error.ts';
import { silent } from '../../../src/progress.ts';
import { folderStorage } from '../../../src/registry/server/index.ts';
import { startTempCluster } from '../../../src/temp-cluster/index.ts';

const [image = '', scratch = ''] = process.argv.slice(2);
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interruption.signal.aborted) process.exit(130);
    interruption.abort();
    console.log('stopping');
  });
}
console.log('starting');
try {
  await using cluster = await startTempCluster({
    image,
    isolated: true,
    registry: folderStorage(scratch),
    env: process.env,
    scratch,
    startTimeoutMs: 120_000,
    report: silent,
    signal: interruption.signal,
  });
  console.log(`ready ${cluster.id}`);
  // For a test that interrupts what runs.
  await new Promise((resolve) => interruption.signal.addEventListener('abort', resolve));
} catch (error) {
  if (!interruption.signal.aborted) throw error;
  if (error instanceof SealerError) console.error(error.code);
}
