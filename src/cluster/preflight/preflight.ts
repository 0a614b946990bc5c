/** Looks at all hosts at once and tells everything that stands in the way of the plan, each with what to do. */

import type { Clusterfile } from '../../clusterfile/index.ts';
import type { Problem } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { forEachHost } from '../../hosts/index.ts';
import { rootfsFolder } from '../distribution/index.ts';
import type { RunnableImage } from '../image/runnable-image.ts';
import type { Inspected, Wanted } from './inspected.ts';
import { foldersOf } from './judge/disks.ts';
import { bySeverity, judge } from './judge/judge.ts';
import { portsToAsk } from './judge/ports.ts';
import { circumstancesOf } from './needs/circumstances.ts';
import { CONFIG_PATHS, readImageConfig } from './needs/image-config.ts';
import { probeHost } from './probe/probe-host.ts';
import { targetsOf } from './reach/questions.ts';
import { askReach } from './reach/reach.ts';

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
  /**
   * A file of the image's rootfs as text; undefined if there is none. Without it, what the image's own configuration says
   * (failSwapOn, networks) is not known.
   */
  readonly imageFile?: ((path: string) => Promise<string | undefined>) | undefined;
}

/**
 * Checks hosts that can be reached: what each tells about itself, all of them against each other, and whether they reach
 * each other. Two round trips a host; nothing is changed.
 * @returns every finding of every host: errors, warnings, notices, in this order
 * @throws what hosts throw
 */
export async function preflight(hosts: readonly CheckedHost[], options: PreflightOptions): Promise<readonly Problem[]> {
  const { limit, signal, home } = options;
  const wanted = await wantedOf(options);
  const questions = {
    home,
    rootfs: rootfsFolder(home, options.image.digest),
    ports: portsToAsk(wanted),
    folders: foldersOf(wanted),
  };
  const asked = hosts.map(({ host, ...rest }) => ({ ...rest, host, label: host.label, address: host.address }));
  const inspected = await forEachHost(
    asked,
    async ({ host, ...rest }): Promise<Inspected> => ({
      ...rest,
      facts: await host.facts(),
      report: await probeHost(host, questions, signal),
    }),
    { limit, signal },
  );
  const unreached = await forEachHost(
    asked,
    async (each) => await askReach(each.host, targetsOf(each, asked, wanted), signal),
    { limit, signal },
  );
  return bySeverity([...judge(inspected, wanted), ...unreached.flat()]);
}

async function wantedOf({ clusterfile, image, imageFile }: PreflightOptions): Promise<Wanted> {
  const { runtime } = image;
  const text = runtime === undefined ? undefined : await imageFile?.(CONFIG_PATHS[runtime]);
  return {
    clusterfile,
    image,
    circumstances: circumstancesOf(clusterfile, runtime, image.extension.env, readImageConfig(text)),
  };
}
