/** Reading what a client sends, within limits. */

import { ApiError } from './api-error.ts';
import type { Exchange } from './exchange.ts';

/**
 * The body of a request, piece by piece.
 * @param limit bytes
 * @param stop cuts the connection
 * @throws ApiError SIZE_INVALID (413) when it is longer
 * @throws Error when the connection breaks, or is cut because the body trickles
 */
export async function* receive(exchange: Exchange, limit: number, stop?: AbortSignal): AsyncGenerator<Uint8Array> {
  const { request, response, expectsContinue, limits } = exchange;
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  if (expectsContinue) response.writeContinue();
  const cut = () => request.destroy(stop?.reason);
  stop?.addEventListener('abort', cut, { once: true });
  let total = 0;
  let before = 0;
  const pace = setInterval(() => {
    if (total - before < limits.bodyBytes) {
      request.destroy(new Error('The body came too slowly'));
    }
    before = total;
  }, limits.bodyMs);
  try {
    // Breaking off must not destroy the request, or the client would never get our answer.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      total += chunk.length;
      if (total > limit) throw tooLarge(limit);
      yield chunk;
    }
  } finally {
    clearInterval(pace);
    stop?.removeEventListener('abort', cut);
  }
}

/**
 * The whole body of a request.
 * @throws ApiError as `receive`
 */
export async function receiveAll(exchange: Exchange, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of receive(exchange, limit)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function tooLarge(limit: number): ApiError {
  return new ApiError('SIZE_INVALID', `The content is longer than ${limit} bytes`, { status: 413 });
}
