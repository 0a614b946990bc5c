/** What the image is, at a glance. */

import { formatBytes, formatCount } from '../../units.ts';
import type { PageModel } from '../model.ts';
import { digestOf } from './digest.ts';
import { element } from './element.ts';

/** How kinds of layers are called, in the order of the bar. */
const KINDS = [
  ['rootfs', 'rootfs'],
  ['app', 'apps'],
  ['images', 'container images'],
  ['', 'other layers'],
] as const;

/** Puts digest, weight and facts below the name. */
export function fillMasthead(masthead: HTMLElement, model: PageModel): void {
  const others = model.platforms.filter((each) => each !== model.platform);
  const platform = others.length === 0 ? model.platform : `${model.platform} (also ${others.join(', ')})`;
  masthead.append(
    digestOf(model.digest, true),
    element('div', { class: 'weight' }, element('strong', {}, formatBytes(model.size)), kindsBar(model)),
    element(
      'dl',
      { class: 'facts' },
      ...[['Platform', platform] as const, ...model.facts].map(([title, value]) =>
        element('div', {}, element('dt', {}, title), element('dd', {}, value)),
      ),
    ),
  );
}

function kindsBar({ layers, size }: PageModel): HTMLElement {
  const kinds = KINDS.map(([kind, name]) => {
    const own = layers.filter((layer) => layer.kind === kind);
    return { kind, name, count: own.length, bytes: own.reduce((sum, layer) => sum + layer.size, 0) };
  }).filter(({ count }) => count > 0);
  const parts = kinds.map(({ kind, bytes }) => {
    const part = element('span', { class: `kind-${kind || 'other'}` });
    part.style.flexGrow = String(size === 0 ? 1 : bytes / size);
    return part;
  });
  const names = kinds.map(({ kind, name, bytes, count }) =>
    element(
      'li',
      {},
      element('span', { class: `swatch kind-${kind || 'other'}`, 'aria-hidden': 'true' }),
      `${name} `,
      element('span', { class: 'quiet' }, `${formatBytes(bytes)} in ${formatCount(count, 'layer')}`),
    ),
  );
  return element(
    'div',
    { class: 'kinds' },
    element('div', { class: 'kinds-bar', 'aria-hidden': 'true' }, ...parts),
    element('ul', { class: 'legend' }, ...names),
  );
}
