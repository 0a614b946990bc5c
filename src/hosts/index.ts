/** Target machines: what runs commands there and brings files, and the books about the files that are left there. */

export { type ContainerHostOptions, containerHost } from './container/container-host.ts';
export {
  type FootprintFile,
  type FootprintOptions,
  installedFiles,
  installFiles,
  removeFiles,
  restoreFootprint,
} from './footprint/index.ts';
export { type HostNames, removeHostNames, setHostNames } from './hosts-file.ts';
export { type ForEachHostOptions, forEachHost } from './limit.ts';
export { type LocalHostOptions, localHost } from './local/local-host.ts';
export { type HostLog, type HostLogs, openHostLogs } from './log.ts';
export { type ConnectOptions, connectSsh } from './ssh/connect-ssh.ts';
export { fingerprintOf, type HostKeyOptions, type HostKeys, loadHostKeys } from './ssh/host-keys.ts';
