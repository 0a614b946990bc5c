/** What `sealer inspect` shows people. */

import type { ImageSpec } from '../cluster-image/index.ts';
import { shortDigest } from '../oci/digest.ts';
import { formatPlatform } from '../oci/platform.ts';
import { familiarReference, parseReference } from '../oci/reference.ts';
import { formatTable } from './print.ts';
import { formatBytes, formatCount, plainText, shorten } from './progress/index.ts';

/** What is known of an image, with the digest that its name stands for. */
export interface Inspection extends ImageSpec {
  /** Of the chosen platform's manifest. */
  readonly manifestDigest: string;
}

/** Several short sections: what it is, its apps, the container images inside, its layers. */
export function describeInspection(inspection: Inspection): string {
  const { layers, containerImageList, size } = inspection;
  const images = containerImageList.map((each) => [
    familiarReference(parseReference(each.image)),
    each.digest === undefined ? '' : shortDigest(each.digest),
    each.size === undefined ? '' : formatBytes(each.size),
    each.appName ?? '',
  ]);
  const rows = layers.map((layer) => [
    shortDigest(layer.digest),
    layer.kind ?? '',
    formatBytes(layer.size),
    shorten(plainText(layer.createdBy ?? ''), 72),
  ]);
  return [
    ...facts(inspection),
    `\n${formatCount(images.length, 'container image')} inside`,
    ...(images.length === 0 ? [] : [formatTable(['IMAGE', 'DIGEST', 'SIZE', 'APP'], images)]),
    `\n${formatCount(rows.length, 'layer')}, ${formatBytes(size)}`,
    ...(rows.length === 0 ? [] : [formatTable(['DIGEST', 'KIND', 'SIZE', 'MADE BY'], rows)]),
  ].join('\n');
}

function facts({ name, digest, index, ociv1, imageExtension: extension }: Inspection): readonly string[] {
  const platforms = index?.platforms ?? [ociv1];
  const apps = extension?.applications?.map((app) => app.name) ?? [];
  const launch = extension?.launch;
  const rows: readonly (readonly [string, string])[] = [
    ['Name', name],
    ['Digest', digest],
    ['Type', extension?.type ?? 'not a cluster image'],
    ['Platforms', platforms.map(formatPlatform).join(', ')],
    ['Apps', apps.join(', ')],
    ['Launches', [...(launch?.app_names ?? []), ...(launch?.cmds ?? [])].join(', ')],
  ];
  return rows.filter(([, value]) => value !== '').map(([title, value]) => `${title.padEnd(11)}${plainText(value)}`);
}
