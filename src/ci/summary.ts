/** The job summary: what is in the image, what was reused, and how long it took. Everything from outside is escaped. */

import type { BuildResult, BuiltPlatform } from '../build/index.ts';
import { formatBytes, formatCount, formatDuration } from '../cli/index.ts';
import { shortDigest } from '../oci/digest.ts';
import { formatPlatform } from '../oci/platform.ts';
import { familiarReference, parseReference } from '../oci/reference.ts';

/** Rows of one table at most: a summary may have 1 MiB, and nobody reads further. */
const MAX_ROWS = 150;

/** The summary of a build, as the HTML that GitHub allows. */
export function buildSummary(result: BuildResult): string {
  const names = result.tags.map((tag) => code(familiarReference(parseReference(tag)))).join('<br>');
  const facts: readonly (readonly [string, string])[] = [
    ['Image', names === '' ? 'without a name' : names],
    ['Digest', code(result.digest)],
    ['Reused', formatBytes(result.reusedBytes)],
    ['Fetched', formatBytes(result.fetchedBytes)],
    ['Time', result.timings.map(({ phase, ms }) => `${escapeHtml(phase)} ${formatDuration(ms)}`).join(', ')],
  ];
  return [
    '<h3>Cluster image</h3>',
    table(
      [],
      facts.map(([name, value]) => [`<b>${name}</b>`, value]),
    ),
    ...result.platforms.map((platform) => platformSections(platform, result.platforms.length === 1)),
    '',
  ].join('\n');
}

export interface PushedName {
  readonly name: string;
  readonly digest: string;
  readonly movedBytes: number;
  readonly skippedBytes: number;
}

/** The summary of a push. */
export function pushSummary(pushed: readonly PushedName[]): string {
  const rows = pushed.map(({ name, digest, movedBytes, skippedBytes }) => [
    code(name),
    code(digest),
    formatBytes(movedBytes),
    formatBytes(skippedBytes),
  ]);
  return `<h3>Pushed</h3>\n${table(['Name', 'Digest', 'Sent', 'Already there'], rows)}\n`;
}

function platformSections({ platform, layers, images }: BuiltPlatform, isOpen: boolean): string {
  const name = escapeHtml(formatPlatform(platform));
  const imageRows = images.map(({ reference, digest, bytes, app }) => [
    code(reference),
    app === undefined ? '' : escapeHtml(app),
    code(shortDigest(digest)),
    formatBytes(bytes),
  ]);
  const layerRows = layers.map(({ digest, size, kind, createdBy, cached }) => [
    code(shortDigest(digest)),
    kind,
    formatBytes(size),
    cached ? 'reused' : 'new',
    code(createdBy.length > 120 ? `${createdBy.slice(0, 119)}…` : createdBy),
  ]);
  return [
    details(
      `${name}: ${formatCount(images.length, 'container image')}`,
      table(['Image', 'App', 'Digest', 'Size'], imageRows),
      isOpen,
    ),
    details(
      `${name}: ${formatCount(layers.length, 'layer')}`,
      table(['Digest', 'Kind', 'Size', '', 'Made by'], layerRows),
      false,
    ),
  ].join('\n');
}

function details(title: string, content: string, isOpen: boolean): string {
  return `<details${isOpen ? ' open' : ''}><summary>${title}</summary>\n${content}\n</details>`;
}

/** Cells are HTML already. No blank line may come in: Markdown would start again behind it. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const head =
    titles.length === 0 ? [] : [`<tr>${titles.map((title) => `<th align="left">${title}</th>`).join('')}</tr>`];
  const body = rows.slice(0, MAX_ROWS).map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`);
  const more = rows.length > MAX_ROWS ? [`<tr><td>… and ${rows.length - MAX_ROWS} more</td></tr>`] : [];
  return ['<table>', ...head, ...body, ...more, '</table>'].join('\n');
}

function code(text: string): string {
  return `<code>${escapeHtml(text)}</code>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
  '|': '&#124;',
  // @name in a summary would notify somebody.
  '@': '&#64;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`|@]/g, (character) => ENTITIES[character] ?? character).replace(/[\r\n]+/g, ' ');
}
