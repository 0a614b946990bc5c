/**
 * `npm run bench`: the speed promises as ratios to a peer in the same run. Needs docker-registry and crane
 * (test/lab/install-peers) and 5 GB of disk, for the part `hosts` 20 GB; `--only NAME` runs one part. It reports and never
 * fails: a figure that misses its target is printed as missed.
 */

import { cpus } from 'node:os';
import { startDockerRegistry } from '../lab/docker-registry.ts';
import { temporaryFolder } from '../lab/scratch.ts';
import { needs } from '../lab/tools.ts';
import { benchBuild } from './build.ts';
import { benchCluster } from './cluster.ts';
import { benchDiscovery } from './discovery.ts';
import { benchFleet } from './fleet.ts';
import { benchHosts } from './hosts.ts';
import { printTable, type Row } from './measure.ts';
import { benchPack } from './pack.ts';
import type { BenchSession } from './session.ts';
import { benchTransfer } from './transfer.ts';

const absent = needs('docker-registry', 'crane', 'tar', 'gzip');
if (absent !== false) {
  process.stderr.write(`bench: ${absent}\n`);
  process.exit(1);
}
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;
const MEMORY_TARGET = 256;

await using folder = await temporaryFolder('bench');
await using registry = await startDockerRegistry();
const peaks: number[] = [];
const rows: Row[] = [];

process.stdout.write(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Node.js ${process.version}\n`);
const parts: Record<string, (session: BenchSession) => Promise<void>> = {
  build: benchBuild,
  discovery: benchDiscovery,
  transfer: benchTransfer,
  pack: benchPack,
  cluster: benchCluster,
  hosts: benchHosts,
  fleet: benchFleet,
};
for (const [name, part] of Object.entries(parts)) {
  if (only !== undefined && only !== name) continue;
  process.stderr.write(`bench: ${name} …\n`);
  await part({ folder: folder.path, registry, rows, peaks });
}
const peak = Math.max(0, ...peaks);
if (peak > 0)
  rows.push({
    what: 'peak resident memory of any run',
    ours: `${peak.toFixed(0)} MiB`,
    peer: '',
    ratio: '',
    target: `< ${MEMORY_TARGET} MiB`,
    met: peak < MEMORY_TARGET,
  });
printTable(rows);
