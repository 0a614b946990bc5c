/** Hosts of the lab: bare machines over SSH, faults to give them, and what differs on them before and after. */

export { copyOfBaseImages, LAB_IMAGES, labBaseImages, needsBaseImages, SHOP_PORT } from './base-image.ts';
export { cut, fillDisk, heal } from './faults.ts';
export type { LabHost } from './host.ts';
export { needsHosts } from './host-image.ts';
export { LAB_PASSWORDS, type LabHosts, type LabHostsOptions, labHosts } from './hosts.ts';
export { type LabKeys, renewHostKeys } from './keys.ts';
export type { LabNetwork } from './network.ts';
export { compareSnapshots, type Snapshot, snapshotHost } from './snapshot/snapshot.ts';
