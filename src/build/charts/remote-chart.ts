/** Charts from registries (oci://) and chart repositories: pinned by the lock, fetched once, verified. */

import { type Place, SealerError } from '../../error.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Builder } from '../builder.ts';
import type { ChartMemory } from './chart-memory.ts';

/** A packed chart, verified. */
export interface ChartArchive {
  readonly bytes: Buffer;
  /** SHA-256 in hex. */
  readonly digest: string;
}

/** What is asked for, under the name that the lock has for it. */
export interface WantedChart {
  /** `oci://registry.example.com/charts/x:1.2.3`, `https://charts.example.com#x:^1.2`. */
  readonly name: string;
  readonly at: Place;
}

/** What may decide about a chart without asking anybody. */
export interface Knowledge {
  /** What it has to be; undefined where nothing pins it. */
  readonly pinned: Digest | undefined;
  /** What it was the last time, if that is to be used again. */
  readonly last: ChartMemory | undefined;
  /** Whether nobody may be asked. */
  readonly isOffline: boolean;
}

/**
 * What is known of a chart. As with base images, what was fetched once is used again unless `--pull` or `--no-cache` says
 * otherwise.
 * @throws SealerError LOCK_STALE if a lock is required and does not have the chart
 */
export function knowledgeOf(
  { options, lock }: Pick<Builder, 'options' | 'lock'>,
  { name, at }: WantedChart,
  memory: ChartMemory | undefined,
): Knowledge {
  const pinned = lock.before?.charts.get(name)?.digest;
  if (pinned === undefined && options.lock === 'require') {
    throw new SealerError('LOCK_STALE', `The chart ${name} is not in ${lock.file}`, {
      at,
      hint: 'Run "sealer build --lock", and commit what it writes.',
    });
  }
  // All platforms of a build get the same chart, whatever its tag or range means a second later.
  const wanted = pinned ?? lock.charts.get(name)?.digest;
  const isOffline = options.offline === true || options.pull === 'never';
  const isAskedAnew = (options.pull === 'always' || options.pull === 'newer' || options.noCache) && !isOffline;
  const isRight = wanted === undefined ? !isAskedAnew : memory?.digest === wanted;
  return { pinned: wanted, last: isRight ? memory : undefined, isOffline };
}

/** The error for a chart that would have to be fetched where nothing may be. */
export function notStored({ name, at }: WantedChart): SealerError {
  return new SealerError('CHART_NOT_FOUND', `The chart ${name} is not in the store, and nobody may be asked for it`, {
    at,
    hint: 'Build once without --offline and --pull=never, or put the chart into the context.',
  });
}

/** An error with the place of the instruction, if it has none yet. */
export function placed(error: unknown, at: Place): unknown {
  if (!(error instanceof SealerError) || error.at !== undefined) return error;
  return new SealerError(error.code, error.message, { hint: error.hint, problems: error.problems, cause: error, at });
}
