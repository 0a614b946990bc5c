/** Manifests over the wire: their bytes as they are, and their digest checked (distribution-spec end-3, end-7, end-9). */

import { SealerError } from '../../error.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { algorithmOf, type Digest, digestOf, isDigest } from '../../oci/digest.ts';
import { type Document, MAX_MANIFEST_BYTES, parseDocument } from '../../oci/manifest.ts';
import { MANIFEST_TYPES } from '../../oci/media-types.ts';
import { familiarReference, manifestReference, type Reference } from '../../oci/reference.ts';
import { readBody } from './http/body.ts';
import { isConnectionError } from './http/failure.ts';
import { retrying } from './http/retry.ts';
import type { Call, Session } from './http/session.ts';
import { type Answer, drain } from './http/wire.ts';

const ACCEPT = MANIFEST_TYPES.join(', ');

/**
 * What a reference points to. HEAD, which Docker Hub does not count against its limits; GET where a registry's HEAD
 * tells too little.
 * @throws SealerError IMAGE_NOT_FOUND, DIGEST_MISMATCH
 */
export async function resolveManifest(session: Session, ref: Reference, signal?: AbortSignal): Promise<Descriptor> {
  const call = manifestCall('HEAD', ref, signal);
  const answer = await session.send(call);
  drain(answer);
  const found = answer.status === 200 ? readHead(answer) : undefined;
  if (found === undefined) return (await getManifest(session, ref, signal)).descriptor;
  if (ref.digest !== undefined && found.digest !== ref.digest) throw lie(session, ref, ref.digest, found.digest);
  return found;
}

/**
 * A manifest or index, verified.
 * @throws SealerError IMAGE_NOT_FOUND, DIGEST_MISMATCH, INVALID_MANIFEST
 */
export async function getManifest(session: Session, ref: Reference, signal?: AbortSignal): Promise<Document> {
  const call = manifestCall('GET', ref, signal);
  const { answer, bytes } = await retryBody(session, call, async () => {
    const answer = await session.expect(call, 200);
    return { answer, bytes: await readBody(answer, MAX_MANIFEST_BYTES, signal) };
  });
  const said = headerDigest(answer);
  const wanted = ref.digest ?? said;
  for (const expected of [ref.digest, said]) {
    if (expected === undefined) continue;
    const actual = digestOf(bytes, algorithmOf(expected));
    if (actual !== expected) throw lie(session, ref, expected, actual);
  }
  const document = parseDocument(bytes, answer.headers['content-type']);
  // A name by sha512 stays one by sha512.
  return wanted === undefined ? document : { ...document, descriptor: { ...document.descriptor, digest: wanted } };
}

/**
 * Puts a document under the reference's tag, or under its own digest where the reference has no tag.
 * @returns whether the registry took note of the document's subject (distribution-spec 1.1, `OCI-Subject`)
 * @throws SealerError DIGEST_MISMATCH when the registry understood something else
 */
export async function putManifest(
  session: Session,
  ref: Reference,
  { bytes, descriptor }: Document,
  signal?: AbortSignal,
): Promise<{ knowsSubject: boolean }> {
  const answer = await session.expect(
    {
      method: 'PUT',
      target: `/v2/${ref.repository}/manifests/${ref.tag ?? descriptor.digest}`,
      doing: `push ${familiarReference(ref)}`,
      repository: ref.repository,
      actions: 'pull,push',
      headers: { 'Content-Type': descriptor.mediaType },
      body: { size: bytes.length, open: () => bytes },
      signal,
    },
    201,
    200,
    202,
  );
  drain(answer);
  const said = headerDigest(answer);
  if (said !== undefined && said !== digestOf(bytes, algorithmOf(said))) {
    throw lie(session, ref, descriptor.digest, said);
  }
  return { knowsSubject: answer.headers['oci-subject'] !== undefined };
}

/**
 * Deletes a tag, or a manifest with all its tags where the reference has a digest.
 * @throws SealerError IMAGE_NOT_FOUND, REGISTRY_ERROR where the registry does not delete
 */
export async function deleteManifest(session: Session, ref: Reference, signal?: AbortSignal): Promise<void> {
  const doing = `delete ${familiarReference(ref)}`;
  const call: Call = {
    method: 'DELETE',
    target: `/v2/${ref.repository}/manifests/${manifestReference(ref)}`,
    doing,
    repository: ref.repository,
    actions: 'pull,delete',
    signal,
  };
  const answer = await session.send(call);
  if ([200, 202, 204].includes(answer.status)) return drain(answer);
  if (answer.status !== 405 && answer.status !== 400) throw await session.failure(answer, call);
  drain(answer);
  throw new SealerError('REGISTRY_ERROR', `Cannot ${doing}: ${session.registry} does not allow it`, {
    hint: ref.digest === undefined ? 'Some registries delete by digest only; that removes all its tags.' : undefined,
  });
}

/** Whether a manifest is there, by digest. */
export async function hasManifest(session: Session, ref: Reference, signal?: AbortSignal): Promise<boolean> {
  const answer = await session.send({ ...manifestCall('HEAD', ref, signal), actions: 'pull,push' });
  drain(answer);
  return answer.status === 200;
}

/** Repeats a call whose answer broke off in its body. */
export async function retryBody<T>(session: Session, call: Call, work: () => Promise<T>): Promise<T> {
  try {
    return await retrying(work, { timing: session.world.timing, signal: call.signal });
  } catch (error) {
    throw isConnectionError(error) ? session.explain(error, call.doing) : error;
  }
}

/** `Docker-Content-Digest`, if it is one. */
export function headerDigest(answer: Answer): Digest | undefined {
  const value = answer.headers['docker-content-digest'];
  return typeof value === 'string' && isDigest(value) ? value : undefined;
}

function manifestCall(method: 'GET' | 'HEAD', ref: Reference, signal: AbortSignal | undefined): Call {
  return {
    method,
    target: `/v2/${ref.repository}/manifests/${manifestReference(ref)}`,
    doing: `find ${familiarReference(ref)}`,
    repository: ref.repository,
    headers: { Accept: ACCEPT },
    signal,
  };
}

function readHead(answer: Answer): Descriptor | undefined {
  const digest = headerDigest(answer);
  const mediaType = answer.headers['content-type']?.split(';')[0]?.trim();
  const length = answer.headers['content-length'];
  if (digest === undefined || mediaType === undefined || length === undefined) return undefined;
  return MANIFEST_TYPES.includes(mediaType) ? { mediaType, digest, size: Number(length) } : undefined;
}

function lie(session: Session, ref: Reference, expected: string, actual: string): SealerError {
  const message = `${session.registry} gives ${actual} for ${familiarReference(ref)}, which should be ${expected}`;
  return new SealerError('DIGEST_MISMATCH', message, {
    hint: 'The registry, or a proxy in front of it, alters content. Do not trust it.',
  });
}
