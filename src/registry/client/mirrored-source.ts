/** Content from somewhere else than its name says: mirrors of the user. Names and digests stay what they are. */

import { type ErrorCode, SealerError } from '../../error.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Document } from '../../oci/manifest.ts';
import { familiarReference, formatReference, type Reference } from '../../oci/reference.ts';
import type { RegistryClient } from './client.ts';

/** What is asked for images: a registry client, or something in front of one. */
export type MirrorableSource = Pick<RegistryClient, 'resolve' | 'document' | 'fetchBlob'>;

/**
 * Where to fetch a reference: one place, or several in the order in which they are asked. The reference itself, or none,
 * where no mirror is meant.
 */
export type FetchFrom = (reference: Reference) => Reference | readonly Reference[];

/**
 * A source that asks mirrors first, and the original where they do not have what is asked for or cannot be reached. What
 * a mirror gives is checked as if it came from the original: by the digest that was asked for. A wrong digest is no
 * reason to go on but an error, since it tells of damage or of an attack.
 * @returns a source that fails with the error of the first place that was asked, its message telling of all
 */
export function mirroredSource(source: MirrorableSource, fetchFrom: FetchFrom): MirrorableSource {
  return {
    resolve: (reference, signal, options): Promise<Descriptor> =>
      firstThatHas(placesOf(reference, fetchFrom), signal, (place) => source.resolve(place, signal, options)),
    document: (reference, signal): Promise<Document> =>
      firstThatHas(placesOf(reference, fetchFrom), signal, (place) => source.document(place, signal)),
    fetchBlob(reference, blob, ingest, onBytes, signal): Promise<void> {
      let position = ingest.offset;
      const count = (bytes: number): void => {
        position += bytes;
        onBytes?.(bytes);
      };
      return firstThatHas(placesOf(reference, fetchFrom), signal, async (place) => {
        // An ingest tells where it stood when it was opened. What a place broke off is begun anew at the next.
        if (position !== ingest.offset) {
          await ingest.restart();
          count(-position);
        }
        await source.fetchBlob(place, blob, ingest, count, signal);
      });
    },
  };
}

/** Why another place is worth asking. */
const ELSEWHERE: ReadonlySet<ErrorCode> = new Set([
  'IMAGE_NOT_FOUND',
  'UNAUTHORIZED',
  'DENIED',
  'RATE_LIMITED',
  'REGISTRY_UNREACHABLE',
  'REGISTRY_ERROR',
  'INSECURE_REGISTRY',
  'UNSAFE_REDIRECT',
]);

/** The mirrors, and behind them the original, each once. */
function placesOf(reference: Reference, fetchFrom: FetchFrom): readonly Reference[] {
  const mirrors = [fetchFrom(reference)].flat();
  return [...new Map([...mirrors, reference].map((place) => [formatReference(place), place])).values()];
}

interface Failure {
  readonly place: Reference;
  readonly error: SealerError;
}

async function firstThatHas<T>(
  places: readonly Reference[],
  signal: AbortSignal | undefined,
  ask: (place: Reference) => Promise<T>,
): Promise<T> {
  const failures: Failure[] = [];
  for (const place of places) {
    try {
      return await ask(place);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof SealerError) || !ELSEWHERE.has(error.code)) throw error;
      failures.push({ place, error });
    }
  }
  throw describe(failures);
}

function describe(failures: readonly Failure[]): Error {
  const [first, ...others] = failures;
  const original = failures.at(-1);
  if (first === undefined || original === undefined) return new Error('There was no place to ask');
  if (others.length === 0) return first.error;
  const told = failures.map(({ place, error }) => {
    const name = familiarReference(place);
    return error.message.includes(name) ? error.message : `${name}: ${error.message}`;
  });
  const message = `${familiarReference(original.place)} can be had neither from where sealer.yaml replaces it nor from its own registry: ${told.join('; ')}`;
  return new SealerError(first.error.code, message, {
    hint: first.error.hint ?? 'Put it into the mirror, or mend the rule in sealer.yaml.',
    cause: first.error,
  });
}
