/** What the comment of a preview says. The same preview in the same state has the same text, so nothing is edited. Pure. */

import { formatBytes } from '../../cli/index.ts';
import type { ImageComparison } from '../../cluster-image/index.ts';
import type { Digest } from '../../oci/digest.ts';
import { familiarReference, isReference, parseReference } from '../../oci/reference.ts';
import { code, cut, details, escapeHtml, table } from '../summary/html.ts';

export interface PreviewImage {
  readonly name: string;
  readonly digest: Digest;
  /** Bytes of all layers. */
  readonly size: number;
  /** Against the image of the base branch, where there is one. */
  readonly comparison: ImageComparison | undefined;
}

export type PreviewState =
  | {
      readonly kind: 'ready';
      /** Undefined: nobody outside reaches it. */
      readonly url: string | undefined;
      /** Milliseconds since 1970; undefined: with the job. */
      readonly expires: number | undefined;
      readonly image: PreviewImage;
      readonly smokeTest: boolean;
    }
  | {
      readonly kind: 'failed';
      /** `CODE: message`. */
      readonly problem: string;
      readonly hint: string | undefined;
      readonly image: PreviewImage | undefined;
    }
  | { readonly kind: 'expired' };

export interface CommentFacts {
  readonly state: PreviewState;
  readonly sha: string;
  /** Of the run whose log has the details. */
  readonly logUrl: string | undefined;
  /** The key of the preview, if it has one. */
  readonly key: string;
}

const TITLES: Readonly<Record<PreviewState['kind'], string>> = {
  ready: 'Preview cluster: ready',
  failed: 'Preview cluster: failed',
  expired: 'Preview cluster: expired',
};

/** GitHub takes 65,536 characters, and refuses the whole comment if it has more; the marker comes behind. */
const MAX_TEXT = 60_000;
/** A diff of that size is nothing to read in a comment. */
const MAX_ROWS = 60;
/** Characters of what a failure says; a command may have ended with a line of megabytes. */
const MAX_PROBLEM = 4000;

/** The text, without the marker. It is HTML as far as anything in it comes from outside. */
export function previewText({ state, sha, logUrl, key }: CommentFacts): string {
  const title = `<h3>${TITLES[state.kind]}${key === '' ? '' : `: ${escapeHtml(key)}`}</h3>`;
  const commit = `<b>Commit</b>`;
  const log: Row = ['<b>Log</b>', logUrl === undefined ? '' : link(logUrl, 'this run')];
  const own: Row = [commit, code(sha.slice(0, 10))];
  switch (state.kind) {
    case 'ready':
      return join(
        title,
        facts(
          ['<b>URL</b>', state.url === undefined ? 'on the runner alone' : link(state.url, state.url)],
          ...imageRows(state.image),
          own,
          ['<b>Smoke test</b>', state.smokeTest ? 'passed' : ''],
          ['<b>Lives until</b>', state.expires === undefined ? 'the end of its job' : wholeHour(state.expires)],
          log,
        ),
        comparisonSection(state.image.comparison),
      );
    case 'failed':
      return join(
        title,
        `<p>${escapeHtml(cut(state.problem, MAX_PROBLEM))}</p>`,
        state.hint === undefined ? '' : `<p>${escapeHtml(cut(state.hint, MAX_PROBLEM))}</p>`,
        facts(...(state.image === undefined ? [] : imageRows(state.image)), own, log),
        comparisonSection(state.image?.comparison),
      );
    case 'expired':
      return join(
        title,
        '<p>Its time was over. A push, or running its workflow again, brings it back.</p>',
        facts(own),
      );
  }
}

/** The container images that differ from the base branch's, as a section to fold away. */
export function comparisonSection(comparison: ImageComparison | undefined): string {
  if (comparison === undefined) return '';
  const { added, removed, changed, same } = comparison.images;
  const rows = [
    ...changed.map(({ from, to }) => [
      'changed',
      `${name(from.image)} → ${name(to.image)}`,
      `${size(from.size)} → ${size(to.size)}`,
    ]),
    ...added.map((each) => ['added', name(each.image), size(each.size)]),
    ...removed.map((each) => ['removed', name(each.image), size(each.size)]),
  ];
  const counts = `${added.length} added, ${removed.length} removed, ${changed.length} changed, ${same} the same`;
  const against = `Container images against ${code(familiar(comparison.from.name))}: ${counts}`;
  const moved = `${formatBytes(comparison.bytesToMove)} to move`;
  if (rows.length === 0) return `<p>${against}; ${moved}.</p>`;
  const shown = rows.slice(0, MAX_ROWS);
  const more = rows.length > shown.length ? [['', `… and ${rows.length - shown.length} more`, '']] : [];
  return details(`${against}; ${moved}`, table(['', 'Image', 'Size'], [...shown, ...more]), rows.length <= 10);
}

type Row = readonly [string, string];

function imageRows({ name: reference, digest, size: bytes }: PreviewImage): readonly Row[] {
  return [
    ['<b>Image</b>', code(familiar(reference))],
    ['<b>Digest</b>', `${code(digest)}, ${formatBytes(bytes)}`],
  ];
}

function facts(...rows: readonly Row[]): string {
  return table(
    [],
    rows.filter(([, value]) => value !== ''),
  );
}

/** The last part goes where there is no room for it. */
function join(...parts: readonly string[]): string {
  const text = parts.filter((part) => part !== '').join('\n');
  return text.length <= MAX_TEXT ? text : join(...parts.slice(0, -1));
}

/** Only what a browser may follow becomes a link. */
function link(url: string, text: string): string {
  return /^https?:\/\//.test(url) ? `<a href="${escapeHtml(url)}">${escapeHtml(text)}</a>` : code(url);
}

function name(image: string): string {
  return code(familiar(image));
}

function familiar(image: string): string {
  if (/^sha256:[a-f0-9]{64}$/.test(image)) return image.slice(0, 19);
  return isReference(image) ? familiarReference(parseReference(image)) : image;
}

function size(bytes: number | undefined): string {
  return bytes === undefined ? 'unknown' : formatBytes(bytes);
}

/** A rerun within the hour has nothing new to tell. */
function wholeHour(ms: number): string {
  const HOUR = 3_600_000;
  return `${new Date(Math.floor(ms / HOUR) * HOUR).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
