/** What an image weighs: by kind of layer, by app, by container image. */

import type { BuiltPlatform, CarriedImage } from '../../build/index.ts';
import { formatBytes, formatCount } from '../../cli/index.ts';
import { bar, percent } from './bars.ts';
import { details, escapeHtml, table } from './html.ts';

const KINDS = { rootfs: 'Rootfs', app: 'Apps', images: 'Container images' } as const;

/** Rows of the heaviest container images, where there are more of them than one sees at once. */
const HEAVIEST = 10;

/** Shares as bars: what to look at when an image is too large. */
export function weightSection({ layers, images }: BuiltPlatform, name: string): string {
  const total = sumOf(layers.map(({ size }) => size));
  const kinds = Object.entries(KINDS).flatMap(([kind, title]) => {
    const own = layers.filter((layer) => layer.kind === kind);
    return own.length === 0
      ? []
      : [{ title, note: formatCount(own.length, 'layer'), bytes: sumOf(own.map(({ size }) => size)) }];
  });
  const apps = [...Map.groupBy(images, ({ app = '' }) => app)].map(([app, own]) => ({
    title: app === '' ? '<i>no app</i>' : escapeHtml(app),
    note: formatCount(own.length, 'container image'),
    bytes: sumOf(own.map(({ bytes }) => bytes)),
  }));
  const heaviest = heaviestFirst(images).slice(0, HEAVIEST);
  const inImages = sumOf(images.map(({ bytes }) => bytes));
  return details(
    `${name}: ${formatBytes(total)}, by weight`,
    [
      shares('Layers', kinds, total),
      ...(apps.length < 2 ? [] : [shares('Container images by app', apps, inImages)]),
      ...(images.length <= HEAVIEST ? [] : [heaviestTable(heaviest, inImages)]),
      ...(images.length < 2 ? [] : ['<p>What several container images share counts for each of them.</p>']),
    ].join('\n'),
    true,
  );
}

interface Share {
  /** HTML. */
  readonly title: string;
  readonly note: string;
  readonly bytes: number;
}

function shares(title: string, parts: readonly Share[], whole: number): string {
  const sorted = parts.toSorted((a, b) => b.bytes - a.bytes);
  const largest = sorted[0]?.bytes ?? 0;
  const rows = sorted.map((each) => [
    each.title,
    formatBytes(each.bytes),
    bar(each.bytes, largest),
    percent(each.bytes, whole),
    each.note,
  ]);
  return table([title, 'Size', '', '', ''], rows);
}

/** Sizes come first here: the list of all images, by app, has the names first. */
function heaviestTable(images: readonly CarriedImage[], whole: number): string {
  const largest = images[0]?.bytes ?? 0;
  const rows = images.map(({ reference, bytes }) => [
    formatBytes(bytes),
    bar(bytes, largest),
    percent(bytes, whole),
    `<samp>${escapeHtml(reference)}</samp>`,
  ]);
  return table(['Size', '', '', 'Heaviest container images'], rows);
}

function heaviestFirst(images: readonly CarriedImage[]): readonly CarriedImage[] {
  const byName = new Map(images.map((each) => [each.reference, each]));
  return [...byName.values()].sort((a, b) => b.bytes - a.bytes);
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
