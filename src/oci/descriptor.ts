/** Descriptors: what points to content, by digest, size and type (image-spec 1.1.1, descriptor.md). */

import { SealerError } from '../error.ts';
import { type Digest, digestOf, isDigest } from './digest.ts';
import type { Platform } from './platform.ts';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly platform?: Platform | undefined;
  readonly artifactType?: string | undefined;
  readonly urls?: readonly string[] | undefined;
  /** Base64 of the content itself. */
  readonly data?: string | undefined;
}

/** The descriptor of bytes held in memory. */
export function describe(bytes: Uint8Array, mediaType: string): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
}

/**
 * Checks a descriptor that comes from outside. Unknown fields are left as they are.
 * @param where how to name the place in an error: `manifests[2]`
 * @throws SealerError INVALID_MANIFEST
 */
export function checkDescriptor(value: unknown, where: string): Descriptor {
  if (typeof value !== 'object' || value === null) throw invalid(where, 'is not an object');
  const { mediaType, digest, size } = value as Record<string, unknown>;
  if (typeof mediaType !== 'string' || mediaType === '') throw invalid(where, 'has no mediaType');
  if (typeof digest !== 'string' || !isDigest(digest)) throw invalid(where, `has no valid digest (${String(digest)})`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw invalid(where, 'has no valid size');
  return value as Descriptor;
}

function invalid(where: string, what: string): SealerError {
  return new SealerError('INVALID_MANIFEST', `The descriptor ${where} ${what}`);
}
