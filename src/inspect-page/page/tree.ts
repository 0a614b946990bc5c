/** A tree that keys go through: the tree view pattern of the ARIA Authoring Practices Guide. */

import { formatBytes } from '../../units.ts';
import { bar, element } from './element.ts';
import type { TreeItem } from './tree-items.ts';

/** Letters typed within this time are one word, in milliseconds. */
const TYPING_MS = 600;

/**
 * Makes a tree. Folders are filled when they are opened first.
 * @param onSelect told each item that gets the focus
 */
export function treeOf(items: readonly TreeItem[], label: string, onSelect: (item: TreeItem) => void): HTMLElement {
  const tree = element('ul', { role: 'tree', 'aria-label': label, class: 'tree' });
  const itemOf = new WeakMap<Element, TreeItem>();
  const whole = Math.max(...items.map(({ bytes }) => bytes ?? 0), 0);
  tree.append(...nodesOf(items, 1, whole));
  tree.querySelector<HTMLElement>('[role=treeitem]')?.setAttribute('tabindex', '0');

  function nodesOf(list: readonly TreeItem[], level: number, largest: number): readonly HTMLElement[] {
    return list.map((item, i) => {
      const node = element(
        'li',
        {
          ...{
            role: 'treeitem',
            tabindex: -1,
            class: item.layerKind === undefined ? `node ${item.kind}` : `node layer kind-${item.layerKind}`,
            'aria-level': level,
          },
          // Without it, a folder would be called by all that is in it.
          'aria-label': [item.name, item.note, item.bytes === undefined ? '' : formatBytes(item.bytes)]
            .join(' ')
            .trim(),
          ...{ 'aria-setsize': list.length, 'aria-posinset': i + 1 },
          'aria-expanded': item.children === undefined ? undefined : 'false',
        },
        rowOf(item, level, largest),
      );
      itemOf.set(node, item);
      return node;
    });
  }

  function open(node: HTMLElement): void {
    const item = itemOf.get(node);
    if (item?.children === undefined || node.getAttribute('aria-expanded') === 'true') return;
    node.setAttribute('aria-expanded', 'true');
    if (node.querySelector('[role=group]') !== null) return;
    const list = item.children();
    const level = Number(node.getAttribute('aria-level')) + 1;
    const largest = Math.max(...list.map(({ bytes }) => bytes ?? 0), 0);
    node.append(element('ul', { role: 'group' }, ...nodesOf(list, level, largest)));
  }

  function close(node: HTMLElement): void {
    if (node.getAttribute('aria-expanded') === 'true') node.setAttribute('aria-expanded', 'false');
  }

  function focus(node: HTMLElement | undefined | null): void {
    if (node === undefined || node === null) return;
    tree.querySelector('[tabindex="0"]')?.setAttribute('tabindex', '-1');
    tree.querySelector('[aria-selected=true]')?.removeAttribute('aria-selected');
    node.setAttribute('tabindex', '0');
    node.setAttribute('aria-selected', 'true');
    node.focus({ preventScroll: true });
    node.firstElementChild?.scrollIntoView({ block: 'nearest' });
    const item = itemOf.get(node);
    if (item !== undefined) onSelect(item);
  }

  /** All that is not inside something closed, from top to bottom. */
  function visible(): readonly HTMLElement[] {
    return [...tree.querySelectorAll<HTMLElement>('[role=treeitem]')].filter(
      (node) => node.parentElement?.closest('[aria-expanded=false]') === null,
    );
  }

  function step(node: HTMLElement, by: number): void {
    const list = visible();
    focus(list[list.indexOf(node) + by]);
  }

  let typed = '';
  let typedAt = 0;
  function type(node: HTMLElement, letter: string, now: number): void {
    typed = now - typedAt > TYPING_MS ? letter : typed + letter;
    typedAt = now;
    const list = visible();
    const at = list.indexOf(node);
    const start = typed.length === 1 ? at + 1 : at;
    const order = [...list.slice(start), ...list.slice(0, start)];
    focus(order.find((each) => itemOf.get(each)?.name.toLowerCase().startsWith(typed.toLowerCase())));
  }

  const KEYS: Readonly<Record<string, (node: HTMLElement) => void>> = {
    ArrowDown: (node) => step(node, 1),
    ArrowUp: (node) => step(node, -1),
    ArrowRight(node) {
      if (node.getAttribute('aria-expanded') === 'true') focus(node.querySelector<HTMLElement>('[role=treeitem]'));
      else open(node);
    },
    ArrowLeft(node) {
      if (node.getAttribute('aria-expanded') === 'true') close(node);
      else focus(node.parentElement?.closest<HTMLElement>('[role=treeitem]'));
    },
    Home: () => focus(visible()[0]),
    End: () => focus(visible().at(-1)),
    Enter: toggle,
    ' ': toggle,
    '*'(node) {
      for (const each of node.parentElement?.children ?? []) if (each instanceof HTMLElement) open(each);
    },
  };

  function toggle(node: HTMLElement): void {
    if (node.getAttribute('aria-expanded') === 'true') close(node);
    else open(node);
  }

  tree.addEventListener('keydown', (event) => {
    const node = event.target instanceof HTMLElement ? event.target : undefined;
    if (node?.getAttribute('role') !== 'treeitem' || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = KEYS[event.key];
    if (act !== undefined) act(node);
    else if (event.key.length === 1 && event.key !== '/') type(node, event.key, event.timeStamp);
    else return;
    event.preventDefault();
  });
  tree.addEventListener('click', (event) => {
    const row = event.target instanceof Element ? event.target.closest('.row') : null;
    const node = row?.parentElement;
    if (node === null || node === undefined) return;
    toggle(node);
    focus(node);
  });
  return tree;
}

function rowOf({ name, note, bytes, digest, kind, layerKind }: TreeItem, level: number, largest: number): HTMLElement {
  const row = element(
    'span',
    { class: 'row' },
    element('span', { class: 'twist', 'aria-hidden': 'true' }),
    layerKind === undefined ? undefined : element('span', { class: `tag kind-${layerKind}` }, layerKind),
    element(
      'span',
      { class: 'node-name' },
      name,
      note === '' ? undefined : element('span', { class: 'quiet' }, ` ${note}`),
    ),
    element('code', { class: 'node-digest' }, kind === 'layer' ? `${digest.slice(0, 19)}…` : digest),
    bytes === undefined || kind === 'link' || kind === 'removed' ? undefined : bar(bytes, largest),
    element('span', { class: 'number' }, bytes === undefined || kind === 'removed' ? '' : formatBytes(bytes)),
  );
  row.style.setProperty('--level', String(level - 1));
  return row;
}
