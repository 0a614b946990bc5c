/** What the image weighs, as areas: one colour for each app, one box for each part. */

import { formatBytes } from '../../units.ts';
import type { PageModel } from '../model.ts';
import { bar, breakable, element, section } from './element.ts';
import { type Group, groupWeights, type Part } from './groups.ts';
import { type Rectangle, squarify } from './squarify.ts';

/** Colours that style.css has; groups beyond share the last, which is grey. */
const COLOURS = 8;

/**
 * Makes the section.
 * @param onChoose told the name of a part that the reader wants to see in the list
 */
export function treemapSection(model: PageModel, onChoose: (name: string) => void): HTMLElement {
  const groups = groupWeights(model.weights);
  const readout = element('p', { class: 'readout' }, 'Point at a box, or go through them with the arrow keys.');
  const map = element('div', { class: 'treemap', role: 'group', 'aria-label': 'Parts of the image by weight' });
  const say = (group: Group, part: Part) => {
    readout.replaceChildren(
      element('strong', {}, breakable(part.name)),
      ` ${formatBytes(part.bytes)}, ${shareOf(part.bytes, model.size)}, ${group.name}`,
    );
  };
  const cells = groups.flatMap((group, i) =>
    group.parts.map((part) => cellOf(group, part, Math.min(i, COLOURS), model.size, say, onChoose)),
  );
  map.append(...cells);
  rove(map, cells);
  const lay = () => layOut(groups, cells, map.clientWidth, map.clientHeight);
  new ResizeObserver(lay).observe(map);
  const lead = 'Areas are bytes as they are stored and moved. What several container images share is split among them.';
  return section('weight', 'What it weighs', lead, map, readout, legendOf(groups, model.size));
}

function cellOf(
  group: Group,
  part: Part,
  colour: number,
  total: number,
  say: (group: Group, part: Part) => void,
  onChoose: (name: string) => void,
): HTMLElement {
  const size = formatBytes(part.bytes);
  const cell = element(
    'button',
    {
      type: 'button',
      class: `cell group-${colour}`,
      tabindex: -1,
      'aria-label': `${part.name}, ${size}, ${shareOf(part.bytes, total)}, ${group.name}`,
    },
    element('span', { class: 'cell-name' }, breakable(lastPart(part.name))),
    element('span', { class: 'cell-size' }, size),
  );
  for (const event of ['pointerenter', 'focus']) cell.addEventListener(event, () => say(group, part));
  cell.addEventListener('click', () => onChoose(part.count === undefined ? part.name : ''));
  return cell;
}

/** Of a name with a registry and folders what tells it from others. */
function lastPart(name: string): string {
  return name.includes(' ') ? name : name.slice(name.lastIndexOf('/') + 1);
}

/** Groups first, then the parts in each: an app's boxes stay together. Percentages, so that paper gets the same picture. */
function layOut(groups: readonly Group[], cells: readonly HTMLElement[], width: number, height: number): void {
  if (width === 0 || height === 0) return;
  const areas = squarify(
    groups.map(({ bytes }) => bytes),
    { x: 0, y: 0, width, height },
  );
  const places = groups.flatMap(({ parts }, i) =>
    squarify(
      parts.map(({ bytes }) => bytes),
      areas[i] ?? { x: 0, y: 0, width: 0, height: 0 },
    ),
  );
  for (const [i, cell] of cells.entries()) place(cell, places[i], width, height);
}

function place(cell: HTMLElement, at: Rectangle | undefined, width: number, height: number): void {
  if (at === undefined) return;
  cell.style.left = `${(100 * at.x) / width}%`;
  cell.style.top = `${(100 * at.y) / height}%`;
  cell.style.width = `${(100 * at.width) / width}%`;
  cell.style.height = `${(100 * at.height) / height}%`;
}

/** One stop for the tab key; arrows go from box to box, by weight. */
function rove(map: HTMLElement, cells: readonly HTMLElement[]): void {
  cells[0]?.setAttribute('tabindex', '0');
  const steps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  map.addEventListener('keydown', (event) => {
    const at = cells.findIndex((cell) => cell.matches(':focus'));
    const ends: Readonly<Record<string, number>> = { Home: 0, End: cells.length - 1 };
    const step = steps[event.key];
    const next = cells[ends[event.key] ?? (step === undefined ? -1 : at + step)];
    if (at === -1 || next === undefined) return;
    event.preventDefault();
    next.focus();
  });
  map.addEventListener('focusin', ({ target }) => {
    for (const cell of cells) cell.tabIndex = cell === target ? 0 : -1;
  });
}

function legendOf(groups: readonly Group[], total: number): HTMLElement {
  const items = groups.map(({ name, bytes }, i) =>
    element(
      'li',
      {},
      element('span', { class: `swatch group-${Math.min(i, COLOURS)}`, 'aria-hidden': 'true' }),
      element('span', { class: 'legend-name' }, name),
      bar(bytes, groups[0]?.bytes ?? 0, `group-${Math.min(i, COLOURS)}`),
      element('span', { class: 'number' }, formatBytes(bytes)),
      element('span', { class: 'number quiet' }, shareOf(bytes, total)),
    ),
  );
  return element('ul', { class: 'shares' }, ...items);
}

/** `12 %`, `0.4 %`. */
function shareOf(part: number, whole: number): string {
  const percent = whole === 0 ? 0 : (100 * part) / whole;
  return `${percent >= 9.95 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}
