/**
 * A YAML document read as events with positions, and walked without building a tree: a node is the index of the event
 * that opens it.
 */

import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml';
import type { Place, Problem } from '../error.ts';
import { splitDocuments } from './split.ts';

/** Index of an event. */
export type YamlNode = number;

export interface YamlDocument {
  readonly source: string;
  readonly events: readonly Event[];
  /** For each event that opens a node: the index behind the node. */
  readonly next: Int32Array;
  /** For each alias: the node that it stands for, or -1. */
  readonly aliased: Int32Array;
  readonly root: YamlNode;
  /** From a line and column of `source` (from 1) to the file that holds it. */
  readonly locate: Locate;
  /** What is worked out once, when it is first asked for. */
  readonly memo: Memo;
}

interface Memo {
  lineStarts?: readonly number[];
  /** Entries of mappings that are looked at again and again. */
  readonly entries: Map<YamlNode, ReadonlyMap<string, YamlNode>>;
  /** Entries of the last few mappings: several finders look at one in turn. */
  readonly recent: { readonly node: YamlNode; readonly entries: ReadonlyMap<string, YamlNode> }[];
  /** How many entries were copied by merge keys so far. */
  mergedEntries: number;
}

export type Locate = (line: number, column: number) => Place;

/** Parses a stream document by document; JSON is YAML too. What is no YAML is a problem, and the rest is still there. */
export function* parseStream(stream: string, file: string): Generator<YamlDocument | { readonly problem: Problem }> {
  for (const { text, line } of splitDocuments(stream)) {
    const locate: Locate = (own, column) => ({ file, line: line + own - 1, column });
    yield* parseYaml(text, locate);
  }
}

/** Parses the documents of a text. The first that is no YAML ends it with a problem. */
export function* parseYaml(source: string, locate: Locate): Generator<YamlDocument | { readonly problem: Problem }> {
  let events: Event[];
  try {
    events = parseEvents(source, {});
  } catch (error) {
    yield { problem: unreadable(error, source, locate) };
    return;
  }
  const { next, aliased, roots } = link(source, events);
  const memo: Memo = { entries: new Map(), recent: [], mergedEntries: 0 };
  for (const root of roots) yield { source, events, next, aliased, root, locate, memo };
}

/** The items of a sequence, aliases followed; nothing for any other node. */
export function itemsOf(yaml: YamlDocument, node: YamlNode | undefined): readonly YamlNode[] {
  return isSequence(yaml, node) ? childrenOf(yaml, node).map((child) => follow(yaml, child)) : [];
}

/** Whether a node is a mapping. */
export function isMapping(yaml: YamlDocument, node: YamlNode | undefined): node is YamlNode {
  return node !== undefined && yaml.events[node]?.type === EVENT_ID.MAPPING;
}

/** Whether a node is a sequence. */
export function isSequence(yaml: YamlDocument, node: YamlNode | undefined): node is YamlNode {
  return node !== undefined && yaml.events[node]?.type === EVENT_ID.SEQUENCE;
}

/** The text of a scalar, whatever its style; undefined for any other node. */
export function textOf(yaml: YamlDocument, node: YamlNode | undefined): string | undefined {
  const event = node === undefined ? undefined : yaml.events[node];
  return event?.type === EVENT_ID.SCALAR ? getScalarValue(yaml.source, event) : undefined;
}

/** The text of a scalar that YAML reads as a string: `image: 1.5` and `image: true` are none. */
export function stringOf(yaml: YamlDocument, node: YamlNode | undefined): string | undefined {
  const text = textOf(yaml, node);
  if (text === undefined || node === undefined) return undefined;
  const event = yaml.events[node];
  const isPlain = event?.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.PLAIN;
  return isPlain && NO_STRING.test(text) ? undefined : text;
}

/** null, booleans and numbers of the core schema. */
const NO_STRING =
  /^(?:|~|null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?)$/;

/** The children of a mapping (keys and values in turn) or sequence, as they stand. */
export function childrenOf(yaml: YamlDocument, node: YamlNode): readonly YamlNode[] {
  const children: YamlNode[] = [];
  const end = (yaml.next[node] ?? 0) - 1;
  for (let child = node + 1; child < end; child = yaml.next[child] ?? end) children.push(child);
  return children;
}

