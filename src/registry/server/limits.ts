/** How much and how long a client may ask of the server. */

import { MAX_MANIFEST_BYTES } from '../../oci/manifest.ts';

export interface Limits {
  /** Longest manifest, in bytes; the spec asks for at least 4 MiB. */
  readonly manifestBytes: number;
  /** Longest blob, in bytes. */
  readonly blobBytes: number;
  /** Time for the headers of a request, in ms (slowloris). */
  readonly headerMs: number;
  /** A connection on which nothing moves for so long is cut, in ms. */
  readonly idleMs: number;
  /** A body has to bring at least `bodyBytes` in every `bodyMs`: one that trickles holds a connection for nothing. */
  readonly bodyMs: number;
  readonly bodyBytes: number;
  /** Connections at once; more wait in the kernel's queue or are refused. */
  readonly connections: number;
}

export const DEFAULT_LIMITS: Limits = {
  manifestBytes: MAX_MANIFEST_BYTES,
  blobBytes: 2 ** 40,
  headerMs: 20_000,
  idleMs: 120_000,
  bodyMs: 60_000,
  bodyBytes: 4096,
  connections: 1024,
};
