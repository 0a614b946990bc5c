/** Engines of this machine, asked for what no registry has. */

import { type ErrorCode, type Problem, SealerError } from '../../error.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Platform } from '../../oci/platform.ts';
import { formatReference, type Reference } from '../../oci/reference.ts';
import type { Store } from '../../oci/store/index.ts';
import type { ImportOptions } from '../import-archive.ts';
import { joinPlatforms } from '../join-platforms.ts';
import type { EngineImage, EngineSource } from './engine.ts';

export interface FallbackOptions extends ImportOptions {
  readonly store: Store;
  /** What an image has to be there for. */
  readonly platforms: readonly Platform[];
  /** Hears of engines that are not there, once of each. */
  readonly onProblem: (problem: Problem) => void;
}

/** What a harvest calls for an image that cannot be had from its registry. */
export type EngineFallback = (reference: Reference, error: SealerError) => Promise<Digest | undefined>;

/**
 * Asks engines in their order; the first that has the image gives it. A reference with a digest is taken only from an
 * engine that keeps images as registries have them (containerd): what docker exports has another digest.
 * @returns a function that throws PLATFORM_NOT_FOUND where an engine has an image for another platform only
 */
export function engineFallback(engines: readonly EngineSource[], options: FallbackOptions): EngineFallback {
  const present = new Set(engines);
  // An engine exports as fast as its disk reads; several at once would wait for each other.
  let last: Promise<unknown> = Promise.resolve();
  return async (reference, error) => {
    if (!MAY_BE_LOCAL.has(error.code)) return undefined;
    for (const engine of [...present]) {
      const image = await find(engine, reference, options, present);
      if (image === undefined || (reference.digest !== undefined && image.digest !== reference.digest)) continue;
      const importing = last.then(() => importAll(engine, image, reference, options));
      last = importing.catch(() => {});
      return await importing;
    }
    return undefined;
  };
}

/** Registries answer so for images that were never pushed: Docker Hub refuses, others do not know them. */
const MAY_BE_LOCAL: ReadonlySet<ErrorCode> = new Set([
  'IMAGE_NOT_FOUND',
  'UNAUTHORIZED',
  'DENIED',
  'RATE_LIMITED',
  'REGISTRY_UNREACHABLE',
  'REGISTRY_ERROR',
  'INSECURE_REGISTRY',
]);

async function find(
  engine: EngineSource,
  reference: Reference,
  { signal, onProblem }: FallbackOptions,
  present: Set<EngineSource>,
): Promise<EngineImage | undefined> {
  try {
    return await engine.find(reference, signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof SealerError)) throw error;
    const { code, message, hint } = error;
    if (present.delete(engine)) onProblem({ code, message, hint, severity: 'warning' });
    return undefined;
  }
}

async function importAll(
  engine: EngineSource,
  image: EngineImage,
  reference: Reference,
  options: FallbackOptions,
): Promise<Digest> {
  const parts = [];
  for (const platform of options.platforms) {
    parts.push({ descriptor: await engine.import(image, reference, platform, options), from: engine.kind });
  }
  return (await joinPlatforms(options.store, formatReference(reference), parts)).digest;
}