/** The node that an alias stands for; any other node itself. */
export function follow(yaml: YamlDocument, node: YamlNode): YamlNode {
  const target = yaml.events[node]?.type === EVENT_ID.ALIAS ? (yaml.aliased[node] ?? -1) : node;
  return target < 0 ? node : target;
}

/** Where a node begins. */
export function placeOf(yaml: YamlDocument, node: YamlNode): Place {
  const { line, column } = positionOf(yaml, node);
  return yaml.locate(line, column);
}

/** The same within `source`, lines and columns from 1. */
export function positionOf(yaml: YamlDocument, node: YamlNode): { readonly line: number; readonly column: number } {
  let offset = offsetOf(yaml, node);
  // A block scalar begins with its indentation, which nobody means.
  while (yaml.source[offset] === ' ') offset += 1;
  yaml.memo.lineStarts ??= lineStartsOf(yaml.source);
  const starts = yaml.memo.lineStarts;
  let low = 0;
  for (let high = starts.length; high - low > 1; ) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  const byteOrderMark = low === 0 && yaml.source.startsWith('\uFEFF') ? 1 : 0;
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 - byteOrderMark };
}

/** Whether a scalar is a literal block (`|`): its lines are lines of the file. */
export function isLiteral(yaml: YamlDocument, node: YamlNode): boolean {
  const event = yaml.events[node];
  return event?.type === EVENT_ID.SCALAR && event.style === SCALAR_STYLE.LITERAL_BLOCK;
}

function link(
  source: string,
  events: readonly Event[],
): { next: Int32Array; aliased: Int32Array; roots: readonly YamlNode[] } {
  const next = new Int32Array(events.length);
  const aliased = new Int32Array(events.length).fill(-1);
  const roots: YamlNode[] = [];
  const open: number[] = [];
  let anchors = new Map<string, YamlNode>();
  for (let i = 0; i < events.length; i++) {
    const event = events[i];
    if (event === undefined) break;
    next[i] = i + 1;
    if (event.type === EVENT_ID.POP) {
      const opened = open.pop();
      if (opened !== undefined) next[opened] = i + 1;
      continue;
    }
    if (open.length === 1 && !isEmptyScalar(event)) roots.push(i);
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
  return { next, aliased, roots };
}

function offsetOf(yaml: YamlDocument, node: YamlNode): number {
  const event = yaml.events[node];
  if (event === undefined || event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT) return 0;
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
  if (event.type !== EVENT_ID.SCALAR) return event.start;
  if (event.valueStart < 0) return offsetBefore(yaml, node);
  const isQuoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
  return isQuoted ? event.valueStart - 1 : event.valueStart;
}

/** An empty value has no place of its own: its key stands for it. */
function offsetBefore(yaml: YamlDocument, node: YamlNode): number {
  const before = yaml.events[node - 1];
  return before?.type === EVENT_ID.SCALAR && before.valueStart >= 0 ? before.valueStart : 0;
}

function isEmptyScalar(event: Event): boolean {
  return event.type === EVENT_ID.SCALAR && event.valueStart < 0;
}

function lineStartsOf(source: string): readonly number[] {
  const starts = [0];
  if (!source.includes('\r')) {
    for (let i = source.indexOf('\n'); i >= 0; i = source.indexOf('\n', i + 1)) starts.push(i + 1);
    return starts;
  }
  for (const { index, 0: lineBreak } of source.matchAll(/\r\n|\n|\r/g)) starts.push(index + lineBreak.length);
  return starts;
}

function unreadable(error: unknown, source: string, locate: Locate): Problem {
  const isTemplate = source.includes('{{');
  const mark = error instanceof YAMLException ? error.mark : undefined;
  const why = error instanceof YAMLException ? error.reason : String(error);
  const hasTabs = /^[ ]*\t+[^\s]/m.test(source);
  return {
    code: 'MANIFEST_UNREADABLE',
    message: `This is not YAML: ${why}`,
    hint: hintFor(isTemplate, hasTabs),
    at: mark === undefined ? { file: locate(1, 1).file } : locate(mark.line + 1, mark.column + 1),
  };
}

function hintFor(isTemplate: boolean, hasTabs: boolean): string {
  if (isTemplate) return 'Templates are not read as manifests: let the name of the file end with .tmpl.';
  if (hasTabs) return 'YAML is not indented with tabs: use spaces.';
  return 'Mend the YAML, or keep the file out of manifests/ and application/apps/.';
}
