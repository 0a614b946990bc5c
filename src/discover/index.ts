/** Which container images does this content need? */

export { describeFinding, explainFinding } from './describe-finding.ts';
export { type DiscoverOptions, discover, type ImageList } from './discover.ts';
export { type Finding, type Findings, groupByReference, type NamedImage } from './finding.ts';
export { findInImageList } from './image-list.ts';
export { findInManifests } from './manifest.ts';
export { isDiscoverable } from './places.ts';
