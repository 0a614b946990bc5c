/** What has to be pushed: the documents that the registry lacks, in the order in which they can be put. */

import { SealerError } from '../../../error.ts';
import type { Descriptor } from '../../../oci/descriptor.ts';
import type { Digest } from '../../../oci/digest.ts';
import type { Document } from '../../../oci/manifest.ts';
import { isIndexType, isManifestType } from '../../../oci/media-types.ts';
import type { Reference } from '../../../oci/reference.ts';
import { knownReferrers, reachable, type Store } from '../../../oci/store/index.ts';
import type { RegistryClient } from '../client.ts';
import { together } from './together.ts';

/** A document, with the documents that must be there before it. */
export interface PushStep {
  readonly document: Document;
  /** The registry has it by its digest, and so all that is below it: registries insist on that. */
  readonly isThere: boolean;
  /** Those that the registry lacks. */
  readonly children: readonly PushStep[];
}

export interface PushPlan {
  readonly top: PushStep;
  /** What refers to the top or to something below it (signatures, SBOMs). */
  readonly referrers: readonly PushStep[];
  /** Config and layers of the documents that the registry lacks, each once. */
  readonly blobs: readonly Descriptor[];
  /** Bytes of what is there with its document. */
  readonly reused: number;
}

/**
 * Compares an image of the store with a repository.
 * @throws SealerError IMAGE_NOT_FOUND when the store lacks the image itself; others of the client
 */
export async function planPush(
  client: RegistryClient,
  store: Store,
  source: Descriptor,
  target: Reference,
  signal?: AbortSignal,
): Promise<PushPlan> {
  const planned = new Map<Digest, Promise<PushStep>>();
  const step = (descriptor: Descriptor, either?: AbortSignal): Promise<PushStep> => {
    const known = planned.get(descriptor.digest) ?? compare(descriptor, either);
    planned.set(descriptor.digest, known);
    return known;
  };
  const compare = async (descriptor: Descriptor, either?: AbortSignal): Promise<PushStep> => {
    const document = withDigest(await store.document(descriptor.digest), descriptor.digest);
    const isThere = await client.hasDocument({ ...target, tag: undefined, digest: descriptor.digest }, either);
    const below = isThere || document.kind === 'manifest' ? [] : await childrenHere(store, document.index.manifests);
    const children = await together(below, step, either);
    return { document, isThere, children: children.filter((child) => !child.isThere) };
  };
  const top = await step(source, signal);
  const referrers = await together(await referrersOf(store, source), step, signal);
  const lacking = unique([top, ...referrers].flatMap(flatten)).filter(({ isThere }) => !isThere);
  const settled = await Promise.all(planned.values());
  return {
    top,
    referrers: referrers.filter(({ isThere }) => !isThere),
    blobs: blobsOf(lacking),
    reused: await sizeOf(
      store,
      settled.filter(({ isThere }) => isThere),
    ),
  };
}

/** A step and all below it. */
function flatten(step: PushStep): readonly PushStep[] {
  return [...step.children.flatMap(flatten), step];
}

/** An index may be in the store with some of its platforms only; the registry says whether it takes it so. */
async function childrenHere(store: Store, children: readonly Descriptor[]): Promise<readonly Descriptor[]> {
  const documents = children.filter(({ mediaType }) => isIndexType(mediaType) || isManifestType(mediaType));
  const here = await Promise.all(documents.map(({ digest }) => store.stat(digest)));
  return documents.filter((_, i) => here[i] !== undefined);
}

/** Referrers of everything in the image, and their referrers (a signature of an SBOM). */
async function referrersOf(store: Store, source: Descriptor): Promise<readonly Descriptor[]> {
  const known = await knownReferrers(store);
  const found = new Map<Digest, Descriptor>();
  const open = [source];
  for (let next = open.pop(); next !== undefined && known.size > 0; next = open.pop()) {
    for await (const { digest } of reachable(store, next)) {
      for (const referrer of known.get(digest) ?? []) {
        if (found.has(referrer.digest)) continue;
        found.set(referrer.digest, referrer);
        open.push(referrer);
      }
    }
  }
  return [...found.values()];
}

function blobsOf(steps: readonly PushStep[]): readonly Descriptor[] {
  const parts = steps.flatMap(({ document }) =>
    document.kind === 'manifest'
      ? [document.manifest.config, ...document.manifest.layers]
      : // An index may list what is no manifest (image-spec 1.1.1).
        document.index.manifests.filter(({ mediaType }) => !isIndexType(mediaType) && !isManifestType(mediaType)),
  );
  return [...new Map(parts.map((part) => [part.digest, part])).values()];
}

async function sizeOf(store: Store, steps: readonly PushStep[]): Promise<number> {
  const sizes = new Map<Digest, number>();
  for (const { document } of steps) {
    for await (const { digest } of reachable(store, document.descriptor)) {
      if (!sizes.has(digest)) sizes.set(digest, (await store.stat(digest)) ?? 0);
    }
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

function unique(steps: readonly PushStep[]): PushStep[] {
  return [...new Map(steps.map((step) => [step.document.descriptor.digest, step])).values()];
}

/** A document that is named by sha512 is pushed under that name. */
function withDigest(document: Document, digest: Digest): Document {
  if (document.descriptor.digest === digest) return document;
  if (digest.startsWith('sha256:')) throw new SealerError('DIGEST_MISMATCH', `The content of ${digest} was altered`);
  return { ...document, descriptor: { ...document.descriptor, digest } };
}
