/** What `--update` asks of a runtime's upstream. */

import type { Architecture, VersionEntry } from '../versions.ts';
import type { Upstream } from './upstream.ts';

export interface RuntimeUpstream {
  /**
   * The versions that channels stand for now, in the order of the channels.
   * @param channels `stable`, `latest`, `v1.33`
   * @throws SealerError DOWNLOAD_FAILED, UPSTREAM_CHANGED
   */
  latest(upstream: Upstream, channels: readonly string[]): Promise<readonly string[]>;
  /** What is the runtime's own of a version, components left out. */
  describe(upstream: Upstream, version: string, architectures: readonly Architecture[]): Promise<DescribedVersion>;
  /** Components that every image of it has. */
  readonly components: readonly string[];
  /** Components that one variant has beside them. */
  readonly variantComponents: Readonly<Record<string, readonly string[]>>;
}

export type DescribedVersion = Pick<VersionEntry, 'notes' | 'assets' | 'images'>;
