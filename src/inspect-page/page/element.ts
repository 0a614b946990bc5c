/** Elements of the page. Text only ever becomes text: nothing here reads markup. */

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;
export type Child = Node | string | undefined;

/**
 * Makes an element.
 * @param attributes `true` sets one without a value; `false` and undefined leave it out
 */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** The element of the page with an ID that its template has. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/** A section with its heading; the heading can be jumped to. */
export function section(id: string, title: string, lead: Child, ...children: readonly Child[]): HTMLElement {
  const heading = element('h2', { id: `${id}-title` }, title);
  const intro = lead === undefined ? undefined : element('p', { class: 'lead' }, lead);
  return element('section', { id, 'aria-labelledby': `${id}-title`, tabindex: -1 }, heading, intro, ...children);
}

/** A bar that is part of a whole. Its length stands beside it as text, so it is decoration for who hears the page. */
export function bar(part: number, whole: number, kind = ''): HTMLElement {
  const filled = element('span', { class: `bar-part ${kind}` });
  // The policy forbids style attributes, and allows this.
  filled.style.width = `${whole === 0 ? 0 : Math.max((100 * part) / whole, 0.4)}%`;
  return element('span', { class: 'bar', 'aria-hidden': 'true' }, filled);
}

/** A name that may break where its parts end. */
export function breakable(text: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  for (const [i, part] of text.split(/(?<=[/:@])/).entries()) {
    if (i > 0) fragment.append(element('wbr'));
    fragment.append(part);
  }
  return fragment;
}
