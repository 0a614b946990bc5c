/** The summary of a build: what is in the image, what it weighs, what was reused, and how long it took. */

import type { BuildResult, BuiltPlatform } from '../../build/index.ts';
import { formatBytes, formatCount, formatDuration } from '../../cli/index.ts';
import { shortDigest } from '../../oci/digest.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { familiarReference, parseReference } from '../../oci/reference.ts';
import type { Verification } from '../../rehearsal/index.ts';
import type { Timeline } from '../timeline.ts';
import { bar } from './bars.ts';
import { code, cut, details, escapeHtml, table } from './html.ts';
import { fitParts, type Part } from './room.ts';
import { timelineSection } from './timeline.ts';
import { weightSection } from './weight.ts';

export interface BuildSummaryOptions {
  /** What the proof saw, if there was one. */
  readonly verification?: Verification | undefined;
  readonly timeline?: Timeline | undefined;
}

/** The summary of a build, as the HTML and the diagrams that GitHub shows. */
export function buildSummary(result: BuildResult, { verification, timeline }: BuildSummaryOptions = {}): string {
  const names = result.tags.map((tag) => code(familiarReference(parseReference(tag)))).join('<br>');
  const facts: readonly (readonly [string, string])[] = [
    ['Image', names === '' ? 'without a name' : names],
    ['Digest', code(result.digest)],
    ['Reused', formatBytes(result.reusedBytes)],
    ['Fetched', formatBytes(result.fetchedBytes)],
    ['Time', result.timings.map(({ phase, ms }) => `${escapeHtml(phase)} ${formatDuration(ms)}`).join(', ')],
  ];
  return fitParts([
    { text: '<h3>Cluster image</h3>' },
    {
      text: table(
        [],
        facts.map(([name, value]) => [`<b>${name}</b>`, value]),
      ),
    },
    ...(verification === undefined ? [] : [{ text: verificationSection(verification) }]),
    ...(timeline === undefined ? [] : [{ text: timelineSection(timeline), optional: true }]),
    ...result.platforms.flatMap((platform) => platformParts(platform, result.platforms.length === 1)),
  ]);
}

function platformParts(built: BuiltPlatform, isOpen: boolean): readonly Part[] {
  const { platform, layers, images } = built;
  const name = escapeHtml(formatPlatform(platform));
  const byApp = [...images].sort((a, b) => compare(a.app ?? '', b.app ?? '') || compare(a.reference, b.reference));
  const largest = Math.max(...images.map(({ bytes }) => bytes), 0);
  const imageRows = byApp.map(({ reference, digest, bytes, app, found = [] }) => [
    app === undefined ? '' : escapeHtml(app),
    code(reference),
    code(shortDigest(digest)),
    formatBytes(bytes),
    bar(bytes, largest),
    foundIn(found),
  ]);
  const layerRows = layers.map(({ digest, size, kind, createdBy, cached }) => [
    code(shortDigest(digest)),
    kind,
    formatBytes(size),
    cached ? 'reused' : 'new',
    code(cut(createdBy, 120)),
  ]);
  const imageTable = table(['App', 'Image', 'Digest', 'Size', '', 'Found in'], imageRows);
  const layerTable = table(['Digest', 'Kind', 'Size', '', 'Made by'], layerRows);
  return [
    { text: weightSection(built, name) },
    { text: details(`${name}: ${formatCount(images.length, 'container image')}`, imageTable, isOpen), optional: true },
    { text: details(`${name}: ${formatCount(layers.length, 'layer')}`, layerTable, false), optional: true },
  ];
}

/** What a proof saw: missing images first, then what is not ready, then what nothing asked for. */
function verificationSection({ ok, missing, unused, used, workloads, totalMs }: Verification): string {
  const late = workloads.workloads.filter(({ ready }) => !ready);
  const verdict = ok ? 'runs offline' : 'does not run offline';
  const rows = [
    ...missing.map(({ name, askers, reason }) => [
      'missing',
      code(name),
      escapeHtml(cut(`${askers.join(', ')}: ${reason}`, 500)),
    ]),
    ...late.map(({ kind, namespace, name, why = '' }) => [
      'not ready',
      code(`${kind} ${namespace}/${name}`),
      escapeHtml(cut(why, 500)),
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
  return `${escapeHtml(cut(first, 300))}${found.length > 1 ? ` and ${found.length - 1} more` : ''}`;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
