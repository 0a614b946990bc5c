/** What `sealer inspect --diff` shows people. */

import type { ImageComparison, InspectedImage, InspectedLayer } from '../cluster-image/index.ts';
import { shortDigest } from '../oci/digest.ts';
import { familiarReference, isReference, parseReference } from '../oci/reference.ts';
import { formatTable } from './print.ts';
import { formatBytes, formatCount, plainText, shorten } from './progress/index.ts';

/** What moves, then a table each of container images, apps and layers; `+` came, `-` went, `~` changed. */
export function describeComparison({ from, to, images, layers, apps, bytesToMove }: ImageComparison): string {
  const imageRows = [
    ...images.added.map((each) => ['+', nameOf(each), sizeOf(each), digestOf(each)]),
    ...images.removed.map((each) => ['-', nameOf(each), sizeOf(each), digestOf(each)]),
    ...images.changed.map((each) => [
      '~',
      each.from.image === each.to.image ? nameOf(each.to) : `${nameOf(each.from)} → ${tagOf(each.to)}`,
      sizeChange(each.from.size, each.to.size),
      `${digestOf(each.from)} → ${digestOf(each.to)}`,
    ]),
  ];
  const appRows = [
    ...apps.added.map((name) => ['+', name, '']),
    ...apps.removed.map((name) => ['-', name, '']),
    ...apps.changed.map(({ name, from, to }) => ['~', name, `${from} → ${to}`]),
  ];
  const layerRows = [
    ...layers.added.map((layer) => ['+', ...layerRow(layer)]),
    ...layers.removed.map((layer) => ['-', ...layerRow(layer)]),
  ];
  const changes = images.added.length + images.removed.length + images.changed.length;
  return [
    `From       ${nameAndSize(from)}`,
    `To         ${nameAndSize(to)}`,
    `To move    ${formatBytes(bytesToMove)} in ${formatCount(layers.added.length, 'layer')}; ` +
      `${formatBytes(layers.keptBytes)} in ${formatCount(layers.kept, 'layer')} stay`,
    ...section(`Container images: ${changes} differ, ${images.same} are the same`, imageRows, [
      ...['', 'IMAGE', 'SIZE', 'DIGEST'],
    ]),
    ...(appRows.length === 0 ? [] : section(`Apps: ${appRows.length} differ`, appRows, ['', 'APP', 'VERSION'])),
    ...section(`Layers: ${layers.added.length} new, ${layers.removed.length} gone`, layerRows, [
      '',
      'DIGEST',
      'KIND',
      'SIZE',
      'MADE BY',
    ]),
  ].join('\n');
}

function section(title: string, rows: readonly (readonly string[])[], titles: readonly string[]): readonly string[] {
  return [`\n${title}`, ...(rows.length === 0 ? [] : [formatTable(titles, rows)])];
}

function nameAndSize({ name, size }: ImageComparison['from']): string {
  return `${plainText(familiar(name))}, ${formatBytes(size)}`;
}

function layerRow({ digest, kind, size, createdBy }: InspectedLayer): readonly string[] {
  return [shortDigest(digest), kind ?? '', formatBytes(size), shorten(plainText(createdBy ?? ''), 72)];
}

function nameOf({ image }: InspectedImage): string {
  return familiar(image);
}

function tagOf({ image }: InspectedImage): string {
  if (!isReference(image)) return image;
  const { tag, digest } = parseReference(image);
  return tag ?? (digest === undefined ? image : shortDigest(digest));
}

function familiar(name: string): string {
  return isReference(name) ? familiarReference(parseReference(name)) : name;
}

function sizeOf({ size }: InspectedImage): string {
  return size === undefined ? '' : formatBytes(size);
}

function digestOf({ digest }: InspectedImage): string {
  return digest === undefined ? '' : shortDigest(digest);
}

/** `12.0 MB (+1.2 MB)`. */
function sizeChange(from: number | undefined, to: number | undefined): string {
  if (to === undefined) return '';
  if (from === undefined || from === to) return formatBytes(to);
  return `${formatBytes(to)} (${to > from ? '+' : '-'}${formatBytes(Math.abs(to - from))})`;
}
