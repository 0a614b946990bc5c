/** What an image weighs, by app and part. Pure. */

import type { LayerFile } from './layer-files.ts';
import type { Component, Weight } from './model.ts';

/** Groups for what belongs to no app. */
const CLUSTER_IMAGES = 'images of no app';
const PROGRAMS = 'programs';
const OTHER_FILES = 'other files';

/** A layer of files, with the instruction that made it. */
export interface FilesLayer {
  readonly createdBy: string;
  readonly files: readonly LayerFile[];
}

/**
 * The parts that an image's bytes are made of, the heaviest first: container images, programs, files of apps, and for each layer
 * its other files. What is left, which stands around container images, is a part as well, so that the parts add up.
 * @param size bytes of all layers
 */
export function weightsOf(
  components: readonly Component[],
  layers: readonly FilesLayer[],
  size: number,
): readonly Weight[] {
  const images = components.filter(({ kind }) => kind === 'image').map(imagePart);
  const files = layers.flatMap(filesOf);
  const parts = [...images, ...files].filter(({ bytes }) => bytes > 0);
  const rest = size - parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const others = rest > 0 ? [{ group: OTHER_FILES, name: 'manifests and links', bytes: rest }] : [];
  return [...parts, ...others].toSorted((a, b) => b.bytes - a.bytes);
}

function imagePart({ name, version, app, weight }: Component): Weight {
  return {
    group: app === '' ? CLUSTER_IMAGES : app,
    name: version === '' ? name : `${name}:${version}`,
    bytes: weight,
  };
}

/** Programs each by itself, files of an app together, and the rest of the layer. */
function filesOf({ createdBy, files }: FilesLayer): readonly Weight[] {
  const bytes = new Map<string, Weight>();
  for (const file of files) {
    const { group, name } = partOf(file, createdBy);
    const key = `${group}\n${name}`;
    bytes.set(key, { group, name, bytes: (bytes.get(key)?.bytes ?? 0) + file.stored });
  }
  return [...bytes.values()].map((part) => ({ ...part, bytes: Math.round(part.bytes) }));
}

function partOf({ path, isExecutable }: LayerFile, createdBy: string): Pick<Weight, 'group' | 'name'> {
  if (isExecutable && path.startsWith('bin/')) return { group: PROGRAMS, name: path.slice('bin/'.length) };
  const app = /^application\/apps\/([^/]+)\//.exec(path)?.[1];
  return app === undefined ? { group: OTHER_FILES, name: createdBy } : { group: app, name: `files of ${app}` };
}
