/** The inputs of actions/run that are about previews. */

import { readDuration } from '../../cli/index.ts';
import { SealerError } from '../../error.ts';
import { parsePairs } from './lists.ts';
import { type ReadInput, readChoice } from './read-input.ts';

export interface PreviewInputs {
  readonly mode: 'off' | 'pr' | 'sweep';
  /** In milliseconds. */
  readonly ttlMs: number;
  readonly label: string | undefined;
  /** With `{host}`. */
  readonly url: string | undefined;
  readonly smokeTest: string | undefined;
  /** What the image is built of, where none is given. */
  readonly context: string | undefined;
  readonly file: string | undefined;
  readonly baseImage: string | undefined;
  /** The file. */
  readonly pool: string | undefined;
  readonly poolLabels: Readonly<Record<string, string>>;
  readonly token: string;
}

const DEFAULT_TTL_MS = 72 * 3_600_000;
/** A preview has to outlive the job that makes it. */
const MIN_TTL_MS = 3_600_000;

/**
 * Reads and checks them.
 * @throws SealerError USAGE, naming the input
 */
export function readPreviewInputs(read: ReadInput): PreviewInputs {
  const text = (name: string) => read(name).trim() || undefined;
  const ttlMs = readDuration(read('preview-ttl'), 'The input preview-ttl', DEFAULT_TTL_MS);
  if (ttlMs < MIN_TTL_MS) {
    throw new SealerError('USAGE', `The input preview-ttl is "${read('preview-ttl')}", which is too short`, {
      hint: 'Write an hour at least: 1h, 24h, 72h.',
    });
  }
  return {
    mode: readChoice(read, 'preview', ['off', 'pr', 'sweep'], 'off'),
    ...{ ttlMs, label: text('preview-label'), url: text('preview-url'), smokeTest: text('smoke-test') },
    ...{ context: text('context'), file: text('file'), baseImage: text('base-image') },
    ...{ pool: text('pool'), poolLabels: parsePairs(read('pool-labels'), { comma: true }) },
    token: read('github-token').trim(),
  };
}
