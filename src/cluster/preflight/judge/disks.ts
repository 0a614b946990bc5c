/** Whether there is room, and whether it is of a kind that containers can live on. */

import type { Problem } from '../../../error.ts';
import { rootfsLayers } from '../../image/rootfs-files.ts';
import type { Inspected, Wanted } from '../inspected.ts';
import { RUNTIME_NEEDS } from '../needs/runtime-needs.ts';
import type { Disk } from '../probe/report.ts';
import { finding, formatSize } from './finding.ts';

interface Need {
  readonly folder: string;
  /** In bytes. */
  readonly least: number;
  /** In bytes. */
  readonly recommended: number;
}

/** Layers are kept beside what is unpacked of them, and programs pack to about a third. */
const UNPACKED = 4;

/** Room for the image, where it is not there already; for new members also for the runtime. */
export function judgeRoom(host: Inspected, wanted: Wanted): Problem[] {
  const { report } = host;
  const needs = needsOf(host, wanted).filter(({ recommended }) => recommended > 0);
  const byMount = Map.groupBy(needs, ({ folder }) => diskOf(report.disks, folder)?.mount ?? '');
  return [...byMount].flatMap(([mount, needs]): Problem[] => {
    const disk = report.disks.find((each) => each.mount === mount);
    if (disk === undefined) return [];
    const sum = (pick: (need: Need) => number) => needs.reduce((total, need) => total + pick(need), 0);
    const [least, recommended] = [sum((need) => need.least), sum((need) => need.recommended)];
    const text = `has ${formatSize(disk.free)} free on ${mount} (${needs.map(({ folder }) => folder).join(', ')})`;
    const hint = `Free space there, make it larger, or mount another disk at ${needs[0]?.folder ?? mount}.`;
    if (disk.free < least)
      return [finding(host, 'error', `${text}, and ${formatSize(least)} are needed`, hint, 'HOST_DISK_FULL')];
    if (disk.free < recommended) {
      return [finding(host, 'warning', `${text}; ${formatSize(recommended)} are what it may take`, hint)];
    }
    // The kubelet's own limit for images; below it nothing new is started.
    if (!host.isMember && disk.free < disk.total * 0.15) {
      return [finding(host, 'warning', `${text}, which is less than 15 %: its kubelet will evict pods`, hint)];
    }
    return [];
  });
}

/** @param wanted its `clusterfile.cluster.dataRoot` is where the image goes */
export function judgeDiskKinds(host: Inspected, { clusterfile, image }: Wanted): Problem[] {
  const runtimeFolders = image.runtime === undefined ? [] : RUNTIME_NEEDS[image.runtime].folders;
  const folders = [clusterfile.cluster.dataRoot, ...runtimeFolders];
  // One finding for all folders on one disk.
  const disks = [
    ...Map.groupBy(
      folders.flatMap((folder) => diskOf(host.report.disks, folder) ?? []),
      ({ mount }) => mount,
    ),
  ];
  const problems = disks.flatMap(([mount, [disk, ...more]]): Problem[] => {
    if (disk === undefined) return [];
    const names = [disk, ...more].map(({ folder }) => folder).join(', ');
    if (isNetwork(disk)) {
      const hint = `Mount a disk of its own at ${disk.folder}: databases and containers need local files.`;
      return [finding(host, 'error', `has ${names} on ${disk.type} (${mount})`, hint)];
    }
    if (disk.options.includes('noexec')) {
      return [finding(host, 'error', `has ${names} mounted noexec (${mount})`, `Remount ${mount} without noexec.`)];
    }
    if (disk.options.includes('ro')) {
      return [finding(host, 'error', `has ${names} mounted read-only (${mount})`, `Remount ${mount} read-write.`)];
    }
    if (disk.type === 'overlay' && runtimeFolders.includes(disk.folder)) {
      const hint = 'Mount a volume or disk there: overlayfs does not work on top of itself.';
      return [finding(host, 'warning', `has ${names} on an overlay file system`, hint)];
    }
    return [];
  });
  // Nothing of ours runs there, but plugins and launch commands may unpack programs.
  if (diskOf(host.report.disks, '/tmp')?.options.includes('noexec') === true) {
    const hint = 'Remount it without noexec if plugins or launch commands run programs from there.';
    problems.push(finding(host, 'warning', 'has /tmp mounted noexec', hint));
  }
  return problems;
}

/** Folders whose disks are looked at. */
export function foldersOf({ clusterfile, image }: Pick<Wanted, 'clusterfile' | 'image'>): readonly string[] {
  const runtime = image.runtime === undefined ? [] : RUNTIME_NEEDS[image.runtime].folders;
  return [...new Set([clusterfile.cluster.dataRoot, ...runtime, '/tmp'])];
}

function needsOf(host: Inspected, { clusterfile, image }: Wanted): Need[] {
  const rootfs = rootfsLayers(image.manifest).reduce((sum, { size }) => sum + size, 0) * UNPACKED;
  const images = Math.max(0, image.size - rootfs / UNPACKED);
  const payload = host.isRegistry ? Math.max(rootfs + 2 * images, 2 * image.size) : rootfs;
  const data = host.report.hasRootfs ? 0 : payload;
  const own: Need = { folder: clusterfile.cluster.dataRoot, least: data, recommended: data };
  if (host.isMember || host.report.isOurs || image.runtime === undefined) return [own];
  const { folders, disk } = RUNTIME_NEEDS[image.runtime];
  const [folder = '/var/lib'] = folders;
  return [own, { folder, least: disk.least, recommended: disk.recommended + 2 * images }];
}

function diskOf(disks: readonly Disk[], folder: string): Disk | undefined {
  return disks.find((each) => each.folder === folder);
}

function isNetwork({ type }: Disk): boolean {
  return /^(?:nfs\d?|cifs|smb3|smbfs|ceph|glusterfs|fuse\.glusterfs|fuse\.sshfs|9p|afs)$/.test(type);
}
