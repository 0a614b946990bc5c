/** The config of an image (image-spec 1.1.1, config.md). */

import { SealerError } from '../error.ts';
import { type Digest, isDigest } from './digest.ts';

export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string | undefined;
  readonly created?: string | undefined;
  readonly author?: string | undefined;
  readonly config?: ContainerConfig | undefined;
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly Digest[] };
  readonly history?: readonly HistoryEntry[] | undefined;
}

export interface ContainerConfig {
  readonly Env?: readonly string[] | undefined;
  readonly Labels?: Readonly<Record<string, string>> | undefined;
  readonly WorkingDir?: string | undefined;
  readonly Cmd?: readonly string[] | undefined;
  readonly Entrypoint?: readonly string[] | undefined;
}

export interface HistoryEntry {
  readonly created?: string | undefined;
  readonly created_by?: string | undefined;
  readonly author?: string | undefined;
  readonly comment?: string | undefined;
  readonly empty_layer?: boolean | undefined;
}

/**
 * Reads an image's config. Unknown fields are ignored, as the spec demands.
 * @throws SealerError INVALID_MANIFEST
 */
export function parseImageConfig(bytes: Buffer): ImageConfig {
  let json: ImageConfig;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new SealerError('INVALID_MANIFEST', 'The image config is not JSON', { cause });
  }
  if (json?.rootfs?.type !== 'layers' || !Array.isArray(json.rootfs.diff_ids)) {
    throw new SealerError('INVALID_MANIFEST', 'The image config has no rootfs of type "layers"');
  }
  if (!json.rootfs.diff_ids.every((each) => typeof each === 'string' && isDigest(each))) {
    throw new SealerError('INVALID_MANIFEST', 'The image config has a diff_id that is no digest');
  }
  return json;
}
