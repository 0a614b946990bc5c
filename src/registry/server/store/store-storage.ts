import type { RegistryStorage } from '../storage.ts';
export function storeStorage(_store: unknown): RegistryStorage {
  throw new Error('not yet');
}
