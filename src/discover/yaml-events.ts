/**
 * YAML read as events with positions, and walked without building a tree: a node is the index of the event that opens
 * it. Of a file of ten megabytes only the few maps on the way to an image are ever looked at.
 */

import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml';
import type { Place, Problem } from '../error.ts';

/** Index of an event. */
export type YamlNode = number;

export interface YamlFile {
  readonly file: string;
  readonly source: string;
  readonly events: readonly Event[];
  /** For each event that opens a node: the index behind the node. */
  readonly next: Int32Array;
  /** For each alias: the node that it stands for, or -1. */
  readonly aliased: Int32Array;
  /** The content of each document; empty documents have none. */
  readonly documents: readonly YamlNode[];
  /** Offset of each line's first character. */
  readonly lineStarts: readonly number[];
}

/** Parses all documents of a file; JSON is YAML too. */
export function parseYaml(source: string, file: string): YamlFile | { readonly problem: Problem } {
  let events: Event[];
  try {
    events = parseEvents(source, {});
  } catch (error) {
    return { problem: unreadable(error, source, file) };
  }
  const next = new Int32Array(events.length);
  const aliased = new Int32Array(events.length).fill(-1);
  const documents: YamlNode[] = [];
  const open: number[] = [];
  let anchors = new Map<string, YamlNode>();
  for (const [i, event] of events.entries()) {
    next[i] = i + 1;
    if (event.type === EVENT_ID.POP) {
      const opened = open.pop();
      if (opened !== undefined) next[opened] = i + 1;
      continue;
    }
    if (open.length === 1 && !isEmptyScalar(event)) documents.push(i);
    if (event.type === EVENT_ID.ALIAS) {
      // An anchor may be set again further down: what counts is the last one before the alias.
      aliased[i] = anchors.get(source.slice(event.anchorStart, event.anchorEnd)) ?? -1;
    } else if (event.type === EVENT_ID.DOCUMENT) {
      anchors = new Map();
      open.push(i);
    } else {
      if (event.anchorStart >= 0) anchors.set(source.slice(event.anchorStart, event.anchorEnd), i);
      if (event.type !== EVENT_ID.SCALAR) open.push(i);
    }
  }
  return { file, source, events, next, aliased, documents, lineStarts: lineStartsOf(source) };
}

/** The items of a sequence, aliases followed; nothing for any other node. */
export function* itemsOf(yaml: YamlFile, node: YamlNode | undefined): Generator<YamlNode> {
  if (!isSequence(yaml, node)) return;
  for (const child of childrenOf(yaml, node)) yield follow(yaml, child);
}

/**
 * The value of a key of a mapping, aliases followed and merge keys (`<<`) honoured: a mapping's own key wins over a
 * merged one, and of a key that stands twice the last counts, as Kubernetes reads it.
 */
export function valueAt(yaml: YamlFile, node: YamlNode | undefined, key: string): YamlNode | undefined {
  return lookUp(yaml, node, key, new Set());
}

/** The text of a scalar, whatever its style; undefined for any other node. */
export function textOf(yaml: YamlFile, node: YamlNode | undefined): string | undefined {
  const event = node === undefined ? undefined : yaml.events[node];
  return event?.type === EVENT_ID.SCALAR ? getScalarValue(yaml.source, event) : undefined;
}

/** Whether a node is a mapping. */
export function isMapping(yaml: YamlFile, node: YamlNode | undefined): node is YamlNode {
  return node !== undefined && yaml.events[node]?.type === EVENT_ID.MAPPING;
}

/** Whether a node is a sequence. */
export function isSequence(yaml: YamlFile, node: YamlNode | undefined): node is YamlNode {
  return node !== undefined && yaml.events[node]?.type === EVENT_ID.SEQUENCE;
}

/** Where a node begins. */
export function placeOf(yaml: YamlFile, node: YamlNode): Place {
  let offset = offsetOf(yaml, node);
  // A block scalar begins with its indentation, which nobody means.
  while (yaml.source[offset] === ' ') offset += 1;
  let low = 0;
  for (let high = yaml.lineStarts.length; high - low > 1; ) {
    const middle = (low + high) >>> 1;
    if ((yaml.lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  const byteOrderMark = low === 0 && yaml.source.startsWith('\uFEFF') ? 1 : 0;
  return { file: yaml.file, line: low + 1, column: offset - (yaml.lineStarts[low] ?? 0) + 1 - byteOrderMark };
}

function lookUp(yaml: YamlFile, node: YamlNode | undefined, key: string, merged: Set<YamlNode>): YamlNode | undefined {
  // Merges that lead back to themselves, or to the same mapping a thousand times, are entered once.
  if (!isMapping(yaml, node) || merged.has(node)) return undefined;
  merged.add(node);
  let own: YamlNode | undefined;
  const merges: YamlNode[] = [];
  const children = [...childrenOf(yaml, node)];
  for (let i = 0; i + 1 < children.length; i += 2) {
    const name = textOf(yaml, follow(yaml, children[i] ?? -1));
    const value = follow(yaml, children[i + 1] ?? -1);
    if (name === key) own = value;
    else if (name === '<<') merges.push(value);
  }
  if (own !== undefined) return own;
  for (const merge of merges.flatMap((each) => (isMapping(yaml, each) ? [each] : [...itemsOf(yaml, each)]))) {
    const found = lookUp(yaml, merge, key, merged);
    if (found !== undefined) return found;
  }
  return undefined;
}

function* childrenOf(yaml: YamlFile, node: YamlNode): Generator<YamlNode> {
  const end = (yaml.next[node] ?? 0) - 1;
  for (let child = node + 1; child < end; child = yaml.next[child] ?? end) yield child;
}

function follow(yaml: YamlFile, node: YamlNode): YamlNode {
  const target = yaml.events[node]?.type === EVENT_ID.ALIAS ? (yaml.aliased[node] ?? -1) : node;
  return target < 0 ? node : target;
}

function offsetOf(yaml: YamlFile, node: YamlNode): number {
  const event = yaml.events[node];
  if (event === undefined || event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT) return 0;
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
  if (event.type !== EVENT_ID.SCALAR) return event.start;
  if (event.valueStart < 0) return offsetBefore(yaml, node);
  const isQuoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
  return isQuoted ? event.valueStart - 1 : event.valueStart;
}

/** An empty value has no place of its own: its key stands for it. */
function offsetBefore(yaml: YamlFile, node: YamlNode): number {
  const before = yaml.events[node - 1];
  return before?.type === EVENT_ID.SCALAR && before.valueStart >= 0 ? before.valueStart : 0;
}

function isEmptyScalar(event: Event): boolean {
  return event.type === EVENT_ID.SCALAR && event.valueStart < 0;
}

function lineStartsOf(source: string): number[] {
  const starts = [0];
  for (const { index, 0: lineBreak } of source.matchAll(/\r\n|\n|\r/g)) starts.push(index + lineBreak.length);
  return starts;
}

function unreadable(error: unknown, source: string, file: string): Problem {
  const isTemplate = source.includes('{{');
  const at =
    error instanceof YAMLException && error.mark !== undefined
      ? { file, line: error.mark.line + 1, column: error.mark.column + 1 }
      : { file };
  const why = error instanceof YAMLException ? error.reason : String(error);
  return {
    code: 'MANIFEST_UNREADABLE',
    message: `This is not YAML: ${why}`,
    hint: isTemplate
      ? 'Templates are not read as manifests: name the file .tmpl and list its images in imageList.'
      : 'Mend the YAML, or keep the file out of manifests/ and application/apps/.',
    at,
  };
}
