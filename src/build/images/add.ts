/** From the stages to all container images that they need, in the store: found, fetched, and recorded if asked. */

import type { Harvest } from '../../cluster-image/index.ts';
import { type Finding, groupByReference, parseIgnoring, withoutIgnored } from '../../discover/index.ts';
import { SealerError } from '../../error.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference } from '../../oci/reference.ts';
import { extensionOf } from '../assemble.ts';
import type { PreparedBuild } from '../prepare.ts';
import { isNative } from '../run/emulation.ts';
import type { StageState } from '../stage/state.ts';
import { fetchImages } from './fetch.ts';
import { findImages } from './find.ts';
import { recordedFindings, requireComplete } from './lock.ts';
import { type ImageSupply, openSupply } from './supply.ts';

export interface StageImages {
  readonly state: StageState;
  /** Undefined where the options say that images are left out. */
  readonly found: Harvest | undefined;
}

/**
 * Brings the images of all platforms into the store.
 * @throws SealerError IMAGES_MISSING, LOCK_STALE, MANIFEST_UNREADABLE and the codes of discovery; for a recording those of
 *   `recordImages`
 */
export async function addImages(prepared: PreparedBuild, states: readonly StageState[]): Promise<StageImages[]> {
  const { builder, platforms, lists } = prepared;
  const { lock, record } = builder.options;
  const supply = await openSupply(builder, states, platforms);
  const recorded = record === true ? [] : recordedFindings(builder.lock);
  const others = { findings: [...supply.findings, ...recorded], problems: [...supply.problems] };
  const named: { state: StageState; findings: readonly Finding[] }[] = [];
  for (const state of states) {
    named.push({ state, findings: await findImages(builder, state, lists, others) });
  }
  const all = named.flatMap(({ findings }) => findings);
  if (lock === 'require') requireComplete(builder.lock, groupByReference(all), platforms);
  const images: StageImages[] = [];
  for (const { state, findings } of named) {
    images.push({ state, found: await fetchImages(builder, state, findings, supply) });
  }
  return record === true ? await addRecorded(prepared, images, all, supply) : images;
}

async function addRecorded(
  { builder, lists }: PreparedBuild,
  images: readonly StageImages[],
  known: readonly Finding[],
  supply: ImageSupply,
): Promise<StageImages[]> {
  const { state } = images.find((each) => isNative(each.state.platform, builder.host)) ?? {};
  if (state === undefined) {
    const host = formatPlatform(builder.host);
    throw new SealerError('USAGE', `A recording runs the image here, on ${host}, and it is built for others only`, {
      hint: `Add ${host} to the platforms, or take what a recording on such a machine wrote into images.lock.`,
    });
  }
  const { recordImages } = await import('./record.ts');
  const extension = extensionOf(builder, state, builder.world.version ?? 'dev');
  const pulled = await recordImages(builder, state, extension, known);
  // The user's word counts for what was pulled as for what was found.
  const recorded = withoutIgnored(pulled, parseIgnoring(builder.rules, builder.ignoreFile, lists.ignored)).findings;
  const complete: StageImages[] = [];
  for (const { state, found } of images) {
    const more = recorded.length === 0 ? undefined : await fetchImages(builder, state, recorded, supply);
    complete.push({ state, found: found === undefined || more === undefined ? found : join(found, more) });
  }
  return complete;
}

/** Sorted as a single harvest is: a build that takes the recorded images from the lock makes the same image. */
function join(a: Harvest, b: Harvest): Harvest {
  const byName = new Map([...a.images, ...b.images].map((each) => [formatReference(each.reference), each]));
  return {
    images: [...byName].sort(([x], [y]) => (x < y ? -1 : 1)).map(([, image]) => image),
    skipped: [...a.skipped, ...b.skipped],
    blobLayers: new Map([...a.blobLayers, ...b.blobLayers]),
    moved: a.moved + b.moved,
    reused: a.reused + b.reused,
  };
}
