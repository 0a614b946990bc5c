/**
 * What one host has been given, in `<home>/host.json` on it: digests of what was brought there. A step that finds its own
 * digest has nothing to do, so a second run asks each host once and changes nothing.
 */

import type { Host } from '../../hosts/host.ts';

export interface HostRecord {
  /** Of the image whose rootfs is unpacked. */
  readonly rootfs?: string | undefined;
  /** Of what Config documents and templates made of it. */
  readonly overlay?: string | undefined;
  /** Of the entries of /etc/hosts and the hostname. */
  readonly names?: string | undefined;
  /** Of what the runtime was prepared with. */
  readonly prepared?: string | undefined;
  /** Of where the host pulls container images from. */
  readonly mirrors?: string | undefined;
  /** Of the registry's settings, as far as they are this host's. */
  readonly registry?: string | undefined;
  /** On registry hosts: of the image whose container images are there. */
  readonly images?: string | undefined;
  /** Phases of host plugins that ran: a digest of the plugin by `<phase>/<name>`. */
  readonly plugins?: Readonly<Record<string, string>> | undefined;
}

/** Where it is below the cluster's home. */
export const RECORD_FILE = 'host.json';

/** Reads a host's record; one that is absent or damaged is empty, and all is done again. */
export async function readHostRecord(host: Host, home: string): Promise<HostRecord> {
  const text = await host.readText(`${home}/${RECORD_FILE}`);
  try {
    const json: unknown = JSON.parse(text ?? '{}');
    return typeof json === 'object' && json !== null ? json : {};
  } catch {
    return {};
  }
}

/** Adds to a host's record; gives what it is then. */
export async function updateHostRecord(
  host: Host,
  home: string,
  record: HostRecord,
  changes: HostRecord,
): Promise<HostRecord> {
  const updated = { ...record, ...changes };
  await host.write(`${home}/${RECORD_FILE}`, `${JSON.stringify(updated)}\n`, { mode: 0o600 });
  return updated;
}
