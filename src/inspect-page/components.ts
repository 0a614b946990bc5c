/** The list of contents: container images, apps, charts and programs, with what each weighs. Pure. */

import { load } from 'js-yaml';
import type { ImageSpec, InspectedImage } from '../cluster-image/index.ts';
import { familiarReference, isReference, parseReference } from '../oci/reference.ts';
import type { CarriedContent } from './carried-images.ts';
import type { LayerFile } from './layer-files.ts';
import type { Component } from './model.ts';

/** Lists what is in an image, the heaviest first. */
export function listComponents(
  { containerImageList, imageExtension }: Pick<ImageSpec, 'containerImageList' | 'imageExtension'>,
  carried: readonly CarriedContent[],
  files: readonly LayerFile[],
): readonly Component[] {
  const applications = imageExtension?.applications ?? [];
  return [
    ...imagesOf(containerImageList, carried),
    ...applications.map(({ name, type, version }) => appOf(name, type ?? '', version, files)),
    ...files.flatMap(chartOf),
    ...files.flatMap(programOf),
  ].toSorted((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : 1));
}

/** One line for each image, whichever apps name it. */
function imagesOf(listed: readonly InspectedImage[], carried: readonly CarriedContent[]): readonly Component[] {
  const users = new Map<string, number>();
  for (const { blobs } of carried) for (const digest of blobs.keys()) users.set(digest, (users.get(digest) ?? 0) + 1);
  const content = new Map(carried.map((each) => [each.name, each]));
  return [...Map.groupBy(listed, ({ image }) => image)].map(([image, entries]) => {
    const apps = [...new Set(entries.flatMap(({ appName }) => appName ?? []))];
    const [entry] = entries;
    const found = content.get(image);
    const shares = [...(found?.blobs ?? [])].map(([digest, bytes]) => bytes / (users.get(digest) ?? 1));
    const size = found?.bytes ?? entry?.size;
    return {
      ...{ kind: 'image', ...nameAndTag(image), app: apps.sort().join(', '), place: image },
      digest: found?.digest ?? entry?.digest ?? '',
      ...(size === undefined ? {} : { size }),
      weight: found === undefined ? (size ?? 0) : Math.round(shares.reduce((sum, each) => sum + each, 0)),
      license: found?.license ?? '',
    } satisfies Component;
  });
}

function nameAndTag(image: string): Pick<Component, 'name' | 'version'> {
  if (!isReference(image)) return { name: image, version: '' };
  const { registry, repository, tag = '' } = parseReference(image);
  // A reference without a tag and digest would be given the tag `latest` as it is written.
  const name = familiarReference({ registry, repository });
  return { name, version: tag };
}

function appOf(name: string, type: string, version: string, files: readonly LayerFile[]): Component {
  const place = `application/apps/${name}`;
  const own = files.filter(({ path }) => path.startsWith(`${place}/`));
  const size = own.reduce((sum, file) => sum + file.size, 0);
  const weight = Math.round(own.reduce((sum, { stored }) => sum + stored, 0));
  const described = type === '' ? place : `${place} (${type})`;
  return { kind: 'app', name, version, app: name, digest: '', size, weight, license: '', place: described };
}

function chartOf({ path, chart }: LayerFile): readonly Component[] {
  if (chart === undefined) return [];
  const { name, version } = fieldsOf(chart);
  if (typeof name !== 'string') return [];
  const app = /^application\/apps\/([^/]+)\//.exec(path)?.[1] ?? '';
  const text = typeof version === 'string' ? version : '';
  // Its files weigh with its app.
  return [{ kind: 'chart', name, version: text, app, digest: '', weight: 0, license: '', place: path }];
}

function fieldsOf(yaml: string): Readonly<Record<string, unknown>> {
  try {
    return Object(load(yaml));
  } catch {
    return {};
  }
}

/** What hosts run: the rootfs's bin/ holds it (Go sealer's layout of a rootfs). */
function programOf({ path, type, size, stored, digest, isExecutable }: LayerFile): readonly Component[] {
  if (!path.startsWith('bin/') || type !== 'file' || !isExecutable || digest === undefined) return [];
  const name = path.slice('bin/'.length);
  return [
    {
      ...{ kind: 'program', name, version: '', app: '', digest: `sha256:${digest}` },
      ...{ size, weight: Math.round(stored), license: '', place: path },
    },
  ];
}
