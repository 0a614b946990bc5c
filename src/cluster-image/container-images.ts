/**
 * The list of container images in a cluster image: an annotation of its manifest, as the Go sealer writes it
 * (sealerio/sealer, pkg/define/image/v1: ContainerImage; types/api/v1: Platform).
 */

import type { ImageManifest } from '../oci/manifest.ts';
import type { Platform } from '../oci/platform.ts';
import { formatReference } from '../oci/reference.ts';
import { IMAGES_ANNOTATION } from './extension.ts';
import type { HarvestedImage } from './harvest/harvested.ts';

export interface ContainerImage {
  /** The complete name. */
  readonly image: string;
  readonly appName?: string | undefined;
  readonly platform?: Platform | undefined;
}

/** The list for the cluster image of one platform: an entry per image and app, sorted. */
export function containerImagesOf(images: readonly HarvestedImage[], platform: Platform): readonly ContainerImage[] {
  const list = images.flatMap(({ reference, appNames }) => {
    const image = formatReference(reference);
    return appNames.length === 0 ? [{ image, platform }] : appNames.map((appName) => ({ image, appName, platform }));
  });
  return list.sort((a, b) => compare(a.image, b.image));
}

/** The annotation's value, in the field order of the Go structs. */
export function serializeContainerImages(images: readonly ContainerImage[]): string {
  const list = images.map(({ image, appName, platform }) => ({
    image,
    appName,
    platform: {
      architecture: platform?.architecture,
      os: platform?.os,
      os_version: platform?.['os.version'],
      variant: platform?.variant,
    },
  }));
  return JSON.stringify(list);
}

/** Reads the list; entries and fields that make no sense are left out, an image without it has none. */
export function parseContainerImages(manifest: Pick<ImageManifest, 'annotations'>): readonly ContainerImage[] {
  const list = parseList(manifest.annotations?.[IMAGES_ANNOTATION] ?? '[]');
  return list.flatMap((each) => {
    const { image, appName, platform } = (each ?? {}) as Record<string, unknown>;
    if (typeof image !== 'string') return [];
    return [
      {
        image,
        ...(typeof appName === 'string' && appName !== '' ? { appName } : {}),
        ...parsePlatform(platform),
      },
    ];
  });
}

function parsePlatform(value: unknown): { platform?: Platform } {
  const { os, architecture, variant } = (value ?? {}) as Record<string, unknown>;
  if (typeof os !== 'string' || typeof architecture !== 'string') return {};
  return { platform: { os, architecture, ...(typeof variant === 'string' ? { variant } : {}) } };
}

function parseList(text: string): readonly unknown[] {
  try {
    const json: unknown = JSON.parse(text);
    return Array.isArray(json) ? json : [];
  } catch {
    return [];
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
