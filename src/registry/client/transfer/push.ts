/**
 * An image from the store into a registry: what is there is not sent again, what another repository of the registry has
 * is mounted, and nothing is named before all that it needs is there.
 */

import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { SealerError } from '../../../error.ts';
import type { Descriptor } from '../../../oci/descriptor.ts';
import { type Digest, shortDigest } from '../../../oci/digest.ts';
import { isNondistributable } from '../../../oci/media-types.ts';
import { familiarReference, type Reference } from '../../../oci/reference.ts';
import type { Store } from '../../../oci/store/index.ts';
import { checkedSize } from '../../../oci/whole-content.ts';
import { type Outcome, type Report, silent } from '../../../progress.ts';
import type { RegistryClient } from '../client.ts';
import { type PushStep, planPush } from './push-plan.ts';
import { knownSources, noteSource } from './sources.ts';
import { together } from './together.ts';

export interface PushOptions {
  readonly signal?: AbortSignal | undefined;
  readonly report?: Report | undefined;
}

export interface PushResult {
  readonly digest: Digest;
  /** Bytes that crossed the network. */
  readonly moved: number;
  /** Bytes that the registry took from another of its repositories. */
  readonly mounted: number;
  /** Bytes that were there. */
  readonly reused: number;
}

interface Push {
  readonly client: RegistryClient;
  readonly store: Store;
  readonly target: Reference;
  readonly report: Report;
}

/** One read of a file: few large pieces cost less than many small ones (measured). */
const READ_BYTES = 1024 * 1024;

/**
 * Pushes an image, and what the store knows to refer to it (signatures, SBOMs).
 * @param source what to push; of an index those platforms that the store has
 * @param target where to; without a tag it is pushed under its digest
 * @throws SealerError IMAGE_NOT_FOUND when the store lacks a part, UNAUTHORIZED, DENIED, REGISTRY_ERROR, DIGEST_MISMATCH
 *   and others of the client and the store
 */
export async function pushImage(
  client: RegistryClient,
  store: Store,
  source: Descriptor,
  target: Reference,
  options: PushOptions = {},
): Promise<PushResult> {
  const { signal, report = silent } = options;
  const push: Push = { client, store, target, report };
  const { top, referrers, blobs, reused } = await planPush(client, store, source, target, signal);
  const counts = { moved: 0, mounted: 0, reused };
  // Large ones first: a large one that begins last would run alone.
  const order = blobs.filter(({ mediaType }) => !isNondistributable(mediaType)).sort((a, b) => b.size - a.size);
  for (const { moved, mounted, reused } of await together(
    order,
    (blob, either) => pushPart(push, blob, either),
    signal,
  )) {
    counts.moved += moved;
    counts.mounted += mounted;
    counts.reused += reused;
  }
  const putBelow = async (step: PushStep, either?: AbortSignal): Promise<void> => {
    await together(step.children, putBelow, either);
    if (step === top) return;
    const moved = await putStep(push, step, undefined, either);
    counts.moved += moved;
  };
  await putBelow(top, signal);
  if (referrers.length > 0 && !top.isThere) counts.moved += await putStep(push, top, undefined, signal);
  // Before the name: who looks for signatures never sees it without them.
  for (const referrer of referrers) await putBelow(referrer, signal);
  counts.moved += await putTop(push, top, signal);
  return { digest: source.digest, ...counts };
}

async function pushPart(
  { client, store, target, report }: Push,
  blob: Descriptor,
  signal: AbortSignal,
): Promise<Omit<PushResult, 'digest'>> {
  const id = blob.digest;
  const label = `${familiarReference(target)} ${shortDigest(blob.digest)}`;
  await checkedSize(store, blob);
  report({ type: 'start', id, label, unit: 'bytes', total: blob.size });
  try {
    const mountFrom = await knownSources(store, blob.digest, target);
    let sent = 0;
    const onBytes = (delta: number) => {
      if (delta > 0) sent += delta;
      report({ type: 'advance', id, delta });
    };
    const source = (range?: { start: number; end?: number }) => openBlob(store, blob, range);
    const how = await client.pushBlob(target, blob, source, { mountFrom, onBytes, signal });
    await noteSource(store, blob.digest, target);
    const outcome: Outcome = how === 'uploaded' ? 'done' : how;
    report({ type: 'end', id, outcome, moved: sent });
    return {
      moved: sent,
      mounted: how === 'mounted' ? blob.size : 0,
      reused: how === 'exists' ? blob.size : 0,
    };
  } catch (error) {
    report({ type: 'end', id, outcome: signal.aborted ? 'cancelled' : 'failed' });
    if (error instanceof SealerError && error.code === 'DIGEST_MISMATCH') await verify(store, blob.digest);
    throw error;
  }
}

/** Unverified: the registry checks each digest itself, and to do it twice costs a second per GB. */
async function openBlob(store: Store, blob: Descriptor, range?: { start: number; end?: number }): Promise<Readable> {
  const found = await store.locate(blob.digest);
  if (found === undefined || found.size === 0) return await store.read(blob.digest, range);
  const start = range?.start ?? 0;
  const end = Math.min(range?.end ?? Infinity, found.size - 1);
  return createReadStream(found.file, { start, end, highWaterMark: READ_BYTES });
}

/** When a registry says that content is not what it should be, the store's own check tells, and mends the store. */
async function verify(store: Store, digest: Digest): Promise<void> {
  for await (const _ of await store.read(digest));
}

async function putTop(push: Push, top: PushStep, signal: AbortSignal | undefined): Promise<number> {
  const { client, target } = push;
  const { tag } = target;
  if (!top.isThere) return await putStep(push, top, tag, signal);
  if (tag === undefined) return 0;
  const known = await resolveOrUndefined(client, { ...target, digest: undefined }, signal);
  return known === top.document.descriptor.digest ? 0 : await putStep(push, top, tag, signal);
}

async function putStep(
  { client, target, store }: Push,
  { document }: PushStep,
  tag: string | undefined,
  signal: AbortSignal | undefined,
): Promise<number> {
  try {
    await client.putDocument({ ...target, tag, digest: undefined }, document, signal);
  } catch (error) {
    if (document.kind !== 'index' || !(error instanceof SealerError) || error.code !== 'REGISTRY_ERROR') throw error;
    const here = await Promise.all(document.index.manifests.map(({ digest }) => store.stat(digest)));
    if (!here.includes(undefined)) throw error;
    throw new SealerError(error.code, error.message, {
      hint: 'The store has not all platforms of this image, and this registry wants all. Pull all of them first.',
      cause: error,
    });
  }
  return document.bytes.length;
}

async function resolveOrUndefined(
  client: RegistryClient,
  ref: Reference,
  signal: AbortSignal | undefined,
): Promise<Digest | undefined> {
  try {
    return (await client.resolve(ref, signal)).digest;
  } catch (error) {
    if (error instanceof SealerError && error.code === 'IMAGE_NOT_FOUND') return undefined;
    throw error;
  }
}
