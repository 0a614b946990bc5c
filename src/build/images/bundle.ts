/** Fetched container images as layers of the image. */

import {
  type BundleInventory,
  bundleLayers,
  type ContainerImage,
  containerImagesOf,
  EMPTY_INVENTORY,
  type Harvest,
  parseContainerImages,
  readInventory,
} from '../../cluster-image/index.ts';
import { explainFinding } from '../../discover/index.ts';
import { formatReference } from '../../oci/reference.ts';
import type { Builder } from '../builder.ts';
import type { CarriedImage } from '../options.ts';
import type { StageLayer, StageState } from '../stage/state.ts';

/** What container engines can stack (overlayfs takes 128, and snapshotters need a few of their own). */
export const MAX_LAYERS = 120;

export interface ImagesOfPlatform {
  readonly layers: readonly StageLayer[];
  /** For the annotation: the base's and the new ones. */
  readonly containerImages: readonly ContainerImage[];
  readonly carried: readonly CarriedImage[];
}

/** What the base of a stage carries already. */
export function inventoryOf({ base }: Pick<StageState, 'base'>): BundleInventory {
  return base === undefined ? EMPTY_INVENTORY : readInventory(base.manifest);
}

/**
 * Makes layers of what was fetched.
 * @param found undefined where images are left out: then only the base's are listed
 * @throws SealerError TOO_MANY_LAYERS
 */
export async function bundleImages(
  { world }: Builder,
  state: StageState,
  found: Harvest | undefined,
): Promise<ImagesOfPlatform> {
  const have = inventoryOf(state);
  const inherited = state.base === undefined ? [] : parseContainerImages(state.base.manifest);
  const carried = carriedImages(have, inherited, found);
  if (found === undefined) return { layers: [], containerImages: inherited, carried };
  const budget = MAX_LAYERS - state.layers.length;
  const bundled = await bundleLayers(found, { store: world.store, budget, have, signal: world.signal });
  const layers = bundled.map(
    ({ descriptor, diffId }): StageLayer => ({
      descriptor,
      diffId,
      kind: 'images',
      createdBy: 'container images',
      cached: found.moved === 0,
      origins: {},
    }),
  );
  return {
    layers,
    containerImages: mergeImages(inherited, containerImagesOf(found.images, state.platform)),
    carried,
  };
}

function carriedImages(
  have: BundleInventory,
  inherited: readonly ContainerImage[],
  found: Harvest | undefined,
): CarriedImage[] {
  const carried = new Map<string, CarriedImage>();
  for (const { image, digest, size } of have.images.values()) {
    const app = inherited.find((each) => each.image === image)?.appName;
    carried.set(image, { reference: image, digest, bytes: size, app });
  }
  for (const { reference, digest, size, appName, findings } of found?.images ?? []) {
    const name = formatReference(reference);
    carried.set(name, { reference: name, digest, bytes: size, app: appName, found: findings.map(explainFinding) });
  }
  return [...carried.values()].sort((a, b) => (a.reference < b.reference ? -1 : 1));
}

function mergeImages(inherited: readonly ContainerImage[], own: readonly ContainerImage[]): readonly ContainerImage[] {
  const keyOf = ({ image, appName }: ContainerImage): string => `${image} ${appName ?? ''}`;
  const all = new Map([...inherited, ...own].map((each) => [keyOf(each), each]));
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}
