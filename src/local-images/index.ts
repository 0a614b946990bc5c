/** Container images that are on this machine already: in archives, and in container engines. */

export { type EngineImage, type EngineKind, type EngineSource, engineSource } from './engine/engine.ts';
export { type EngineFallback, engineFallback } from './engine/fallback.ts';
export { type ImportedImage, type ImportOptions, importArchive, type LocalArchive } from './import-archive.ts';
export { fileArchive } from './local-archive.ts';
export { type LocalImageFile, localImageFile } from './local-files.ts';
export { type LocalImages, type LocalImagesRequest, type LocalName, openLocalImages } from './open-local-images.ts';
