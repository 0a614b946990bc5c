/** The container images that the result needs: found in its files and lists, fetched, and made into layers. */

import { readFile } from 'node:fs/promises';
import {
  bundleLayers,
  type ContainerImage,
  containerImagesOf,
  EMPTY_INVENTORY,
  type Harvest,
  harvest,
  parseContainerImages,
  readInventory,
} from '../cluster-image/index.ts';
import { discover, type Finding, groupByReference, type ImageList } from '../discover/index.ts';
import { isSystemError, type Place, type Problem, SealerError } from '../error.ts';
import type { Digest } from '../oci/digest.ts';
import { formatReference } from '../oci/reference.ts';
import { type Builder, warn } from './builder.ts';
import { placeInContext } from './context/context.ts';
import { discoverableFiles } from './discoverable.ts';
import type { CarriedImage } from './options.ts';
import { contentLayers, type StageLayer, type StageState } from './stage/state.ts';

/** What container engines can stack (overlayfs takes 128, and snapshotters need a few of their own). */
export const MAX_LAYERS = 120;

export interface ImageLists {
  readonly wanted: readonly ImageList[];
  readonly ignored: readonly ImageList[];
}

export interface ImagesOfPlatform {
  readonly layers: readonly StageLayer[];
  /** For the annotation: the base's and the new ones. */
  readonly containerImages: readonly ContainerImage[];
  readonly carried: readonly CarriedImage[];
}

/**
 * Reads --image-list and --ignored-image-list.
 * @throws SealerError SOURCE_NOT_FOUND, PERMISSION
 */
export async function readImageLists(wanted: readonly string[], ignored: readonly string[]): Promise<ImageLists> {
  const read = (files: readonly string[]) => Promise.all(files.map(readList));
  return { wanted: await read(wanted), ignored: await read(ignored) };
}

/**
 * Finds, fetches and bundles the images of one platform.
 * @param resolved what names turned out to mean for an earlier platform, so that all get the same; added to
 * @throws SealerError MANIFEST_UNREADABLE, IMAGES_MISSING, TOO_MANY_LAYERS
 */
export async function addImages(
  builder: Builder,
  state: StageState,
  lists: ImageLists,
  resolved: Map<string, { readonly digest: Digest }>,
): Promise<ImagesOfPlatform> {
  const { store, client, signal, report } = builder.world;
  const findings = await findImages(builder, state, lists);
  const have = state.base === undefined ? EMPTY_INVENTORY : readInventory(state.base.manifest);
  const inherited = state.base === undefined ? [] : parseContainerImages(state.base.manifest);
  const images = groupByReference(findings);
  if (!builder.options.saveImages) {
    if (images.length > 0) report({ type: 'note', level: 'info', message: leftOut(images.length) });
    return { layers: [], containerImages: inherited, carried: carriedImages(have, inherited, undefined) };
  }
  const { platform } = state;
  const found = await harvest(images, { store, client, platforms: [platform], signal, report, resolved, have });
  for (const { reference, digest } of found.images) resolved.set(formatReference(reference), { digest });
  builder.moved.fetched += found.moved;
  builder.moved.reused += found.reused;
  const budget = MAX_LAYERS - state.layers.length;
  const bundled = await bundleLayers(found, { store, budget, have, signal });
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
  const containerImages = mergeImages(inherited, containerImagesOf(found.images, platform));
  return { layers, containerImages, carried: carriedImages(have, inherited, found) };
}

/**
 * Finds the images of one platform; warnings are left with the builder.
 * @throws SealerError MANIFEST_UNREADABLE
 */
export async function findImages(builder: Builder, state: StageState, lists: ImageLists): Promise<readonly Finding[]> {
  const layers = contentLayers(state);
  const { files, paths } = await discoverableFiles(builder, state);
  const { findings, problems } = discover(files, { imageLists: lists.wanted, ignored: lists.ignored, paths });
  const origins: Readonly<Record<string, string>> = Object.assign({}, ...layers.map((layer) => layer.origins));
  const locate = (at: Place): Place => {
    const origin = origins[at.file];
    return origin === undefined ? at : { ...at, file: placeInContext(builder.context, origin) };
  };
  const located = problems.map((problem) =>
    problem.at === undefined ? problem : { ...problem, at: locate(problem.at) },
  );
  for (const problem of located) if (problem.severity === 'warning') warn(builder, problem);
  refuseUnreadable(located.filter((problem) => problem.severity !== 'warning'));
  return findings.map((finding) => ({ ...finding, at: locate(finding.at) }));
}

function refuseUnreadable(problems: readonly Problem[]): void {
  const [first] = problems;
  if (first === undefined) return;
  if (problems.length === 1) throw new SealerError(first.code, first.message, { hint: first.hint, at: first.at });
  throw new SealerError('MANIFEST_UNREADABLE', `${problems.length} problems in the files that name container images`, {
    hint: 'Each image that is not seen here would be missing on the cluster.',
    at: first.at,
    problems,
  });
}

function carriedImages(
  have: ReturnType<typeof readInventory>,
  inherited: readonly ContainerImage[],
  found: Harvest | undefined,
): CarriedImage[] {
  const carried = new Map<string, CarriedImage>();
  for (const { image, digest, size } of have.images.values()) {
    const app = inherited.find((each) => each.image === image)?.appName;
    carried.set(image, { reference: image, digest, bytes: size, app });
  }
  for (const { reference, digest, size, appName } of found?.images ?? []) {
    const name = formatReference(reference);
    carried.set(name, { reference: name, digest, bytes: size, app: appName });
  }
  return [...carried.values()].sort((a, b) => (a.reference < b.reference ? -1 : 1));
}

function mergeImages(inherited: readonly ContainerImage[], own: readonly ContainerImage[]): readonly ContainerImage[] {
  const keyOf = ({ image, appName }: ContainerImage): string => `${image} ${appName ?? ''}`;
  const all = new Map([...inherited, ...own].map((each) => [keyOf(each), each]));
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

async function readList(file: string): Promise<ImageList> {
  try {
    return { file, text: await readFile(file, 'utf8') };
  } catch (cause) {
    if (!isSystemError(cause, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES')) throw cause;
    throw new SealerError(
      cause.code === 'EACCES' ? 'PERMISSION' : 'SOURCE_NOT_FOUND',
      `The image list ${file} cannot be read`,
      {
        cause,
        hint: 'Give a file with one image reference per line.',
      },
    );
  }
}

function leftOut(count: number): string {
  return `--save-images=false: ${count} container image${count === 1 ? ' is' : 's are'} not in the image`;
}
