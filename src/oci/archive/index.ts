/** Images as one file: `save` and `load`. */

export { type ArchiveLimits, DEFAULT_LIMITS } from './archive-files.ts';
export { type LoadedImage, type LoadOptions, type LoadResult, loadArchive } from './load.ts';
export { type ArchiveFormat, type SavedImage, type SaveOptions, saveArchive } from './save.ts';
