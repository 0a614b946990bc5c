/** What has to be brought to which host; nothing where all is there. */

import type { Host } from '../../hosts/host.ts';
import type { Item } from './item.ts';
import type { HostContent } from './observe.ts';
import type { DistributedImage } from './read-image.ts';

export interface DistributionPlan {
  readonly image: DistributedImage;
  /** In the order of the hosts. */
  readonly hosts: readonly HostPlan[];
  /** Expected bytes over the runner's link, and from host to host. */
  readonly sentByRunner: number;
  readonly fetchedByHosts: number;
  readonly isEmpty: boolean;
}

export interface HostPlan {
  readonly host: Host;
  /**
   * `first`: the registry host that the runner sends to. `registry`: another one. `other`: takes what it needs from
   * registry hosts; all hosts are where the registry is an external one.
   */
  readonly role: 'first' | 'registry' | 'other';
  readonly files: readonly Item[];
  readonly images: readonly Item[];
  readonly unpack: boolean;
  readonly merge: boolean;
}

export interface PlanOptions {
  readonly hosts: readonly Host[];
  /** Those of the hosts that hold the registry, the first of them first; none where it is external. */
  readonly registryHosts: readonly Host[];
  /** What is there, by address; a host that is not in it has nothing. */
  readonly present: ReadonlyMap<string, HostContent>;
}

/** Compares what hosts have with what an image needs. Pure. */
export function planDistribution(image: DistributedImage, options: PlanOptions): DistributionPlan {
  const hosts = options.hosts.map((host) => planHost(image, host, options));
  const bytes = (chosen: readonly HostPlan[]) =>
    chosen.flatMap(({ files, images }) => [...files, ...images]).reduce((sum, { size }) => sum + size, 0);
  return {
    image,
    hosts,
    sentByRunner: bytes(hosts.filter(({ role }) => role === 'first')),
    fetchedByHosts: bytes(hosts.filter(({ role }) => role !== 'first')),
    isEmpty: hosts.every(isDone),
  };
}

/** Whether there is nothing to do on a host. */
export function isDone({ files, images, unpack, merge }: HostPlan): boolean {
  return files.length === 0 && images.length === 0 && !unpack && !merge;
}

function planHost(image: DistributedImage, host: Host, { registryHosts, present }: PlanOptions): HostPlan {
  const place = registryHosts.findIndex(({ address }) => address === host.address);
  const role = place === 0 ? 'first' : place > 0 ? 'registry' : 'other';
  const content = present.get(host.address);
  const lacks = ({ place, size }: Item) => content?.sizes.get(place) !== size;
  const holdsImages = role !== 'other';
  return {
    host,
    role,
    files: image.files.filter(lacks),
    images: holdsImages ? image.images.filter(lacks) : [],
    unpack: content?.isUnpacked !== true,
    merge: holdsImages && content?.isMerged !== true,
  };
}
