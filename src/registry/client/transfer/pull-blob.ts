/** One blob into the store, once, however many ask for it at the same time. */

import { SealerError } from '../../../error.ts';
import type { Descriptor } from '../../../oci/descriptor.ts';
import { type Digest, shortDigest } from '../../../oci/digest.ts';
import type { Reference } from '../../../oci/reference.ts';
import type { Store } from '../../../oci/store/index.ts';
import { isThere } from '../../../oci/whole-content.ts';
import { type Report, silent } from '../../../progress.ts';
import type { RegistryClient } from '../client.ts';
import { untilAborted } from '../http/abort.ts';
import { noteSource } from './sources.ts';

export interface PullBlobOptions {
  readonly signal?: AbortSignal | undefined;
  readonly report?: Report | undefined;
  /** For people. Default: the short digest. */
  readonly label?: string | undefined;
}

/** What became of a blob, in bytes: `moved` crossed the network, `reused` was here (also from a broken attempt). */
export interface PulledBlob {
  readonly moved: number;
  readonly reused: number;
}

/**
 * Fetches a blob into the store unless it is there. Asked for twice at the same time, it is fetched once.
 * @throws SealerError DIGEST_MISMATCH, SIZE_MISMATCH, IMAGE_NOT_FOUND and others of the client and the store
 */
export async function pullBlob(
  client: RegistryClient,
  store: Store,
  ref: Reference,
  blob: Descriptor,
  options: PullBlobOptions = {},
): Promise<PulledBlob> {
  const { signal } = options;
  const flights = flightsOf(store);
  for (;;) {
    signal?.throwIfAborted();
    const other = flights.get(blob.digest);
    if (other === undefined) break;
    // Whether it came or not is seen below: who fetched it may have been told to stop, which is not our affair.
    await untilAborted(other, signal);
  }
  const flight = fetchUnlessThere(client, store, ref, blob, options);
  const ended = flight.then(
    () => {},
    () => {},
  );
  flights.set(blob.digest, ended);
  try {
    return await flight;
  } finally {
    flights.delete(blob.digest);
  }
}

const inFlight = new WeakMap<Store, Map<Digest, Promise<void>>>();

function flightsOf(store: Store): Map<Digest, Promise<void>> {
  const known = inFlight.get(store) ?? new Map<Digest, Promise<void>>();
  inFlight.set(store, known);
  return known;
}

async function fetchUnlessThere(
  client: RegistryClient,
  store: Store,
  ref: Reference,
  blob: Descriptor,
  options: PullBlobOptions,
): Promise<PulledBlob> {
  const { report = silent, label = shortDigest(blob.digest) } = options;
  const id = blob.digest;
  report({ type: 'start', id, label, unit: 'bytes', total: blob.size });
  try {
    if (await isThere(store, blob)) {
      report({ type: 'end', id, outcome: 'exists', moved: 0 });
      return { moved: 0, reused: blob.size };
    }
    const pulled = await fetchTwice(client, store, ref, blob, options);
    report({ type: 'end', id, outcome: 'done', moved: pulled.moved });
    await noteSource(store, blob.digest, ref);
    return pulled;
  } catch (error) {
    report({ type: 'end', id, outcome: options.signal?.aborted ? 'cancelled' : 'failed' });
    throw error;
  }
}

/** What an earlier attempt left can be broken; only what is broken when fetched afresh is the registry's fault. */
async function fetchTwice(
  client: RegistryClient,
  store: Store,
  ref: Reference,
  blob: Descriptor,
  options: PullBlobOptions,
): Promise<PulledBlob> {
  const { signal, report = silent } = options;
  let moved = 0;
  const advance = (delta: number) => {
    if (delta !== 0) report({ type: 'advance', id: blob.digest, delta });
  };
  for (let tries = 1; ; tries += 1) {
    await using ingest = await store.ingest({ digest: blob.digest, size: blob.size, signal });
    const reused = ingest.offset;
    advance(reused);
    let came = 0;
    const onBytes = (count: number) => {
      came += count;
      if (count > 0) moved += count;
      advance(count);
    };
    try {
      await client.fetchBlob(ref, blob, ingest, onBytes, signal);
      await ingest.commit();
      return { moved, reused: Math.max(0, blob.size - moved) };
    } catch (error) {
      const isBroken = error instanceof SealerError && error.code === 'DIGEST_MISMATCH';
      if (!isBroken || reused === 0 || tries === 2) throw error;
      advance(-(reused + came));
    }
  }
}
