/** What a preview needs of the world: GitHub, hosts, clusters. Tests put their own in the place of each. */

import type { TakeBack } from '../../host-pool/index.ts';
import type { Host } from '../../hosts/host.ts';
import type { Report } from '../../progress.ts';
import type { Github } from '../github/index.ts';
import type { PreviewImage } from './comment.ts';

/** Where previews leave word. */
export interface PreviewForge {
  readonly github: Github;
  /** Login of who the token is. */
  readonly author: string;
}

/** The hosts of a pool that fit. */
export interface PreviewPool {
  readonly hosts: readonly Host[];
  readonly dataRoot: string;
  /** How many hosts a preview takes. */
  readonly count: number;
  /** Waits that long for hosts, in milliseconds. */
  readonly waitMs: number;
  /** Deletes a cluster from hosts; one that is gone is fine. */
  readonly deleteCluster: TakeBack['deleteCluster'];
}

/** A cluster that runs. */
export interface RunningPreview {
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** Of the API server. */
  readonly apiUrl: string;
  /** Of the first master. */
  readonly address: string;
}

export interface PreviewCluster {
  /** Builds the image, or finds it. */
  image(): Promise<PreviewImage>;
  /**
   * Makes the cluster run the image, and waits until it is ready.
   * @param hosts undefined: those that were named, or containers of the runner
   */
  run(cluster: string, image: PreviewImage, hosts: readonly Host[] | undefined): Promise<RunningPreview>;
  /** @throws SealerError SMOKE_TEST_FAILED */
  smokeTest?: ((running: RunningPreview, url: string | undefined) => Promise<void>) | undefined;
  /** Deletes a cluster whose hosts were named, or are containers of the runner; one that is gone is fine. */
  remove(cluster: string): Promise<void>;
}

export interface PreviewWorld {
  /** Undefined for forks: nothing is written anywhere. */
  readonly forge: PreviewForge | undefined;
  readonly pool: PreviewPool | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** Of this run's log. */
  readonly logUrl: string | undefined;
  /** Who does it, for those who look at a lease: the run. */
  readonly by: string;
}
