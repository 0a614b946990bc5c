/** The image to run: of the store, or fetched into it. */

import type { TrustPolicy } from '../../attest/index.ts';
import type { ClusterWorld, RunnableImage } from '../../cluster/index.ts';
import { SealerError } from '../../error.ts';
import { parseDigest } from '../../oci/digest.ts';
import { hostPlatform } from '../../oci/platform.ts';
import { formatReference, isReference, parseReference, type Reference } from '../../oci/reference.ts';
import type { NamedImage } from '../../oci/store/index.ts';
import { completeBaseName, findImage } from '../find-image.ts';
import { requireTrusted } from '../trusted-image.ts';

export type PullMode = 'missing' | 'always' | 'never';

export interface ImageOptions {
  readonly pull?: PullMode | undefined;
  /** Of the manifest, where it has to be a certain one, whatever the name means by now. */
  readonly digest?: string | undefined;
  /** Whose signature the image has to have. It is verified before anything of the image is read or fetched. */
  readonly trust?: TrustPolicy | undefined;
}

/**
 * Finds an image, or pulls it for hosts of an architecture.
 * @param named as the user wrote it
 * @throws SealerError IMAGE_NOT_FOUND, and what pulling throws; SIGNATURE_MISSING, SIGNATURE_INVALID
 */
export async function runnableImage(
  world: Pick<ClusterWorld, 'store' | 'client' | 'report' | 'signal' | 'baseRegistry'>,
  named: string,
  arch: string,
  { pull = 'missing', digest, trust }: ImageOptions = {},
): Promise<RunnableImage> {
  const { loadRunnableImage } = await import('../../cluster/index.ts');
  const { store, client, report, signal } = world;
  const image = await completeBaseName(store, named, world.baseRegistry);
  if (image === '') {
    throw new SealerError('USAGE', 'No image is named', {
      hint: 'sealer run IMAGE, or spec.image of the Clusterfile.',
    });
  }
  // A signature is of what the name means: the manifest of one platform has none of its own.
  if (digest !== undefined && trust === undefined) {
    const byDigest = await store.document(parseDigest(digest)).catch(absent);
    if (byDigest !== undefined) return await loadRunnableImage(store, image, byDigest.descriptor, arch);
  }
  const isRemote = isReference(image);
  const known = pull === 'always' && isRemote ? undefined : await findImage(store, image).catch(absent);
  if (known !== undefined) {
    if (trust !== undefined) await requireKnown(world, known, pull, trust);
    const loaded = await loadRunnableImage(store, image, known.descriptor, arch).catch((error: unknown) => {
      // Pulled for another platform once.
      if (error instanceof SealerError && error.code === 'IMAGE_NOT_FOUND' && isRemote && pull !== 'never')
        return undefined;
      throw error;
    });
    if (loaded !== undefined && (digest === undefined || loaded.digest === digest)) return loaded;
  }
  if (!isRemote || pull === 'never') {
    throw new SealerError('IMAGE_NOT_FOUND', `There is no image ${image} in the store`, {
      hint: 'sealer images lists what there is; sealer load reads an archive.',
    });
  }
  const { pullImage } = await import('../../registry/client/index.ts');
  const reference =
    digest === undefined ? parseReference(image) : { ...parseReference(image), digest: parseDigest(digest) };
  const platform = { ...hostPlatform(), os: 'linux', architecture: arch };
  const pinned = trust === undefined ? reference : await verifiedReference(world, reference, trust);
  const { descriptor } = await pullImage(client, store, pinned, { platforms: [platform], report, signal });
  await store.tag(formatReference(reference), descriptor);
  return await loadRunnableImage(store, image, descriptor, arch);
}

/**
 * Verifies what a name means, before anything else is done: no host is asked for anything for an image that is refused.
 * @throws SealerError SIGNATURE_MISSING, SIGNATURE_INVALID, and what the registry throws
 */
export async function requireSigned(
  world: Pick<ClusterWorld, 'store' | 'client' | 'report' | 'signal' | 'baseRegistry'>,
  named: string,
  { pull = 'missing', trust }: Pick<ImageOptions, 'pull'> & { readonly trust: TrustPolicy },
): Promise<void> {
  const image = await completeBaseName(world.store, named, world.baseRegistry);
  const isRemote = isReference(image);
  const known = pull === 'always' && isRemote ? undefined : await findImage(world.store, image).catch(absent);
  if (known !== undefined) await requireKnown(world, known, pull, trust);
  else if (isRemote && pull !== 'never') await verifiedReference(world, parseReference(image), trust);
}

async function requireKnown(
  world: Pick<ClusterWorld, 'store' | 'client' | 'report' | 'signal'>,
  { name, descriptor }: NamedImage,
  pull: PullMode,
  policy: TrustPolicy,
): Promise<void> {
  const from = isReference(name) && pull !== 'never' ? parseReference(name) : undefined;
  await requireTrusted(world, { digest: descriptor.digest, policy, from, signal: world.signal });
}

/** What a name means now, and is signed; the name may mean something else in a moment, the digest may not. */
async function verifiedReference(
  world: Pick<ClusterWorld, 'store' | 'client' | 'report' | 'signal'>,
  reference: Reference,
  policy: TrustPolicy,
): Promise<Reference> {
  const { digest } = await world.client.resolve(reference, world.signal);
  await requireTrusted(world, { digest, policy, from: reference, signal: world.signal });
  return { ...reference, digest };
}

function absent(error: unknown): undefined {
  if (error instanceof SealerError && error.code === 'IMAGE_NOT_FOUND') return undefined;
  throw error;
}
