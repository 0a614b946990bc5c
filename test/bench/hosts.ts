/** Clusters on hosts of the lab: what a run costs over kubeadm alone, and bringing files. */

import { labEngine } from '../lab/engine.ts';
import { needsHosts } from '../lab/hosts/index.ts';
import { needs } from '../lab/tools.ts';
import { benchOverhead } from './hosts/overhead.ts';
import { benchRootfs } from './hosts/rootfs.ts';
import type { BenchSession } from './session.ts';

/** `SEALER_BENCH_PART`: `overhead` or `rootfs` alone. */
export async function benchHosts(session: BenchSession): Promise<void> {
  const absent = needsHosts() || needs('scp', 'ip');
  if (absent !== false) {
    process.stderr.write(`bench: hosts skipped: ${absent}\n`);
    return;
  }
  await using engine = await labEngine();
  if (engine.skip !== false) return;
  const part = process.env.SEALER_BENCH_PART;
  if (part !== 'rootfs') await benchOverhead(session, engine);
  if (part !== 'overhead') await benchRootfs(session, engine);
}
