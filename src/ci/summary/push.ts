/** The summary of a push: what went where, and how much of it had to move. */

import { formatBytes } from '../../cli/index.ts';
import type { Timeline } from '../timeline.ts';
import { bar, percent } from './bars.ts';
import { code, table } from './html.ts';
import { fitParts } from './room.ts';
import { timelineSection } from './timeline.ts';

export interface PushedName {
  readonly name: string;
  readonly digest: string;
  readonly movedBytes: number;
  readonly skippedBytes: number;
}

/** The summary of a push. */
export function pushSummary(pushed: readonly PushedName[], timeline?: Timeline): string {
  const rows = pushed.map(({ name, digest, movedBytes, skippedBytes }) => [
    code(name),
    code(digest),
    formatBytes(movedBytes),
    formatBytes(skippedBytes),
    bar(movedBytes, movedBytes + skippedBytes),
    `${percent(movedBytes, movedBytes + skippedBytes)} sent`,
  ]);
  return fitParts([
    { text: `<h3>Pushed</h3>\n${table(['Name', 'Digest', 'Sent', 'Already there', '', ''], rows)}` },
    ...(timeline === undefined ? [] : [{ text: timelineSection(timeline), optional: true }]),
  ]);
}
