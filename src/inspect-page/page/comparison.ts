/** What differs from another image. */

import { formatBytes, formatCount } from '../../units.ts';
import type { ComparedContent, ComparedLayer, PageComparison } from '../model.ts';
import { bar, breakable, type Child, element, section } from './element.ts';

/** Makes the section. */
export function comparisonSection(comparison: PageComparison): HTMLElement {
  const { from, to, images, layers, apps, bytesToMove } = comparison;
  const changes = [
    ...images.added.map((image) => changeOf('added', named(image), sizeOf(image))),
    ...images.removed.map((image) => changeOf('removed', named(image), sizeOf(image))),
    ...images.changed.map(({ from: old, to: now }) => changeOf('changed', namedChange(old, now), growth(old, now))),
  ];
  const appChanges = [
    ...apps.added.map((name) => changeOf('added', name, '')),
    ...apps.removed.map((name) => changeOf('removed', name, '')),
    ...apps.changed.map((app) => changeOf('changed', `${app.name} ${app.from} → ${app.to}`, '')),
  ];
  const layerChanges = [
    ...layers.added.map((layer) => changeOf('added', layerName(layer), formatBytes(layer.size))),
    ...layers.removed.map((layer) => changeOf('removed', layerName(layer), formatBytes(layer.size))),
  ];
  const difference = to.size - from.size;
  return section(
    'comparison',
    'What is new',
    element('span', {}, 'Compared with ', element('strong', {}, breakable(from.name)), '.'),
    element(
      'div',
      { class: 'moves' },
      element('p', { class: 'headline' }, element('strong', {}, formatBytes(bytesToMove)), ' to move'),
      bar(bytesToMove, to.size),
      element(
        'p',
        { class: 'stay' },
        `${formatBytes(layers.keptBytes)} in ${formatCount(layers.kept, 'layer')} stay as they are; ` +
          `the image is ${difference === 0 ? 'as large as before' : `${formatBytes(Math.abs(difference))} ${difference > 0 ? 'larger' : 'smaller'}`}.`,
      ),
    ),
    listOf(`Container images: ${changes.length} differ, ${images.same} are the same`, changes, true),
    ...(appChanges.length === 0 ? [] : [listOf(`Apps: ${appChanges.length} differ`, appChanges, true)]),
    listOf(`Layers: ${layers.added.length} new, ${layers.removed.length} gone`, layerChanges, changes.length === 0),
  );
}

const SIGNS = { added: '+', removed: '−', changed: '~' } as const;

function changeOf(kind: keyof typeof SIGNS, name: Child, size: string): HTMLElement {
  return element(
    'li',
    { class: kind },
    element('span', { class: 'sign', 'aria-hidden': 'true' }, SIGNS[kind]),
    element('span', { class: 'unseen' }, `${kind}: `),
    element('span', { class: 'change-name' }, name),
    element('span', { class: 'number' }, size),
  );
}

function listOf(title: string, items: readonly HTMLElement[], isOpen: boolean): HTMLElement {
  if (items.length === 0) return element('p', { class: 'same' }, title);
  return element(
    'details',
    { open: isOpen },
    element('summary', {}, title),
    element('ul', { class: 'changes' }, ...items),
  );
}

function named({ image }: ComparedContent): DocumentFragment {
  return breakable(image);
}

function namedChange(from: ComparedContent, to: ComparedContent): DocumentFragment {
  const fragment = breakable(from.image);
  const now = from.image === to.image ? ` (${short(from)} → ${short(to)})` : ` → ${tagOf(from.image, to.image)}`;
  fragment.append(element('span', { class: 'arrow' }, now));
  return fragment;
}

function short({ digest }: ComparedContent): string {
  return digest?.split(':')[1]?.slice(0, 12) ?? 'no digest';
}

/** What is left of the new name behind what both have. */
function tagOf(from: string, to: string): string {
  const colon = to.lastIndexOf(':');
  return colon > 0 && from.startsWith(to.slice(0, colon)) ? to.slice(colon + 1) : to;
}

function sizeOf({ size }: ComparedContent): string {
  return size === undefined ? '' : formatBytes(size);
}

function growth(from: ComparedContent, to: ComparedContent): string {
  if (from.size === undefined || to.size === undefined || from.size === to.size) return sizeOf(to);
  const sign = to.size > from.size ? '+' : '−';
  return `${formatBytes(to.size)}, ${sign}${formatBytes(Math.abs(to.size - from.size))}`;
}

function layerName({ createdBy, digest }: ComparedLayer): string {
  return `${digest.slice(7, 19)}  ${createdBy ?? ''}`;
}
