/** Which lines of the list of contents are shown, and in which order. Pure. */

import type { Component, ComponentKind } from '../model.ts';

export type SortKey = 'name' | 'kind' | 'app' | 'size' | 'license';

export interface View {
  /** Words that all have to be somewhere in a line. */
  readonly query: string;
  /** Undefined: all kinds. */
  readonly kind: ComponentKind | undefined;
  /** Undefined: all apps. */
  readonly app: string | undefined;
  readonly sort: SortKey;
  readonly isDescending: boolean;
}

/** The lines that a view has. */
export function rowsOf(components: readonly Component[], view: View): readonly Component[] {
  const words = view.query.toLowerCase().split(/\s+/).filter(Boolean);
  const sign = view.isDescending ? -1 : 1;
  return components
    .filter(
      ({ kind, app }) => (view.kind ?? kind) === kind && (view.app === undefined || appsOf(app).includes(view.app)),
    )
    .filter((component) => isMatch(component, words))
    .toSorted((a, b) => sign * compare(a, b, view.sort) || compare(a, b, 'name'));
}

/** The apps that are named in a component's `app`. */
export function appsOf(app: string): readonly string[] {
  return app === '' ? [] : app.split(', ');
}

function isMatch({ name, version, app, digest, license, place, kind }: Component, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const text = [`${name}:${version}`, kind, app, digest, license, place].join('\n').toLowerCase();
  return words.every((word) => text.includes(word));
}

function compare(a: Component, b: Component, key: SortKey): number {
  if (key === 'size') return (a.size ?? -1) - (b.size ?? -1);
  const order = a[key].localeCompare(b[key], 'en', { numeric: true });
  return order === 0 && key === 'name' ? a.version.localeCompare(b.version, 'en', { numeric: true }) : order;
}
