/** `images.lock`: what each name meant. */

export { checkLocked, type NeededImage } from './check-locked.ts';
export { compareLocks, describeChanges, type LockChange, type PlatformChange } from './compare-locks.ts';
export {
  EMPTY_LOCK,
  FOUND_BY_RECORDING,
  type ImageLock,
  LOCK_FILE,
  type LockedContent,
  type LockedImage,
  type LockSection,
  lockedBase,
  lockedChart,
  recordedImages,
} from './lock.ts';
export { type LockFileContent, readLockFile, writeLockFile } from './lock-file.ts';
export { type LockImagesOptions, lockFromHarvest, type ResolvedImage } from './lock-images.ts';
export { parseLock } from './parse-lock.ts';
export type { Naming, PlaceOptions } from './reason.ts';
export {
  lockedPlatforms,
  type NeededContent,
  type RefreshOptions,
  recordedBesides,
  refreshLock,
} from './refresh-lock.ts';
export { writeLock } from './write-lock.ts';
