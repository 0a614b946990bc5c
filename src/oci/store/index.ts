/** The local store. */

export type { Ingested } from './blob-file.ts';
export type { Envelope, Layout, Piece } from './envelope.ts';
export { type ImageSize, imageSize, reachable } from './graph.ts';
export type { Ingest, IngestOptions } from './ingest.ts';
export { type NamedImage, REF_NAME_ANNOTATION } from './names.ts';
export type { PruneOptions, PruneResult } from './prune.ts';
export { storeRoot } from './root.ts';
export type { Scratch } from './scratch.ts';
export { type ByteRange, Store } from './store.ts';
export { knownReferrers } from './stored-documents.ts';
export type { Location } from './verified-read.ts';
