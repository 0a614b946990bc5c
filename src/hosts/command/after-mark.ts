/** Takes the launcher's mark, and all that came before it, out of an output. */

import { Transform } from 'node:stream';
import { START_MARK } from './launcher.ts';

/** What the launcher says about itself. */
export interface Launched {
  readonly pid: number;
  /** Undefined: it has no process group of its own. */
  readonly group: number | undefined;
}

/** An output without what came before the launcher. */
export interface MarkedOutput {
  readonly stream: Transform;
  /** What came before the mark, in part. */
  readonly before: () => string;
  readonly launched: () => Launched | undefined;
  /** How many chunks have come, to tell whether more are coming. */
  readonly chunks: () => number;
}

/** Login shells and sudo may be chatty, but not that chatty. */
const MAX_BEFORE = 64 * 1024;
const MARK = new RegExp(`${START_MARK} (\\d+) (\\d+)\\n`);

/** A pass-through that begins after the mark. Text before it is kept up to 64 KiB, for the case that none comes. */
export function afterMark(): MarkedOutput {
  let before = Buffer.alloc(0);
  let launched: Launched | undefined;
  let chunks = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      chunks++;
      if (launched !== undefined) return done(null, chunk);
      before = Buffer.concat([before, chunk]);
      const text = before.toString('latin1');
      const match = MARK.exec(text);
      if (match === null) {
        before = before.subarray(Math.max(0, before.length - MAX_BEFORE));
        return done();
      }
      launched = { pid: Number(match[1]), group: match[2] === '0' ? undefined : Number(match[2]) };
      const rest = before.subarray(match.index + match[0].length);
      before = before.subarray(0, match.index);
      done(null, rest.length === 0 ? undefined : rest);
    },
  });
  return { stream, before: () => before.toString().trim(), launched: () => launched, chunks: () => chunks };
}
