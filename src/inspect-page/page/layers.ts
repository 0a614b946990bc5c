/** Layers and their files, with what is chosen told in full below. */

import { formatBytes } from '../../units.ts';
import type { PageModel } from '../model.ts';
import { digestOf } from './digest.ts';
import { breakable, element, section } from './element.ts';
import { treeOf } from './tree.ts';
import { layerItems, type TreeItem } from './tree-items.ts';

/** Makes the section. */
export function layersSection({ layers }: PageModel): HTMLElement {
  const chosen = element('div', { class: 'chosen', 'aria-live': 'polite' });
  const tell = ({ path, name, bytes, digest, kind }: TreeItem) => {
    chosen.replaceChildren(
      element('strong', {}, breakable(path === '' ? name : path)),
      ...(bytes === undefined || kind === 'removed' ? [] : [element('span', { class: 'number' }, formatBytes(bytes))]),
      ...(digest === '' ? [] : [kind === 'layer' ? digestOf(digest, true) : element('code', {}, digest)]),
    );
  };
  const keys = element(
    'span',
    { class: 'keys' },
    element('kbd', {}, '↑'),
    element('kbd', {}, '↓'),
    ' move, ',
    element('kbd', {}, '→'),
    ' opens, ',
    element('kbd', {}, '←'),
    ' closes, letters jump.',
  );
  const text = 'The lowest layer first. Files have their size as unpacked, and the first digits of their SHA-256. ';
  const lead = element('span', {}, text, keys);
  return section('layers', 'Layers and files', lead, treeOf(layerItems(layers), 'Layers and files', tell), chosen);
}
