/** The names of the store, which are a file each: read at most once a second, however many blobs are pulled. */

import type { Store } from '../../../oci/store/index.ts';
import { type RepositoryImage, toRepositoryImages } from './store-names.ts';

const FRESH_MS = 1000;

export interface NameReader {
  all(): Promise<readonly RepositoryImage[]>;
  of(repository: string): Promise<readonly RepositoryImage[]>;
  /** To be called when we changed a name. Changes of other processes show within a second. */
  forget(): void;
}

/** Makes a reader of names. */
export function nameReader(store: Store): NameReader {
  let images: Promise<readonly RepositoryImage[]> | undefined;
  let read = 0;
  const all = () => {
    if (images === undefined || performance.now() - read > FRESH_MS) {
      read = performance.now();
      images = store.names().then(toRepositoryImages);
      // A failure is not to be remembered.
      images.catch(() => {
        images = undefined;
      });
    }
    return images;
  };
  return {
    all,
    of: async (repository) => (await all()).filter((image) => image.repository === repository),
    forget: () => {
      images = undefined;
    },
  };
}
