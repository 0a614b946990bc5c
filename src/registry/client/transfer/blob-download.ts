/** Blobs come in (distribution-spec end-2): resumed where they broke off, and never longer than they should be. */

import { SealerError } from '../../../error.ts';
import type { Descriptor } from '../../../oci/descriptor.ts';
import { shortDigest } from '../../../oci/digest.ts';
import type { Ingest } from '../../../oci/store/index.ts';
import { consume } from '../http/body.ts';
import { isConnectionError } from '../http/failure.ts';
import { retrying } from '../http/retry.ts';
import type { Call, Session } from '../http/session.ts';
import { type Answer, drain } from '../http/wire.ts';

/** So much must have come for a broken connection to count as progress: a trickle would be tried for ever. */
const PROGRESS = 64 * 1024;

export interface DownloadOptions {
  /** Called as bytes come in; with a negative count when what came is thrown away. */
  readonly onBytes?: ((count: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a blob into an ingest, from where that stands to its end. The caller commits, which checks the digest.
 * @throws SealerError IMAGE_NOT_FOUND, SIZE_MISMATCH, REGISTRY_UNREACHABLE and others of `Session.expect`; what the
 *   ingest throws
 */
export async function downloadBlob(
  session: Session,
  repository: string,
  blob: Descriptor,
  ingest: Ingest,
  { onBytes, signal }: DownloadOptions = {},
): Promise<void> {
  const doing = `fetch ${repository}@${shortDigest(blob.digest)}`;
  const call: Call = { method: 'GET', target: `/v2/${repository}/blobs/${blob.digest}`, doing, repository, signal };
  let position = ingest.offset;
  let etag: string | undefined;
  let before = position;
  const restart = async () => {
    if (position === 0) return;
    await ingest.restart();
    onBytes?.(-position);
    position = 0;
  };
  const attempt = async () => {
    before = position;
    if (position === blob.size) return;
    const headers = rangeHeaders(position, etag);
    const answer = await session.expect({ ...call, headers }, 200, 206, 416);
    if (!answersRange(answer, position, blob.size)) {
      if (answer.status !== 200) {
        drain(answer);
        // Nothing to go on from; the next attempt asks for the whole.
        await restart();
        throw brokenOff('the registry gave another range');
      }
      checkLength(answer, blob);
      await restart();
    }
    etag = strongEtag(answer);
    await consume(
      answer.stream,
      (chunk) => {
        position += chunk.length;
        if (position > blob.size) throw wrongSize(blob, `more than ${blob.size}`);
        onBytes?.(chunk.length);
        return ingest.write(chunk);
      },
      signal,
    );
    // An answer without length ends well wherever it ends.
    if (position < blob.size) throw brokenOff('the answer ended early');
  };
  try {
    await retrying(attempt, {
      timing: session.world.timing,
      signal,
      progressed: () => position - before >= PROGRESS,
    });
  } catch (error) {
    throw isConnectionError(error) ? session.explain(error, doing) : error;
  }
}

/** `identity`, because a proxy that compresses would change the bytes that the digest is of. */
function rangeHeaders(position: number, etag: string | undefined): Record<string, string> {
  if (position === 0) return { 'Accept-Encoding': 'identity' };
  return {
    'Accept-Encoding': 'identity',
    Range: `bytes=${position}-`,
    ...(etag === undefined ? {} : { 'If-Range': etag }),
  };
}

/** Whether the answer's body goes on exactly where we stand. */
function answersRange(answer: Answer, position: number, size: number): boolean {
  if (answer.status === 200) return position === 0 && lengthFits(answer, size);
  if (answer.status !== 206) return false;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(answer.headers['content-range'] ?? '');
  return range !== null && Number(range[1]) === position && (range[2] === '*' || Number(range[2]) === size);
}

function lengthFits(answer: Answer, size: number): boolean {
  const length = answer.headers['content-length'];
  return length === undefined || Number(length) === size;
}

function checkLength(answer: Answer, blob: Descriptor): void {
  if (lengthFits(answer, blob.size)) return;
  answer.stream.destroy();
  throw wrongSize(blob, String(answer.headers['content-length']));
}

/** If-Range needs a strong validator (RFC 9110 §13.1.5). */
function strongEtag(answer: Answer): string | undefined {
  const { etag } = answer.headers;
  return etag?.startsWith('"') ? etag : undefined;
}

function wrongSize(blob: Descriptor, actual: string): SealerError {
  return new SealerError('SIZE_MISMATCH', `${blob.digest} has ${actual} bytes instead of ${blob.size}`, {
    hint: 'The registry, or a proxy in front of it, alters content.',
  });
}

function brokenOff(why: string): Error {
  return Object.assign(new Error(why), { code: 'ECONNRESET' });
}
