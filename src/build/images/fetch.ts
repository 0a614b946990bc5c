/** The container images of one platform, brought into the store. */

import { type Harvest, harvest } from '../../cluster-image/index.ts';
import { type Finding, groupByReference } from '../../discover/index.ts';
import type { Digest } from '../../oci/digest.ts';
import { formatReference } from '../../oci/reference.ts';
import type { Builder } from '../builder.ts';
import type { StageState } from '../stage/state.ts';
import { inventoryOf } from './bundle.ts';

/**
 * Fetches what the findings name.
 * @param resolved what names turned out to mean for an earlier platform, so that all get the same; added to
 * @returns undefined where the options say that images are left out
 * @throws SealerError IMAGES_MISSING
 */
export async function fetchImages(
  builder: Builder,
  state: StageState,
  findings: readonly Finding[],
  resolved: Map<string, { readonly digest: Digest }>,
): Promise<Harvest | undefined> {
  const { store, client, signal, report } = builder.world;
  const images = groupByReference(findings);
  if (!builder.options.saveImages) {
    if (images.length > 0) report({ type: 'note', level: 'info', message: leftOut(images.length) });
    return undefined;
  }
  const { platform } = state;
  const have = inventoryOf(state);
  const found = await harvest(images, { store, client, platforms: [platform], signal, report, resolved, have });
  for (const { reference, digest } of found.images) resolved.set(formatReference(reference), { digest });
  builder.moved.fetched += found.moved;
  builder.moved.reused += found.reused;
  return found;
}

function leftOut(count: number): string {
  return `--save-images=false: ${count} container image${count === 1 ? ' is' : 's are'} not in the image`;
}
