/** The container images of one platform, brought into the store. */

import { type Harvest, harvest } from '../../cluster-image/index.ts';
import { describeFinding, type Finding, groupByReference, type NamedImage } from '../../discover/index.ts';
import type { Problem } from '../../error.ts';
import { familiarReference, formatReference } from '../../oci/reference.ts';
import { type Builder, warn } from '../builder.ts';
import type { StageState } from '../stage/state.ts';
import { inventoryOf } from './bundle.ts';
import type { ImageSupply } from './supply.ts';

/**
 * Fetches what the findings name. Images that are only possible, or that the user's rules allow to be missing, are left
 * out where they cannot be had.
 * @returns undefined where the options say that images are left out
 * @throws SealerError IMAGES_MISSING
 */
export async function fetchImages(
  builder: Builder,
  state: StageState,
  findings: readonly Finding[],
  supply: ImageSupply,
): Promise<Harvest | undefined> {
  const { store, signal, report } = builder.world;
  const images = groupByReference(findings);
  if (!builder.options.saveImages) {
    if (images.length > 0) report({ type: 'note', level: 'info', message: leftOut(images.length) });
    return undefined;
  }
  const { platform } = state;
  const found = await harvest(
    images.filter((image) => isWanted(builder, image)),
    {
      ...{ store, signal, report },
      client: builder.source,
      platforms: [platform],
      offline: builder.options.offline,
      resolved: builder.resolved,
      fallback: supply.fallback,
      have: inventoryOf(state),
      isOptional: (image) => isPossible(image) || builder.rules.mayBeMissing(image.reference),
    },
  );
  for (const { reference, digest } of found.images) builder.resolved.set(formatReference(reference), { digest });
  for (const { image, error } of found.skipped) tell(builder, image, error);
  builder.moved.fetched += found.moved;
  builder.moved.reused += found.reused;
  return found;
}

/** Whether an image is named only by text that may be something else. */
export function isPossible({ findings }: NamedImage): boolean {
  return findings.every(({ certainty }) => certainty === 'possible');
}

/** With a lock no registry is asked what text may mean: that was done when the lock was written. */
function isWanted(builder: Builder, image: NamedImage): boolean {
  const { before } = builder.lock;
  const name = formatReference(image.reference);
  if (before === undefined || before.images.has(name) || builder.options.lock === 'write') return true;
  if (isPossible(image)) return false;
  if (image.reference.digest !== undefined) return true;
  const [first] = image.findings;
  warn(builder, {
    code: 'LOCK_STALE',
    message: `${familiarReference(image.reference)} is not in ${builder.lock.file}: its registry is asked`,
    at: first?.at,
    hint: 'Run "sealer build --lock", and commit what it writes.',
  });
  return true;
}

/** Says what was left out: a notice where it was but a guess, a warning where the user allowed it. */
function tell(builder: Builder, image: NamedImage, error: Pick<Problem, 'code' | 'message'>): void {
  const [first] = image.findings;
  const name = familiarReference(image.reference);
  const problem = { code: error.code, at: first?.at };
  if (!isPossible(image)) {
    const hint = 'images.allowMissing of sealer.yaml lets the build go on; the cluster will not have it.';
    warn(builder, { ...problem, message: `${name} is left out: ${error.message}`, hint });
    return;
  }
  const what = first === undefined ? '' : ` (${describeFinding(first)})`;
  const message = `${name}${what} may be an image, and is none: ${error.message}`;
  builder.warnings.push({ ...problem, message, severity: 'notice' });
}

function leftOut(count: number): string {
  return `--save-images=false: ${count} container image${count === 1 ? ' is' : 's are'} not in the image`;
}
