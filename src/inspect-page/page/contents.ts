/** The list of contents: searched, filtered and sorted. */

import { formatBytes } from '../../units.ts';
import type { Component, ComponentKind, PageModel } from '../model.ts';
import { digestOf } from './digest.ts';
import { bar, breakable, element, section } from './element.ts';
import { appsOf, rowsOf, type SortKey, type View } from './rows.ts';

export interface Contents {
  readonly section: HTMLElement;
  /** Searches for a text, and goes there. */
  readonly search: (text: string) => void;
  /** Draws every line that the search and the filters leave. */
  readonly showAll: () => void;
}

const KINDS: Readonly<Record<ComponentKind, string>> = {
  image: 'container image',
  app: 'app',
  chart: 'chart',
  program: 'program',
};

const COLUMNS: readonly (readonly [title: string, sort: SortKey | undefined])[] = [
  ['Name', 'name'],
  ['Kind', 'kind'],
  ['App', 'app'],
  ['Size', 'size'],
  ['Licence', 'license'],
  ['Digest', undefined],
];

/** Rows that are drawn at first: the rest is one button away. */
const FIRST_ROWS = 250;

/** Makes the section. */
export function contentsSection({ components, moreComponents }: PageModel): Contents {
  let view: View = { query: '', kind: undefined, app: undefined, sort: 'size', isDescending: true };
  let limit = FIRST_ROWS;
  const largest = Math.max(...components.map(({ size }) => size ?? 0), 0);
  const body = element('tbody');
  const status = element('p', { class: 'status', role: 'status' });
  const more = element('button', { type: 'button', class: 'more', hidden: true });
  const input = element('input', {
    ...{ type: 'search', id: 'search', autocomplete: 'off', spellcheck: 'false', enterkeyhint: 'search' },
    ...{ placeholder: 'Name, digest, licence …', 'aria-keyshortcuts': '/', 'aria-controls': 'list' },
  });
  const heads = COLUMNS.map(([title, sort]) => headOf(title, sort, (key) => sortBy(key)));
  const chips = chipsOf(components, (kind) => show({ kind }));

  function show(change: Partial<View>): void {
    view = { ...view, ...change };
    const rows = rowsOf(components, view);
    body.replaceChildren(...rows.slice(0, limit).map((row) => rowOf(row, largest)));
    const left = moreComponents === 0 ? '' : `; ${moreComponents} small ones have no room on this page`;
    status.textContent =
      rows.length === 0 ? 'Nothing like that is inside.' : `${rows.length} of ${components.length}${left}`;
    more.hidden = rows.length <= limit;
    more.textContent = `Show all ${rows.length}`;
    for (const { head, key } of heads) {
      const order = view.isDescending ? 'descending' : 'ascending';
      if (key !== undefined) head.setAttribute('aria-sort', key === view.sort ? order : 'none');
    }
    for (const [kind, chip] of chips) chip.setAttribute('aria-pressed', String(kind === view.kind));
  }

  function sortBy(sort: SortKey): void {
    show({ sort, isDescending: view.sort === sort ? !view.isDescending : sort === 'size' });
  }

  input.addEventListener('input', () => show({ query: input.value }));
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || input.value === '') return;
    event.preventDefault();
    input.value = '';
    show({ query: '' });
  });
  function showAll(): void {
    limit = Number.POSITIVE_INFINITY;
    show({});
  }

  more.addEventListener('click', () => {
    showAll();
    body.querySelectorAll<HTMLElement>('button')[FIRST_ROWS]?.focus();
  });
  const tools = element(
    'div',
    { class: 'tools', role: 'search' },
    element('label', { for: 'search', class: 'search-label' }, 'Search ', element('kbd', {}, '/')),
    input,
    element('div', { class: 'chips', role: 'group', 'aria-label': 'Kind' }, ...[...chips.values()]),
    appSelect(components, (app) => show({ app })),
  );
  const table = element(
    'table',
    { id: 'list' },
    element('caption', { class: 'unseen' }, 'What is inside the image; headings sort'),
    element('thead', {}, element('tr', {}, ...heads.map(({ head }) => head))),
    body,
  );
  show({});
  return {
    section: section('contents', 'What is inside', undefined, tools, status, table, more),
    showAll,
    search(text) {
      input.value = text;
      show({ query: text, kind: undefined });
      input.focus();
      input.select();
    },
  };
}

function headOf(title: string, key: SortKey | undefined, sortBy: (key: SortKey) => void) {
  if (key === undefined) return { head: element('th', { scope: 'col' }, title), key };
  const button = element('button', { type: 'button', class: 'sort' }, title);
  button.addEventListener('click', () => sortBy(key));
  return { head: element('th', { scope: 'col', class: `column-${key}` }, button), key };
}

function chipsOf(components: readonly Component[], choose: (kind: ComponentKind | undefined) => void) {
  const counts = Map.groupBy(components, ({ kind }) => kind);
  const kinds = [undefined, ...(Object.keys(KINDS) as ComponentKind[]).filter((kind) => counts.has(kind))];
  return new Map(
    kinds.map((kind) => {
      const count = kind === undefined ? components.length : (counts.get(kind)?.length ?? 0);
      const title = kind === undefined ? 'All' : `${KINDS[kind]}s`;
      const chip = element(
        'button',
        { type: 'button', class: 'chip', 'aria-pressed': 'false' },
        `${title} `,
        element('span', { class: 'quiet' }, String(count)),
      );
      chip.addEventListener('click', () => choose(kind));
      return [kind, chip];
    }),
  );
}

function appSelect(
  components: readonly Component[],
  choose: (app: string | undefined) => void,
): HTMLElement | undefined {
  const apps = [...new Set(components.flatMap(({ app }) => appsOf(app)))].sort();
  if (apps.length === 0) return undefined;
  const select = element(
    'select',
    { 'aria-label': 'App' },
    element('option', { value: '' }, 'every app'),
    ...apps.map((app, i) => element('option', { value: i + 1 }, app)),
  );
  select.addEventListener('change', () => choose(apps[Number(select.value) - 1]));
  return select;
}

function rowOf({ kind, name, version, app, digest, size, license, place }: Component, largest: number): HTMLElement {
  const title = element('span', { class: 'name' }, breakable(name));
  const tag = version === '' ? undefined : element('span', { class: 'tag' }, version);
  const where = kind === 'image' ? undefined : element('span', { class: 'quiet place' }, breakable(place));
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, title, tag, where),
    element('td', { 'data-title': 'Kind' }, element('span', { class: `tag kind-of-${kind}` }, KINDS[kind])),
    element('td', { 'data-title': 'App' }, app),
    element(
      'td',
      { 'data-title': 'Size', class: 'size' },
      element('span', { class: 'number' }, size === undefined ? '' : formatBytes(size)),
      bar(size ?? 0, largest),
    ),
    element('td', { 'data-title': 'Licence' }, license === '' ? element('span', { class: 'quiet' }, '–') : license),
    element(
      'td',
      { 'data-title': 'Digest' },
      digest === '' ? element('span', { class: 'quiet' }, '–') : digestOf(digest),
    ),
  );
}
