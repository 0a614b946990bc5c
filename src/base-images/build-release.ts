/** A release built here: each platform with its own arguments, all of them under one index. */

import { join } from 'node:path';
import { type BuildOptions, type BuildResult, type BuildWorld, build } from '../build/index.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageIndex, serialize } from '../oci/manifest.ts';
import { OCI_INDEX } from '../oci/media-types.ts';
import { parsePlatform } from '../oci/platform.ts';
import { type Cell, type Mirrors, mirrorArgs } from './cells.ts';
import { INPUTS_ANNOTATION, type Inputs, inputsDigest } from './inputs-digest.ts';

export interface BuildReleaseOptions {
  /** The folder with the Kubefile. */
  readonly folder: string;
  /** Of one release: at least one. */
  readonly cells: readonly Cell[];
  readonly inputs: Inputs;
  readonly mirrors: Mirrors;
  /** Complete names for the index. */
  readonly tags: readonly string[];
  readonly noCache: boolean;
}

export interface BuiltRelease {
  /** Of the index over all of its platforms. */
  readonly descriptor: Descriptor;
  readonly cells: readonly { readonly id: string; readonly digest: Digest; readonly inputs: Digest }[];
  readonly results: readonly BuildResult[];
}

/**
 * Builds cells, notes on each manifest what it was made of, and names the whole. The same data gives the same digest.
 * @throws SealerError of the build; no name is set then
 */
export async function buildRelease(options: BuildReleaseOptions, world: BuildWorld): Promise<BuiltRelease> {
  const { store } = world;
  const results: BuildResult[] = [];
  const cells: BuiltRelease['cells'][number][] = [];
  const manifests: Descriptor[] = [];
  for (const cell of options.cells) {
    const inputs = inputsDigest(cell, options.inputs);
    const result = await build(optionsFor(cell, options, inputs), world);
    results.push(result);
    for (const { manifest, platform } of result.platforms) {
      manifests.push({ ...manifest, platform });
      cells.push({ id: cell.id, digest: manifest.digest, inputs });
    }
  }
  const index: ImageIndex = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
  const descriptor = await store.add(serialize(index), OCI_INDEX);
  for (const tag of options.tags) await store.tag(tag, descriptor);
  return { descriptor, cells, results };
}

function optionsFor(cell: Cell, { folder, mirrors, noCache }: BuildReleaseOptions, inputs: Digest): BuildOptions {
  return {
    context: folder,
    file: join(folder, 'Kubefile'),
    tags: [],
    platforms: [parsePlatform(cell.platform)],
    buildArgs: { ...cell.buildArgs, ...mirrorArgs(mirrors) },
    labels: {},
    annotations: { [`manifest:${INPUTS_ANNOTATION}`]: inputs },
    noCache,
    pull: 'missing',
    target: cell.variant,
    secrets: [],
    imageLists: [],
    ignoredImageLists: [],
    saveImages: true,
    type: 'kube-installer',
  };
}
