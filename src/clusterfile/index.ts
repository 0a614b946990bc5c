/** Clusterfiles: reading, writing, changing them. Pure: environment and files come in as parameters. */

export { canonicalAddress, type HostAddress, MAX_RANGE, parseHostList } from './addresses/hosts.ts';
export { formatTaint, isLabelKey, isLabelValue, parseTaint } from './addresses/taint.ts';
export {
  applyApplicationFiles,
  applyConfig,
  configPath,
  type TargetFile,
} from './config/apply-config.ts';
export type * from './desired.ts';
export { DEFAULT_DATA_ROOT, DEFAULT_NAME } from './documents/cluster.ts';
export { OLDER_PHASES, PHASES, phaseOf } from './documents/phases.ts';
export { PLUGIN_TYPES } from './documents/plugin.ts';
export type { ClusterfileFlags } from './flags/flags.ts';
export { addHosts, clusterfileFromFlags, mergeFlags, removeHosts } from './flags/from-flags.ts';
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
export { clusterfileSchema } from './schema/json-schema.ts';
export { renderRootfsTemplate } from './template.ts';
export { genClusterfile } from './write/generate.ts';
export { redact, secretsOf } from './write/secrets.ts';
export { writeClusterfile } from './write/write.ts';
