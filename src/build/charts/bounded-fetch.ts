/** Downloads that cannot fill a disk. */

import { SealerError } from '../../error.ts';

/**
 * A fetch whose answers have no more than so many bytes.
 * @throws SealerError ARCHIVE_TOO_LARGE, while the answer is read
 */
export function boundedFetch(call: typeof fetch = fetch, limit: number): typeof fetch {
  return async (input, init) => {
    const answer = await call(input, init);
    if (answer.body === null) return answer;
    let size = 0;
    const bounded = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.byteLength;
        if (size <= limit) controller.enqueue(chunk);
        else controller.error(tooLarge(limit));
      },
    });
    const { status, statusText, headers } = answer;
    return new Response(answer.body.pipeThrough(bounded), { status, statusText, headers });
  };
}

/** A fetch for work that may ask nobody. */
export function refusingFetch(error: () => SealerError): typeof fetch {
  return async () => {
    throw error();
  };
}

function tooLarge(limit: number): SealerError {
  return new SealerError('ARCHIVE_TOO_LARGE', `A download has more than the ${limit} bytes that it may have`, {
    hint: 'Check the address; no chart and no index of charts is that large.',
  });
}
