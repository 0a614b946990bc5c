/** Looks at all hosts at once and tells everything that stands in the way of the plan, each with what to do. */

import type { Clusterfile } from '../../clusterfile/index.ts';
import type { Problem } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { inParallel } from '../../parallel.ts';
import type { RunnableImage } from '../image/runnable-image.ts';

/** A host, and what it is to be. */
export interface CheckedHost {
  readonly host: Host;
  readonly role: 'master' | 'node';
  /** A member already: only what a change needs is checked. */
  readonly isMember: boolean;
  readonly isRegistry: boolean;
}

export interface PreflightOptions {
  readonly clusterfile: Clusterfile;
  readonly image: RunnableImage;
  /** The cluster's folder on hosts. */
  readonly home: string;
  /** Hosts at a time. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/**
 * Checks hosts that can be reached.
 * @returns every finding of every host: errors, warnings, notices
 * @throws what hosts throw
 */
export async function preflight(
  hosts: readonly CheckedHost[],
  { image, limit }: PreflightOptions,
): Promise<readonly Problem[]> {
  const findings = await inParallel(hosts, limit, async ({ host }): Promise<Problem[]> => {
    const { arch } = await host.facts();
    if (arch === image.arch) return [];
    const message = `${host.label} is ${arch}, and ${image.name} is for ${image.arch}`;
    return [{ code: 'IMAGE_UNFIT', message, hint: `Build it for linux/${arch} as well (--platform).` }];
  });
  return findings.flat();
}
