/** Asks a host about itself, in one round trip. */

import type { Host } from '../../../hosts/host.ts';
import { parseReport } from './parse-report.ts';
import { PROBE } from './program.ts';
import type { HostReport } from './report.ts';

export interface ProbeQuestions {
  /** The cluster's folder. */
  readonly home: string;
  /** The folder of the image's rootfs. */
  readonly rootfs: string;
  /** Ports that nobody should listen at. */
  readonly ports: readonly number[];
  /** Folders whose disks matter. */
  readonly folders: readonly string[];
}

/** @throws SealerError COMMAND_FAILED, and what `Host.exec` throws */
export async function probeHost(
  host: Pick<Host, 'exec' | 'label'>,
  { home, rootfs, ports, folders }: ProbeQuestions,
  signal: AbortSignal,
): Promise<HostReport> {
  // As /proc/net/tcp has them.
  const hex = ports.map((port) => port.toString(16).toUpperCase().padStart(4, '0')).join(' ');
  const { stdout } = await host.exec({
    argv: ['sh', '-c', PROBE, 'sealer-probe', home, rootfs, hex, ...folders],
    timeoutMs: 120_000,
    signal,
  });
  return parseReport(stdout, host.label);
}
