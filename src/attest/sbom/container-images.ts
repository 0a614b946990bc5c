/** The container images that a cluster image carries, each platform with the digest of its own manifest. */

import { readFile } from 'node:fs/promises';
import { type BundleStorage, bundleStorage, parseContainerImages } from '../../cluster-image/index.ts';
import type { Digest } from '../../oci/digest.ts';
import { parseImageConfig } from '../../oci/image-config.ts';
import { type ImageManifest, parseDocument } from '../../oci/manifest.ts';
import { formatPlatform, type Platform } from '../../oci/platform.ts';
import { formatReference, parseReference } from '../../oci/reference.ts';
import type { Store } from '../../oci/store/index.ts';

export interface CarriedManifest {
  /** The complete name under which it is carried. */
  readonly name: string;
  /** Of the manifest for the platform. */
  readonly digest: Digest;
  /** Of the index that the name stands for; undefined for an image of one platform. */
  readonly index: Digest | undefined;
  readonly platform: Platform | undefined;
  /** What its label `org.opencontainers.image.licenses` says. */
  readonly license: string | undefined;
  /** The apps that name it, sorted. */
  readonly apps: readonly string[];
}

const LICENSE_LABEL = 'org.opencontainers.image.licenses';
const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

/**
 * Reads them from the layers, not from what the annotations promise. Sorted by name, then by platform.
 * @param manifest of the cluster image, not an index
 * @throws SealerError IMAGE_NOT_FOUND, DIGEST_MISMATCH and others of the layers
 */
export async function carriedManifests(
  store: Store,
  manifest: ImageManifest,
  signal?: AbortSignal,
): Promise<readonly CarriedManifest[]> {
  const bundle = await bundleStorage({ store, manifest, signal });
  try {
    const apps = appsByName(manifest);
    const found: CarriedManifest[] = [];
    for (const { name, digest } of bundle.images) {
      for (const each of await manifestsOf(bundle, name, digest)) found.push({ ...each, apps: apps.get(name) ?? [] });
    }
    return found.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  } finally {
    await bundle.close?.();
  }
}

type Found = Omit<CarriedManifest, 'apps'>;

async function manifestsOf(bundle: BundleStorage, name: string, root: Digest): Promise<readonly Found[]> {
  const { registry, repository } = parseReference(name);
  const path = `${registry}/${repository}`;
  const stored = await bundle.manifest(path, root);
  if (stored === undefined) return [];
  const document = parseDocument(stored.bytes, stored.mediaType);
  if (document.kind === 'manifest') {
    const config = await configOf(bundle, path, document.manifest);
    return [{ name, digest: root, index: undefined, platform: config?.platform, license: config?.license }];
  }
  const found: Found[] = [];
  for (const child of document.index.manifests) {
    // Other platforms are named by the index and not carried; attestations of BuildKit are no images.
    const isImage = child.platform !== undefined && child.platform.os !== 'unknown';
    const below = isImage ? await bundle.manifest(path, child.digest) : undefined;
    if (below === undefined) continue;
    const inner = parseDocument(below.bytes, below.mediaType);
    const config = inner.kind === 'manifest' ? await configOf(bundle, path, inner.manifest) : undefined;
    if (config === undefined) continue;
    found.push({ name, digest: child.digest, index: root, platform: child.platform, license: config.license });
  }
  return found;
}

async function configOf(
  bundle: BundleStorage,
  path: string,
  { config }: ImageManifest,
): Promise<{ readonly platform: Platform | undefined; readonly license: string | undefined } | undefined> {
  const blob = await bundle.blob(path, config.digest);
  if (blob === undefined || blob.size > MAX_CONFIG_BYTES) return undefined;
  const bytes = await readBlob(blob);
  try {
    const { os, architecture, variant, config: container } = parseImageConfig(bytes);
    const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
    return { platform, license: container?.Labels?.[LICENSE_LABEL] };
  } catch {
    // Artifacts (charts and the like) have configs of their own kinds.
    return { platform: undefined, license: undefined };
  }
}

async function readBlob(blob: NonNullable<Awaited<ReturnType<BundleStorage['blob']>>>): Promise<Buffer> {
  return 'file' in blob
    ? await readFile(blob.file)
    : Buffer.concat(await (await blob.open({ start: 0, end: blob.size - 1 })).toArray());
}

function appsByName(manifest: ImageManifest): ReadonlyMap<string, readonly string[]> {
  const apps = new Map<string, string[]>();
  for (const { image, appName } of parseContainerImages(manifest)) {
    if (appName === undefined) continue;
    const name = nameOf(image);
    apps.set(name, [...(apps.get(name) ?? []), appName].sort());
  }
  return apps;
}

function nameOf(image: string): string {
  try {
    return formatReference(parseReference(image));
  } catch {
    return image;
  }
}

function keyOf({ name, platform, digest }: Found): string {
  return `${name} ${platform === undefined ? '' : formatPlatform(platform)} ${digest}`;
}
