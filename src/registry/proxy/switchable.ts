/** A storage that can be another one from a moment on, while clients stay connected. */

import type { RegistryStorage } from '../server/index.ts';

export type SwitchableStorage = RegistryStorage & {
  /** What begins from now on is answered from the next storage; what is under way ends with the one it began with. */
  use(next: RegistryStorage): void;
};

/**
 * Makes a storage that hands everything on. Storages that take turns should name repositories alike: a request that is
 * being answered asks several times.
 */
export function switchableStorage(first: RegistryStorage): SwitchableStorage {
  let current = first;
  const used = new Set([first]);
  return {
    use(next) {
      current = next;
      used.add(next);
    },
    get readOnly() {
      return current.readOnly;
    },
    locate: (...args) => current.locate(...args),
    repositories: (...args) => current.repositories(...args),
    hasRepository: (...args) => current.hasRepository(...args),
    tags: (...args) => current.tags(...args),
    resolve: (...args) => current.resolve(...args),
    manifest: (...args) => current.manifest(...args),
    putManifest: (...args) => current.putManifest(...args),
    deleteTag: (...args) => current.deleteTag(...args),
    deleteManifest: (...args) => current.deleteManifest(...args),
    referrers: (...args) => current.referrers(...args),
    blob: (...args) => current.blob(...args),
    mount: (...args) => current.mount(...args),
    deleteBlob: (...args) => current.deleteBlob(...args),
    startUpload: (...args) => current.startUpload(...args),
    upload: (...args) => current.upload(...args),
    async close() {
      await Promise.all([...used].map((each) => each.close?.()));
    },
  };
}
