/** Reads all that the page of an image shows from the store. */

import { compareImages, type ImageSpec, inspectImage, kubeVersionOf, readInventory } from '../cluster-image/index.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { shortDigest } from '../oci/digest.ts';
import { formatPlatform, type Platform } from '../oci/platform.ts';
import { familiarReference, isReference, parseReference } from '../oci/reference.ts';
import type { Store } from '../oci/store/index.ts';
import { type CarriedContent, readCarriedImages } from './carried-images.ts';
import { listComponents } from './components.ts';
import { fileTree } from './file-tree.ts';
import { type LayerFile, readLayerFiles } from './layer-files.ts';
import type { FileNode, PageLayer, PageModel } from './model.ts';
import { weightsOf } from './weights.ts';

export interface NamedDescriptor {
  readonly name: string;
  readonly descriptor: Descriptor;
}

export interface GatherOptions {
  /** Of an index; default as `inspectImage` has it. */
  readonly platform?: Platform | undefined;
  /** The image to compare with: what `image` has and it has not is new. */
  readonly against?: NamedDescriptor | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Characters of all trees of files together, about: a page of a few megabytes opens at once. */
const TREES_BUDGET = 4_000_000;
/** A page is read by people; a table of more lines is a job for `--json`. */
const MAX_COMPONENTS = 5000;

/**
 * Reads an image, and the files of its layers that are not container images.
 * @throws SealerError as `inspectImage`; IMAGE_NOT_FOUND when a layer is not in the store; UNSAFE_ARCHIVE and the like
 */
export async function gatherPage(
  store: Store,
  { name, descriptor }: NamedDescriptor,
  { platform, against, signal }: GatherOptions,
): Promise<PageModel> {
  const spec = { ...(await inspectImage(store, descriptor, { platform })), name: familiar(name) };
  const carried = await readCarriedImages(store, spec.manifestv1, signal);
  const files = new Map<Descriptor, readonly LayerFile[]>();
  for (const layer of spec.manifestv1.layers) {
    if (!isOfImages(layer)) files.set(layer, await readLayerFiles(store, layer, signal));
  }
  const components = listComponents(spec, carried, [...files.values()].flat());
  return {
    ...{ name: spec.name, digest: descriptor.digest, size: spec.size, facts: factsOf(spec) },
    platform: formatPlatform(spec.ociv1),
    platforms: (spec.index?.platforms ?? [spec.ociv1]).map(formatPlatform),
    weights: weightsOf(
      components,
      spec.layers.map(({ createdBy = 'files' }, i) => ({ createdBy, files: filesOf(spec, files, i) })),
      spec.size,
    ),
    layers: layersOf(spec, files, carried),
    components: components.slice(0, MAX_COMPONENTS),
    moreComponents: Math.max(0, components.length - MAX_COMPONENTS),
    ...(against === undefined ? {} : { comparison: await comparisonOf(store, spec, against, platform) }),
  };
}

async function comparisonOf(store: Store, to: ImageSpec, from: NamedDescriptor, platform: Platform | undefined) {
  const other = await inspectImage(store, from.descriptor, { platform });
  return compareImages({ ...other, name: familiar(from.name) }, to);
}

function filesOf(spec: ImageSpec, files: ReadonlyMap<Descriptor, readonly LayerFile[]>, i: number) {
  const layer = spec.manifestv1.layers[i];
  return (layer === undefined ? undefined : files.get(layer)) ?? [];
}

/** Container images: their content is known from manifests, and reading it would take as long as hashing gigabytes. */
function isOfImages(layer: Descriptor): boolean {
  const { images, blobs } = readInventory({ layers: [layer] });
  return images.size > 0 || blobs.size > 0;
}

function layersOf(
  spec: ImageSpec,
  files: ReadonlyMap<Descriptor, readonly LayerFile[]>,
  carried: readonly CarriedContent[],
): readonly PageLayer[] {
  // Each layer gets of the budget what its number of files asks for.
  const count = [...files.values()].reduce((sum, each) => sum + each.length, 0);
  return spec.manifestv1.layers.map((layer, i) => {
    const { digest, size, kind = '', createdBy = '' } = spec.layers[i] ?? { digest: layer.digest, size: layer.size };
    const listed = files.get(layer);
    const tree =
      listed === undefined
        ? { content: carriedBy(layer, carried) }
        : fileTree(listed, Math.ceil((TREES_BUDGET * listed.length) / Math.max(count, 1)));
    return { digest, size, kind, createdBy, ...tree };
  });
}

/** A large blob with the images that it is part of, or the images whose documents and links a layer has. */
function carriedBy(layer: Descriptor, carried: readonly CarriedContent[]): readonly FileNode[] {
  const { images, blobs } = readInventory({ layers: [layer] });
  return [
    ...[...blobs].map((blob) => {
      const users = carried.filter((each) => each.blobs.has(blob));
      const size = users[0]?.blobs.get(blob) ?? layer.size;
      const names = users.map((each): FileNode => ({ n: familiar(each.name), s: size }));
      return { n: `content ${shortDigest(blob)}`, s: size, c: names };
    }),
    ...[...images.values()].map(({ image, size }) => ({ n: familiar(image), s: size })),
  ];
}

function factsOf({ imageExtension: extension, ociv1, layers, containerImageList }: ImageSpec): PageModel['facts'] {
  const launch = extension?.launch;
  const facts: PageModel['facts'] = [
    ['Type', extension?.type ?? 'not a cluster image'],
    ['Kubernetes', extension === undefined ? '' : (kubeVersionOf(extension.labels, undefined) ?? '')],
    ['Runtime', extension?.labels['cluster.alpha.sealer.io/cluster-runtime-type'] ?? ''],
    ['Apps', (extension?.applications ?? []).map(({ name }) => name).join(', ')],
    ['Launches', [...(launch?.app_names ?? []), ...(launch?.cmds ?? [])].join(', ')],
    ['Container images', String(new Set(containerImageList.map(({ image }) => image)).size)],
    ['Layers', String(layers.length)],
    ['Made', dateOf(ociv1.created)],
    ['Made by', extension === undefined ? '' : `sealer ${extension.buildClient.sealerVersion}`],
  ];
  return facts.filter(([, value]) => value !== '');
}

/** A build that can be repeated has no time of its own: 1970. */
function dateOf(created: string | undefined): string {
  return created === undefined || created.startsWith('1970-') ? '' : created.slice(0, 16).replace('T', ' ');
}

function familiar(name: string): string {
  return isReference(name) ? familiarReference(parseReference(name)) : name;
}
