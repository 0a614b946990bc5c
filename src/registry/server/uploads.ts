/** Uploads of blobs: end-4 (start, or all at once), end-11 (mount), end-5 and -6 (chunks), end-13 (status), end-14. */

import { SealerError } from '../../error.ts';
import type { Digest } from '../../oci/digest.ts';
import { ApiError } from './api-error.ts';
import { receive } from './body.ts';
import { answer, type Exchange, refuseMethod } from './exchange.ts';
import { parseContentRange } from './range.ts';
import { checkDigest, checkName } from './route.ts';
import type { Upload } from './storage.ts';

/** Answers `/v2/<name>/blobs/uploads/`. */
export async function handleUploads(exchange: Exchange, name: string, repository: string): Promise<void> {
  const { method, query, storage } = exchange;
  if (method !== 'POST') return refuseMethod(method, 'POST');
  const mount = query.get('mount');
  if (mount !== null) {
    const digest = checkDigest(mount);
    const from = query.get('from');
    // Where it comes from is a hint only: who may read one repository here may read all.
    if (from !== null) checkName(from);
    if (await storage.mount(repository, digest)) return created(exchange, name, digest);
  }
  const digest = query.get('digest') === null ? undefined : checkDigest(query.get('digest') ?? '');
  const upload = await storage.startUpload(repository, digest?.startsWith('sha512:') ? 'sha512' : algorithmOf(query));
  if (digest === undefined) return progress(exchange, 202, name, upload);
  await append(exchange, upload, async () => upload.cancel());
  await commit(upload, digest);
  created(exchange, name, digest);
}

/** Answers `/v2/<name>/blobs/uploads/<id>`. */
export async function handleUpload(exchange: Exchange, name: string, repository: string, id: string): Promise<void> {
  const { method, storage, query } = exchange;
  const upload = await storage.upload(repository, id);
  if (upload === undefined) throw new ApiError('BLOB_UPLOAD_UNKNOWN', 'There is no such upload');
  switch (method) {
    case 'GET':
    case 'HEAD':
      return progress(exchange, 204, name, upload);
    case 'PATCH':
      await append(exchange, upload, async () => {});
      return progress(exchange, 202, name, upload);
    case 'PUT': {
      const digest = checkDigest(query.get('digest') ?? '');
      await append(exchange, upload, async () => {});
      await commit(upload, digest);
      return created(exchange, name, digest);
    }
    case 'DELETE':
      await upload.cancel();
      return answer(exchange, 204);
    default:
      return refuseMethod(method, 'GET', 'PATCH', 'PUT', 'DELETE');
  }
}

/** Appends the body, at the place that its Content-Range names; without one, where the last one ended. */
async function append(exchange: Exchange, upload: Upload, onFailure: () => Promise<void>): Promise<void> {
  const { request, limits } = exchange;
  await upload.interrupt();
  const length = request.headers['content-length'];
  if (length === '0' || (length === undefined && request.headers['transfer-encoding'] === undefined)) return;
  const range = parseContentRange(request.headers['content-range']);
  if (range === 'malformed') throw new ApiError('BLOB_UPLOAD_INVALID', 'The Content-Range is malformed');
  if (range !== undefined && range.start !== upload.size) {
    // distribution-spec end-5: the client asks for the status (end-13) and goes on from there.
    const headers = { Range: receivedRange(upload) };
    throw new ApiError('BLOB_UPLOAD_INVALID', `The next byte is ${upload.size}`, { status: 416, headers });
  }
  const span = range === undefined ? undefined : range.end - range.start + 1;
  if (span !== undefined && length !== undefined && Number(length) !== span) {
    throw new ApiError('SIZE_INVALID', 'Content-Range and Content-Length disagree');
  }
  try {
    const limit = Math.min(span ?? Infinity, limits.blobBytes - upload.size);
    await upload.append((stop) => receive(exchange, limit, stop));
  } catch (error) {
    await onFailure();
    throw error;
  }
}

async function commit(upload: Upload, digest: Digest): Promise<void> {
  try {
    await upload.commit(digest);
  } catch (error) {
    if (!(error instanceof SealerError && error.code === 'DIGEST_MISMATCH')) throw error;
    throw new ApiError('DIGEST_INVALID', 'The content is not what its digest says', { details: [digest] });
  }
}

function created(exchange: Exchange, name: string, digest: Digest): void {
  answer(exchange, 201, { Location: `/v2/${name}/blobs/${digest}`, 'Docker-Content-Digest': digest });
}

function progress(exchange: Exchange, status: number, name: string, upload: Upload): void {
  // Relative, so that it holds behind proxies and TLS terminators.
  const headers = { Location: `/v2/${name}/blobs/uploads/${upload.id}`, Range: receivedRange(upload) };
  answer(exchange, status, { ...headers, 'Docker-Upload-UUID': upload.id });
}

/** Inclusive, so an empty upload cannot be told from one of one byte: CNCF distribution says 0-0 for both. */
function receivedRange({ size }: Upload): string {
  return `0-${Math.max(0, size - 1)}`;
}

function algorithmOf(query: URLSearchParams): 'sha256' | 'sha512' {
  const asked = query.get('digest-algorithm') ?? 'sha256';
  if (asked === 'sha256' || asked === 'sha512') return asked;
  throw new ApiError('DIGEST_INVALID', 'Only sha256 and sha512 are supported');
}
