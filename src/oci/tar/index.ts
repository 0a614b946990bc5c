/** Tar layers: written the same on every machine, read as if each was hostile. */

export { DEFAULT_LEVELS } from '../compress/chunk-compressor.ts';
export type { Compression } from '../compress/compression.ts';
export { type DiffOptions, diffTree, type Snapshot, snapshotTree } from './diff.ts';
export { comparePaths, type EntryContent, type EntryType, type TarEntry } from './entry.ts';
export { BLOCK_BYTES, END_OF_ARCHIVE, encodeHeader, paddingOf } from './header.ts';
export { isTarArchive } from './is-archive.ts';
export { DEFAULT_LIMITS, type UnpackLimits } from './limits.ts';
export type { ReadOptions } from './members.ts';
export { openLayer } from './open.ts';
export { type PackedLayer, type PackOptions, packLayer } from './pack.ts';
export { type ReadEntry, readEntries } from './read.ts';
export { type UnpackOptions, unpackArchive, unpackLayer } from './unpack.ts';
export { type WalkFilter, type WalkOptions, walkTree } from './walk.ts';
export { OPAQUE_MARKER, WHITEOUT_PREFIX, whiteout } from './whiteout.ts';
