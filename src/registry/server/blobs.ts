/** Blobs: end-2 (pull, with ranges) and end-10 (delete). */

import type { Digest } from '../../oci/digest.ts';
import { ApiError } from './api-error.ts';
import { answer, type Exchange, isNotModified, refuseMethod } from './exchange.ts';
import { parseRange } from './range.ts';
import { sendFile, sendStream } from './send-file.ts';

/** Answers `/v2/<name>/blobs/<digest>`. */
export async function handleBlob(exchange: Exchange, repository: string, digest: Digest): Promise<void> {
  switch (exchange.method) {
    case 'GET':
    case 'HEAD':
      return sendBlob(exchange, repository, digest);
    case 'DELETE':
      return deleteBlob(exchange, repository, digest);
    default:
      return refuseMethod(exchange.method, 'GET', 'HEAD', 'DELETE');
  }
}

async function sendBlob(exchange: Exchange, repository: string, digest: Digest): Promise<void> {
  const { request, response, method } = exchange;
  const blob = await exchange.storage.blob(repository, digest);
  if (blob === undefined) throw new ApiError('BLOB_UNKNOWN', 'The repository has no such blob', { details: [digest] });
  const etag = `"${digest}"`;
  const headers = {
    'Content-Type': 'application/octet-stream',
    'Accept-Ranges': 'bytes',
    'Docker-Content-Digest': digest,
    'Cache-Control': 'max-age=31536000',
    ETag: etag,
  };
  if (isNotModified(exchange, etag)) return answer(exchange, 304, headers);
  // If-Range guards a resumed download against changed content; content under a digest does not change.
  const ifRange = request.headers['if-range'];
  const range = ifRange === undefined || ifRange === etag ? parseRange(request.headers.range, blob.size) : undefined;
  if (range === 'unsatisfiable') return answer(exchange, 416, { 'Content-Range': `bytes */${blob.size}` });
  const { start, end } = range ?? { start: 0, end: blob.size - 1 };
  const length = end - start + 1;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('Content-Length', length);
  if (range !== undefined) response.setHeader('Content-Range', `bytes ${start}-${end}/${blob.size}`);
  response.statusCode = range === undefined ? 200 : 206;
  if (method === 'HEAD' || length === 0) response.end();
  else if ('file' in blob) await sendFile(response, blob.file, start, length, exchange.pool);
  else await sendStream(response, await blob.open({ start, end }));
}

async function deleteBlob(exchange: Exchange, repository: string, digest: Digest): Promise<void> {
  const deletion = await exchange.storage.deleteBlob(repository, digest);
  if (deletion === 'unknown') throw new ApiError('BLOB_UNKNOWN', 'The repository has no such blob');
  if (deletion === 'in-use') throw new ApiError('UNSUPPORTED', 'A manifest of the repository needs this blob');
  answer(exchange, 202);
}
