/** The embedded registry: OCI distribution-spec 1.1.1 over a folder or over the local store. */

export { ApiError, type ApiErrorCode } from './api-error.ts';
export { folderStorage } from './folder/folder-storage.ts';
export type { AccessEntry } from './handler.ts';
export type { Limits } from './limits.ts';
export { NO_WRITES, type ReadableStorage } from './no-writes.ts';
export { type RunningRegistry, type ServeOptions, serveRegistry } from './serve.ts';
export type { Deletion, Origin, RegistryStorage, StoredBlob, StoredManifest, Upload } from './storage.ts';
export { storeStorage } from './store/store-storage.ts';
