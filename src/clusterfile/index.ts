/** Clusterfiles: reading, writing, changing them. Pure: environment and files come in as parameters. */

export { canonicalAddress, type HostAddress, MAX_RANGE, parseHostList } from './addresses/hosts.ts';
export { formatTaint, isLabelKey, isLabelValue, parseTaint } from './addresses/taint.ts';
export {
  applyApplicationFiles,
  applyConfig,
  type ChangedFile,
  configPath,
  type TargetFile,
} from './config/apply-config.ts';
export type * from './desired.ts';
export { DEFAULT_DATA_ROOT, DEFAULT_NAME } from './documents/cluster.ts';
export { OLDER_PHASES, PHASES, phaseOf } from './documents/phases.ts';
export { PLUGIN_TYPES } from './documents/plugin.ts';
export {
  type Cidr,
  containsAddress,
  formatCidr,
  formatIp,
  type IpAddress,
  nthAddress,
  overlaps,
  parseCidr,
  parseIp,
  sizeOf,
} from './network.ts';
export { type ParsedClusterfile, type ParseOptions, parseClusterfile, parsePlugins } from './parse.ts';
export { hostEnv, RESERVED_NAMES, type ReservedFacts, reservedEnv } from './reserved-env.ts';
export { renderRootfsTemplate } from './template.ts';
