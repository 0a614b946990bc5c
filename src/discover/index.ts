/** Which container images does this content need? */

export { apiVersionsIn } from './api-versions.ts';
export { describeFinding, explainFinding } from './describe-finding.ts';
export { type DiscoverOptions, discover, type ImageList } from './discover.ts';
export { certaintyOf, type Finding, type Findings, groupByReference, type NamedImage } from './finding.ts';
export { findInImageList } from './lists/image-list.ts';
export { findInScript } from './lists/script.ts';
export { findInManifests } from './manifest/find-in-manifests.ts';
export { joinMissingTools } from './missing-tools.ts';
export type { AppValues } from './places/charts.ts';
export { isDiscoverable, mustBeRead } from './places/roles.ts';
export { chooseDiscoverable } from './places/wanted.ts';
export { parseIgnoring, withoutIgnored } from './rules/ignoring.ts';
export { parseRules } from './rules/parse-rules.ts';
export { type ChartRule, type EngineName, NO_RULES, type Rules } from './rules/rules.ts';
