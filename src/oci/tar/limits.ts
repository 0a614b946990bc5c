/** How much an archive from outside may ask of us. */

export interface UnpackLimits {
  readonly maxEntries?: number | undefined;
  /** Bytes of the uncompressed archive, headers included. */
  readonly maxBytes?: number | undefined;
  /** How many times its size an archive may grow to when decompressed, beyond its first GiB. */
  readonly maxRatio?: number | undefined;
  /** Bytes of a path. */
  readonly maxPathLength?: number | undefined;
  /** Folders above an entry. */
  readonly maxDepth?: number | undefined;
}

/** Far above any image that people build, far below what fills a disk or the memory unnoticed. */
export const DEFAULT_LIMITS: { readonly [Limit in keyof UnpackLimits]-?: number } = {
  maxEntries: 2_000_000,
  maxBytes: 256 * 1024 ** 3,
  maxRatio: 250,
  // PATH_MAX of Linux.
  maxPathLength: 4096,
  maxDepth: 256,
};

export type Limits = typeof DEFAULT_LIMITS;

/** Limits with the defaults for those that are not given. */
export function completeLimits(limits: UnpackLimits | undefined): Limits {
  return {
    maxEntries: limits?.maxEntries ?? DEFAULT_LIMITS.maxEntries,
    maxBytes: limits?.maxBytes ?? DEFAULT_LIMITS.maxBytes,
    maxRatio: limits?.maxRatio ?? DEFAULT_LIMITS.maxRatio,
    maxPathLength: limits?.maxPathLength ?? DEFAULT_LIMITS.maxPathLength,
    maxDepth: limits?.maxDepth ?? DEFAULT_LIMITS.maxDepth,
  };
}
