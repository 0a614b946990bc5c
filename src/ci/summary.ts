/** The job summary: what is in the image, what was reused, and how long it took. Everything from outside is escaped. */

import type { BuildResult, BuiltPlatform } from '../build/index.ts';
import { formatBytes, formatCount, formatDuration } from '../cli/index.ts';
import type { Plan } from '../cluster/index.ts';
import { shortDigest } from '../oci/digest.ts';
import { formatPlatform } from '../oci/platform.ts';
import { familiarReference, parseReference } from '../oci/reference.ts';
import type { Verification } from '../rehearsal/index.ts';

/** Rows of one table at most: a summary may have 1 MiB, and nobody reads further. */
const MAX_ROWS = 150;

/**
 * The summary of a build, as the HTML that GitHub allows.
 * @param verification what the proof saw, if there was one
 */
export function buildSummary(result: BuildResult, verification?: Verification): string {
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
    ...(verification === undefined ? [] : [verificationSection(verification)]),
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

/** The summary of a run on hosts: the plan, and whether it was carried out. */
export function planSummary({ cluster, image, runtime, steps, warnings }: Plan, changed: boolean): string {
  const title = `<h3>${escapeHtml(cluster)}</h3>`;
  const what = `<p>${code(image.name)}, ${escapeHtml(runtime)} ${escapeHtml(image.kubeVersion ?? '')}</p>`;
  if (steps.length === 0) return `${title}\n${what}\n<p>Nothing to do: everything is as it should be.</p>\n`;
  const rows = steps.map(({ title, hosts, reason, risk }) => [
    escapeHtml(title),
    hosts.length > 5 ? `${hosts.length} hosts` : hosts.map(code).join(' '),
    escapeHtml(reason),
    risk === 'none' ? '' : risk,
  ]);
  return [
    title,
    what,
    `<p>${changed ? 'Done' : 'Planned, nothing was changed'}:</p>`,
    table(['Step', 'Hosts', 'Why', 'Risk'], rows),
    ...warnings.map((warning) => `<p>${escapeHtml(warning)}</p>`),
    '',
  ].join('\n');
}

function platformSections({ platform, layers, images }: BuiltPlatform, isOpen: boolean): string {
  const name = escapeHtml(formatPlatform(platform));
  const byApp = [...images].sort((a, b) => compare(a.app ?? '', b.app ?? '') || compare(a.reference, b.reference));
  const imageRows = byApp.map(({ reference, digest, bytes, app, found = [] }) => [
    app === undefined ? '' : escapeHtml(app),
    code(reference),
    code(shortDigest(digest)),
    formatBytes(bytes),
    foundIn(found),
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
      table(['App', 'Image', 'Digest', 'Size', 'Found in'], imageRows),
      isOpen,
    ),
    details(
      `${name}: ${formatCount(layers.length, 'layer')}`,
      table(['Digest', 'Kind', 'Size', '', 'Made by'], layerRows),
      false,
    ),
  ].join('\n');
}

/** What a proof saw: missing images first, then what is not ready, then what nothing asked for. */
function verificationSection({ ok, missing, unused, used, workloads, totalMs }: Verification): string {
  const late = workloads.workloads.filter(({ ready }) => !ready);
  const verdict = ok ? 'runs offline' : 'does not run offline';
  const rows = [
    ...missing.map(({ name, askers, reason }) => [
      'missing',
      code(name),
      escapeHtml(`${askers.join(', ')}: ${reason}`),
    ]),
    ...late.map(({ kind, namespace, name, why = '' }) => [
      'not ready',
      code(`${kind} ${namespace}/${name}`),
      escapeHtml(why),
    ]),
    ...unused.map(({ name, bytes }) => ['nothing asked for', code(name), formatBytes(bytes)]),
  ];
  const counts =
    `${formatCount(workloads.workloads.length - late.length, 'workload')} ready, ` +
    `${formatCount(used.length, 'image')} pulled from the bundle, ${formatDuration(totalMs)}`;
  return details(`Verified: the image ${verdict} (${counts})`, rows.length === 0 ? '' : table([], rows), !ok);
}

function foundIn(found: readonly string[]): string {
  const [first] = found;
  if (first === undefined) return 'the base image';
  return `${escapeHtml(first)}${found.length > 1 ? ` and ${found.length - 1} more` : ''}`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
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
