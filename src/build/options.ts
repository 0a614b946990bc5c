/** What a build is asked for, what it works with and what it tells in the end. */

import type { Problem } from '../error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Platform } from '../oci/platform.ts';
import type { Store } from '../oci/store/index.ts';
import type { Compression } from '../oci/tar/index.ts';
import type { Report } from '../progress.ts';
import type { RegistryClient } from '../registry/client/index.ts';
import type { ClusterOptions, Recording } from '../rehearsal/index.ts';

/** When to ask the registry for a base image: each time, only when the store lacks it, never, or when it has a newer one. */
export type PullPolicy = 'always' | 'missing' | 'never' | 'newer';

export type ImageType = 'kube-installer' | 'app-installer';

/** A secret for `RUN --mount=type=secret,id=…`: from a file, or from an environment variable of the build machine. */
export interface SecretSource {
  readonly id: string;
  readonly file?: string | undefined;
  readonly env?: string | undefined;
}

export interface BuildOptions {
  /** The folder that COPY, ADD and APP read from. */
  readonly context: string;
  /** The Kubefile; default `<context>/Kubefile`. */
  readonly file?: string | undefined;
  readonly tags: readonly string[];
  /** At least one; the host's platform when empty. */
  readonly platforms: readonly Platform[];
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** On the manifests; `index:key` and `manifest:key` say where, as docker has it. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly noCache: boolean;
  readonly pull: PullPolicy;
  /** Where the bare names of base images (`k3s`) are. Default: $SEALER_BASE_REGISTRY, else ours. */
  readonly baseRegistry?: string | undefined;
  /** The stage to build: name or number; default the last one. */
  readonly target?: string | undefined;
  readonly secrets: readonly SecretSource[];
  readonly imageLists: readonly string[];
  readonly ignoredImageLists: readonly string[];
  /** False: container images are not put into the image ("lite"). */
  readonly saveImages: boolean;
  readonly type: ImageType;
  readonly compression?: Compression | undefined;
  /** What images.lock in the context is for. Default: `use`. */
  readonly lock?: LockMode | undefined;
  /** Ask no registry: what is not in the store is missing. */
  readonly offline?: boolean | undefined;
  /** Run the image's launch on a temporary cluster, and put in what it pulls. */
  readonly record?: boolean | undefined;
  /** The temporary cluster of `record` and of `RUN --cluster`. */
  readonly cluster?: ClusterOptions | undefined;
  /** docker-archives and oci-archives to take container images from. */
  readonly imageArchives?: readonly string[] | undefined;
  /** Engines of this machine to ask for what no registry has. */
  readonly imageSources?: readonly EngineKind[] | undefined;
}

/** An engine whose images can be taken where no registry has them. */
export type EngineKind = 'docker' | 'podman' | 'containerd';

/** `use` it where there is one; `write` it anew; `require` that it names all that is needed, and nothing else; `ignore` it. */
export type LockMode = 'use' | 'write' | 'require' | 'ignore';

/** Everything outside: given, so that a test can give something else. */
export interface BuildWorld {
  readonly store: Store;
  readonly client: RegistryClient;
  readonly env: NodeJS.ProcessEnv;
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
  /** Goes into the labels and the extension of the image. */
  readonly version?: string | undefined;
  /** The platform that RUN runs on; default that of this process. */
  readonly host?: Platform | undefined;
  /** Whether this machine can run programs of another platform; default asks the kernel's binfmt_misc. */
  readonly emulates?: ((platform: Platform) => Promise<boolean>) | undefined;
  readonly fetch?: typeof fetch | undefined;
}

export type LayerKind = 'rootfs' | 'app' | 'images';

export interface BuiltLayer {
  readonly digest: Digest;
  /** Bytes, as stored and moved. */
  readonly size: number;
  readonly kind: LayerKind;
  /** The instruction, as written. */
  readonly createdBy: string;
  /** Whether it was there before this build. */
  readonly cached: boolean;
}

export interface CarriedImage {
  readonly reference: string;
  readonly digest: Digest;
  /** Bytes of its blobs for the platform, whoever else shares them. */
  readonly bytes: number;
  readonly app?: string | undefined;
  /** Where it is named, and by what: `manifests/shop.yaml:7:14 (container of Deployment shop/web)`. None if the base brought it. */
  readonly found?: readonly string[] | undefined;
}

export interface BuiltPlatform {
  readonly platform: Platform;
  readonly manifest: Descriptor;
  readonly config: Digest;
  readonly layers: readonly BuiltLayer[];
  readonly images: readonly CarriedImage[];
}

/** Something from outside that went into an image, beside its container images. */
export interface BuildMaterial {
  readonly kind: 'base' | 'chart';
  /** Of a base its complete name; of a chart what images.lock calls it. */
  readonly name: string;
  readonly digest: Digest;
}

export interface BuildResult {
  /** Of the index. */
  readonly digest: Digest;
  /** Digest of the config if there is one platform, else of the index. */
  readonly imageId: Digest;
  readonly descriptor: Descriptor;
  /** Complete names. */
  readonly tags: readonly string[];
  readonly platforms: readonly BuiltPlatform[];
  /** Bases and charts by the digests that they turned out to have, sorted. */
  readonly materials: readonly BuildMaterial[];
  readonly reusedBytes: number;
  readonly fetchedBytes: number;
  /** Warnings. */
  readonly problems: readonly Problem[];
  readonly timings: readonly { readonly phase: string; readonly ms: number }[];
  /** Of the temporary cluster, where there was one: milliseconds until it was ready, and how many of them were ours. */
  readonly clusterTimings?: Recording['timings'] | undefined;
}
