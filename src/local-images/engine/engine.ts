/** Container engines of this machine as sources of images. */

import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Platform } from '../../oci/platform.ts';
import type { Reference } from '../../oci/reference.ts';
import type { Store } from '../../oci/store/index.ts';
import type { ImportOptions } from '../import-archive.ts';
import { containerdSource } from './containerd.ts';
import { dockerSource } from './docker.ts';

export type EngineKind = 'docker' | 'podman' | 'containerd';

/** An image as an engine knows it. */
export interface EngineImage {
  /** What the engine calls it. */
  readonly name: string;
  /** Tells this content from any other. */
  readonly id: string;
  /** Where the engine keeps images as registries have them: the digest there. */
  readonly digest?: Digest | undefined;
  /** What it is for, where the engine says so. */
  readonly platforms?: readonly Platform[] | undefined;
}

/** One engine. Its methods fail with ENGINE_NOT_FOUND if it is not there, and ENGINE_ERROR if it answers with an error. */
export interface EngineSource {
  readonly kind: EngineKind;
  /** What the engine has under a name. */
  find(reference: Reference, signal?: AbortSignal): Promise<EngineImage | undefined>;
  /**
   * Brings an image into the store, unless it is there already.
   * @throws SealerError also PLATFORM_NOT_FOUND, and what importing an archive throws
   */
  import(image: EngineImage, reference: Reference, platform: Platform, options?: ImportOptions): Promise<Descriptor>;
}

/**
 * Opens an engine; nothing is asked of it yet.
 * @param env where it is: `DOCKER_HOST`; `CONTAINER_HOST`, `XDG_RUNTIME_DIR`; `CONTAINERD_ADDRESS`,
 *   `CONTAINERD_NAMESPACE` (default `k8s.io`, which the kubelet uses), `PATH`
 */
export function engineSource(
  kind: EngineKind,
  { store, env }: { readonly store: Store; readonly env: NodeJS.ProcessEnv },
): EngineSource {
  return kind === 'containerd' ? containerdSource(store, env) : dockerSource(kind, store, env);
}
