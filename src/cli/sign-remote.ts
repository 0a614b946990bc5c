/** Signs what a registry has without fetching it: an index that was joined there, an image that another job pushed. */

import type { MadeAttestation, Signer } from '../attest/index.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { familiarReference, type Reference } from '../oci/reference.ts';
import type { Session } from './session.ts';
import { VERSION } from './version.ts';

/**
 * Signs a digest and puts the signature beside it.
 * @param repositories where it is; tags and digests in them are ignored
 * @throws SealerError of the signer and of the registries
 */
export async function signRemote(
  { store, client, report }: Pick<Session, 'store' | 'client' | 'report'>,
  image: Descriptor,
  repositories: readonly Reference[],
  { signer, signal }: { readonly signer: Signer; readonly signal: AbortSignal },
): Promise<readonly MadeAttestation[]> {
  const { attestImage } = await import('../attest/index.ts');
  const { pushImage } = await import('../registry/client/index.ts');
  const made = await attestImage(store, image, { sbom: false, signer, version: VERSION, signal });
  const places = new Map(
    repositories.map(({ registry, repository }) => {
      const place = { registry, repository };
      return [familiarReference(place), place] as const;
    }),
  );
  for (const place of places.values()) {
    for (const { digest } of made) {
      await pushImage(client, store, (await store.document(digest)).descriptor, place, { report, signal });
    }
  }
  return made;
}
