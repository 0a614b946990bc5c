/** What refers to an image, from its registry into the store: signatures, SBOMs, provenance. */

import { SealerError } from '../../../error.ts';
import type { Descriptor } from '../../../oci/descriptor.ts';
import { type Digest, shortDigest } from '../../../oci/digest.ts';
import type { Document } from '../../../oci/manifest.ts';
import type { Reference } from '../../../oci/reference.ts';
import type { Store } from '../../../oci/store/index.ts';
import { type Report, silent } from '../../../progress.ts';
import type { RegistryClient } from '../client.ts';
import { pullBlob } from './pull-blob.ts';

export interface PullReferrersOptions {
  readonly signal?: AbortSignal | undefined;
  readonly report?: Report | undefined;
}

/** Bytes of one referrer: an SBOM is a few megabytes. What is larger is for those who ask for it. */
const MAX_REFERRER_BYTES = 64 * 1024 * 1024;
/** For each subject. Anybody who may push can attach things without end. */
const MAX_REFERRERS = 200;
/** A signature of an SBOM of an image. */
const MAX_DEPTH = 2;

/**
 * Pulls what refers to some manifests. What is here is not fetched again. Referrers are an addition: one that is broken, too large
 * or gone is left out with a warning.
 * @returns bytes that crossed the network
 * @throws SealerError of the client where the registry cannot be reached or refuses
 */
export async function pullReferrers(
  client: RegistryClient,
  store: Store,
  ref: Reference,
  subjects: readonly Digest[],
  options: PullReferrersOptions = {},
): Promise<number> {
  let moved = 0;
  let open = [...new Set(subjects)];
  for (let depth = 0; depth < MAX_DEPTH && open.length > 0; depth++) {
    const next: Digest[] = [];
    for (const subject of open) {
      const found = await client.referrers(ref, subject, undefined, options.signal);
      for (const referrer of found.slice(0, MAX_REFERRERS)) {
        const bytes = await pullOne(client, store, ref, referrer, options);
        if (bytes === undefined) continue;
        moved += bytes;
        next.push(referrer.digest);
      }
    }
    open = next;
  }
  return moved;
}

async function pullOne(
  client: RegistryClient,
  store: Store,
  ref: Reference,
  referrer: Descriptor,
  { signal, report = silent }: PullReferrersOptions,
): Promise<number | undefined> {
  const label = `${shortDigest(referrer.digest)} (refers to the image)`;
  try {
    const { document, moved } = await pullDocument(client, store, ref, referrer, signal);
    if (document.kind === 'index') return undefined;
    const { config, layers } = document.manifest;
    const blobs = [config, ...layers];
    const bytes = blobs.reduce((sum, { size }) => sum + size, 0);
    if (bytes > MAX_REFERRER_BYTES) throw new SealerError('INVALID_MANIFEST', `it has ${bytes} bytes`);
    let sum = moved;
    for (const blob of blobs) sum += (await pullBlob(client, store, ref, blob, { signal, report, label })).moved;
    // Last: what the store knows to refer to an image is whole, for push and save insist on that.
    await store.add(document.bytes, document.descriptor.mediaType);
    return sum;
  } catch (error) {
    if (!(error instanceof SealerError) || !LEFT_OUT.has(error.code)) throw error;
    report({ type: 'note', level: 'warning', message: `${label} is left out: ${error.message}` });
    return undefined;
  }
}

const LEFT_OUT: ReadonlySet<string> = new Set([
  'IMAGE_NOT_FOUND',
  'DIGEST_MISMATCH',
  'SIZE_MISMATCH',
  'INVALID_MANIFEST',
]);

async function pullDocument(
  client: RegistryClient,
  store: Store,
  ref: Reference,
  { digest }: Descriptor,
  signal: AbortSignal | undefined,
): Promise<{ readonly document: Document; readonly moved: number }> {
  if ((await store.stat(digest)) !== undefined) return { document: await store.document(digest), moved: 0 };
  const document = await client.document({ ...ref, tag: undefined, digest }, signal);
  return { document, moved: document.bytes.length };
}
