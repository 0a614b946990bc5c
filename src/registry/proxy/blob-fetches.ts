/**
 * Blobs on their way into the store: each fetched once however many ask for it. What somebody waits for comes at once;
 * beside that, a few come that will be asked for soon, the largest first, since they take longest.
 */

import { SealerError } from '../../error.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { isNondistributable } from '../../oci/media-types.ts';
import type { Reference } from '../../oci/reference.ts';
import type { Store } from '../../oci/store/index.ts';
import { isThere } from '../../oci/whole-content.ts';
import type { UpstreamSource } from './upstream.ts';

/** Brings a blob that the store lacks into it, verified. */
export type BringBlob = (blob: Descriptor, from: Reference, signal: AbortSignal) => Promise<void>;

export interface BlobFetchOptions {
  readonly store: Store;
  readonly bring: BringBlob;
  readonly signal: AbortSignal;
}

/** How many are fetched at once; the client limits requests by host besides. */
const IN_FLIGHT = 8;
/** How many of them before they are asked for: fewer than the client's requests by host, so that one is left for who waits. */
const AHEAD = 3;
/** A config is asked for before all layers, and waiting for its turn would take longer than fetching it. */
const SMALL = 64 * 1024;
/** No image has more layers than an engine can mount; what claims to have is fetched as it is asked for. */
const PREFETCHED = 500;
/** How often a blob is tried again because somebody else's attempt, from another repository, failed. */
const ATTEMPTS = 3;

interface Flight {
  readonly blob: Descriptor;
  readonly from: Reference;
  readonly ended: Promise<void>;
  /** Somebody waits for it, or it is small. */
  isUrgent: boolean;
  readonly begin: () => void;
}

export class BlobFetches {
  readonly #options: BlobFetchOptions;
  readonly #flights = new Map<Digest, Flight>();
  /** Those of the flights that have not begun. */
  readonly #queue = new Set<Flight>();
  #running = 0;
  /** Those of the running that began without being urgent. */
  #ahead = 0;

  constructor(options: BlobFetchOptions) {
    this.#options = options;
  }

  /** Begins to bring blobs that will be asked for. What fails is tried again when somebody does. */
  prefetch(blobs: readonly Descriptor[], from: Reference): void {
    if (blobs.length > PREFETCHED) return;
    for (const blob of blobs) {
      if (isNondistributable(blob.mediaType) || this.#flights.has(blob.digest)) continue;
      this.#enqueue(blob, from, blob.size <= SMALL);
    }
    this.#next();
  }

  /**
   * Brings a blob, if the store does not have it. Who stops waiting does not stop the fetch.
   * @throws what the bringing throws
   */
  async bring(blob: Descriptor, from: Reference): Promise<void> {
    const { store, signal } = this.#options;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if (await isThere(store, blob)) return;
      signal.throwIfAborted();
      const flight = this.#flights.get(blob.digest) ?? this.#enqueue(blob, from, true);
      flight.isUrgent = true;
      this.#next();
      try {
        await flight.ended;
      } catch (error) {
        if (attempt === ATTEMPTS || isSameRepository(flight.from, from)) throw error;
      }
    }
    if (!(await isThere(store, blob))) throw lost(blob);
  }

  /** Waits until nothing is under way any more. */
  async settle(): Promise<void> {
    await Promise.allSettled([...this.#flights.values()].map(({ ended }) => ended));
  }

  #enqueue(blob: Descriptor, from: Reference, isUrgent: boolean): Flight {
    const { promise, resolve } = Promise.withResolvers<void>();
    const ended = promise.then(() => this.#fetch(blob, from)).finally(() => this.#flights.delete(blob.digest));
    // What is fetched ahead fails without anybody there to hear of it.
    ended.catch(() => {});
    const flight = { blob, from, ended, isUrgent, begin: resolve };
    this.#flights.set(blob.digest, flight);
    this.#queue.add(flight);
    return flight;
  }

  async #fetch(blob: Descriptor, from: Reference): Promise<void> {
    const { store, bring, signal } = this.#options;
    signal.throwIfAborted();
    if (await isThere(store, blob)) return;
    signal.throwIfAborted();
    await bring(blob, from, signal);
  }

  #next(): void {
    while (this.#running < IN_FLIGHT) {
      const flight = this.#mostWanted();
      if (flight === undefined) return;
      this.#begin(flight);
    }
  }

  #begin(flight: Flight): void {
    const isAhead = !flight.isUrgent;
    this.#queue.delete(flight);
    this.#running += 1;
    if (isAhead) this.#ahead += 1;
    const end = () => {
      this.#running -= 1;
      if (isAhead) this.#ahead -= 1;
      this.#next();
    };
    flight.ended.then(end, end);
    flight.begin();
  }

  #mostWanted(): Flight | undefined {
    let largest: Flight | undefined;
    for (const flight of this.#queue) {
      // The first that is urgent has waited longest.
      if (flight.isUrgent) return flight;
      if (largest === undefined || flight.blob.size > largest.blob.size) largest = flight;
    }
    return this.#ahead < AHEAD ? largest : undefined;
  }
}

/** Brings blobs as they are. */
export function bringPlain(store: Store, source: Pick<UpstreamSource, 'fetchBlob'>): BringBlob {
  return async (blob, from, signal) => {
    await using ingest = await store.ingest({ digest: blob.digest, size: blob.size, signal });
    await source.fetchBlob(from, blob, ingest, undefined, signal);
    await ingest.commit();
  };
}

function isSameRepository(a: Reference, b: Reference): boolean {
  return a.registry === b.registry && a.repository === b.repository;
}

function lost({ digest }: Descriptor): SealerError {
  return new SealerError('IMAGE_NOT_FOUND', `The blob ${digest} was fetched and is gone from the store`, {
    hint: 'Something else empties the store; let it rest.',
  });
}
