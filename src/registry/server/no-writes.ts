/** The half of a storage that can only be read. The server refuses writes before they get here; this is for who does not. */

import { ApiError } from './api-error.ts';
import type { RegistryStorage } from './storage.ts';

type Writes =
  | 'putManifest'
  | 'deleteTag'
  | 'deleteManifest'
  | 'mount'
  | 'deleteBlob'
  | 'startUpload'
  | 'upload'
  | 'readOnly';

/** What a storage does not have to do that is read only. */
export type ReadableStorage = Omit<RegistryStorage, Writes>;

/** All methods that write; each rejects with UNSUPPORTED (405). */
export const NO_WRITES: Pick<RegistryStorage, Writes> = {
  readOnly: true,
  putManifest: refuse,
  deleteTag: refuse,
  deleteManifest: refuse,
  mount: refuse,
  deleteBlob: refuse,
  startUpload: refuse,
  upload: refuse,
};

async function refuse(): Promise<never> {
  throw new ApiError('UNSUPPORTED', 'This registry is read-only', { headers: { Allow: 'GET, HEAD' } });
}
