/** Where hosts fetch from. */

import type { RegistryAccess } from '../../runtime/runtime.ts';

/** A registry that gives a cluster's layers as blobs of one repository. */
export interface FetchSource {
  readonly access: Pick<RegistryAccess, 'endpoints' | 'caFile' | 'credentials'>;
  /** `sealer/<cluster>` */
  readonly repository: string;
}

/** URLs that a digest is put after, one per endpoint; hosts begin with different ones. */
export function blobUrls({ access, repository }: FetchSource, turn: number): readonly string[] {
  const urls = access.endpoints.map(({ scheme, authority }) => `${scheme}://${authority}/v2/${repository}/blobs/`);
  const first = urls.length === 0 ? 0 : turn % urls.length;
  return [...urls.slice(first), ...urls.slice(0, first)];
}
