/** Compares a document with its shape and tells every difference. */

import { dump } from 'js-yaml';
import { didYouMean, listNames } from '../../suggest.ts';
import { entriesOf, follow, isMapping, isSequence, itemsOf, placeOf, textOf, type YamlNode } from '../../yaml/index.ts';
import type { FlagShape, ListShape, MapShape, ObjectShape, Shape, TextShape, WholeShape } from '../schema/shape.ts';
import type { Checked } from './checked.ts';
import { hasVariable } from './environment.ts';
import { isPlainScalar, readPlain } from './plain.ts';
import { keyNodes, placeWithin, type Reading, spend } from './reading.ts';

/** Fields other than scripts and files are short. In characters. */
const MAX_TEXT = 256 * 1024;

/**
 * Reads a node as its shape says. What is wrong is a problem and left out, and so is what is empty (`ssh:` and nothing).
 * @param name of the field in messages: `spec.hosts[].roles`
 */
export function check(reading: Reading, node: YamlNode, shape: Shape, name: string): Checked | undefined {
  const target = follow(reading.yaml, node);
  if (!spend(reading, target)) return undefined;
  if (shape.type === 'any') return checkAny(reading, target, shape.mapping === true, shape.isIgnored === true, name);
  if (isEmpty(reading, target)) return undefined;
  switch (shape.type) {
    case 'text':
      return checkText(reading, target, shape, name);
    case 'flag':
      return checkFlag(reading, target, shape, name);
    case 'whole':
      return checkWhole(reading, target, shape, name);
    case 'list':
      return checkList(reading, target, shape, name);
    case 'map':
      return checkMap(reading, target, shape, name);
    case 'object':
      return checkObject(reading, target, shape, name);
  }
}

function checkObject(reading: Reading, node: YamlNode, shape: ObjectShape, name: string): Checked | undefined {
  const { yaml, findings } = reading;
  const known = Object.keys(shape.fields).filter((key) => !isIgnored(shape.fields[key]));
  if (!isMapping(yaml, node)) {
    findings.add(placeOf(yaml, node), `${name || 'A document'} is not a mapping`, `It takes ${listNames(known)}.`);
    return undefined;
  }
  const keys = keyNodes(yaml, node, findings);
  const entries = new Map<string, Checked>();
  const given = entriesOf(yaml, node);
  for (const [key, value] of given) {
    const field = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
    if (field === undefined) {
      if (findings.isFull()) continue;
      const hint = didYouMean(key, known) ?? `Known are ${listNames(known, 12)}.`;
      findings.add(placeOf(yaml, keys.get(key) ?? value), `${join(name, key.slice(0, 60))} is unknown`, hint);
      continue;
    }
    const checked = check(reading, value, field, join(name, key));
    if (checked !== undefined) entries.set(key, checked);
    else if (field.isRequired && isEmpty(reading, follow(yaml, value))) {
      findings.add(placeOf(yaml, value), `${join(name, key)} is empty`, field.about);
    }
  }
  for (const [key, field] of Object.entries(shape.fields)) {
    if (!field.isRequired || given.has(key)) continue;
    // A misspelt field is told once.
    if ([...given.keys()].slice(0, 50).some((each) => !Object.hasOwn(shape.fields, each) && isMeant(each, key, known)))
      continue;
    findings.add(placeOf(yaml, node), `${join(name, key)} is missing`, field.about);
  }
  return { at: placeOf(yaml, node), entries };
}

function isMeant(word: string, key: string, known: readonly string[]): boolean {
  return didYouMean(word, known)?.includes(` ${key}?`) ?? false;
}

function checkText(reading: Reading, node: YamlNode, shape: TextShape, name: string): Checked | undefined {
  const { yaml, findings, scope } = reading;
  const at = placeOf(yaml, node);
  const text = textOf(yaml, node);
  if (text === undefined) {
    if (shape.orTree === true)
      return { at, text: dump(readLiteralTree(reading, node), { lineWidth: -1, noRefs: true }) };
    findings.add(at, `${name} is not a text`, 'Put it into quotes if it has brackets, braces or ": ".');
    return undefined;
  }
  if (shape.isLiteral !== true && text.length > MAX_TEXT) {
    findings.add(at, `${name} is longer than ${MAX_TEXT / 1024} KiB`);
    return undefined;
  }
  const value = shape.isLiteral ? text : scope.expand(text, placeWithin(reading, node, text), shape.isSecret === true);
  if (value === undefined) return undefined;
  if (shape.oneOf !== undefined && value !== '' && !shape.oneOf.includes(value)) {
    findings.add(
      at,
      `${name} is ${quote(value)}`,
      didYouMean(value, shape.oneOf) ?? `It is ${shape.oneOf.join(' or ')}.`,
    );
    return undefined;
  }
  if (shape.pattern !== undefined && value !== '' && !shape.pattern.test(value)) {
    // The value of a variable may be a secret: its name is enough.
    findings.add(at, `${name} is ${quote(text)}`, shape.form === undefined ? undefined : `It is ${shape.form}.`);
    return undefined;
  }
  if (value === '' && (shape.pattern ?? shape.oneOf) !== undefined) return undefined;
  return { at, text: value, isFromEnv: shape.isLiteral !== true && hasVariable(text) };
}

/** A tree that is written as a text is a file of somebody else: its variables are its own. */
function readLiteralTree(reading: Reading, node: YamlNode): unknown {
  return readPlain({ ...reading, scope: { ...reading.scope, expand: (text) => text } }, node);
}

function checkFlag(reading: Reading, node: YamlNode, _shape: FlagShape, name: string): Checked | undefined {
  const { at, text, written } = scalarOf(reading, node);
  if (text === undefined) return undefined;
  if (text === 'true' || text === 'false') return { at, text };
  reading.findings.add(at, `${name} is ${quote(written)}`, 'It is true or false.');
  return undefined;
}

function checkWhole(reading: Reading, node: YamlNode, shape: WholeShape, name: string): Checked | undefined {
  const { at, text, written } = scalarOf(reading, node);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text) && Number(text) >= shape.least && Number(text) <= shape.most) return { at, text };
  reading.findings.add(at, `${name} is ${quote(written)}`, `It is a number from ${shape.least} to ${shape.most}.`);
  return undefined;
}

interface Scalar {
  readonly at: Checked['at'];
  readonly text?: string | undefined;
  /** As it stands in the file. */
  readonly written: string;
}

function scalarOf(reading: Reading, node: YamlNode): Scalar {
  const at = placeOf(reading.yaml, node);
  const written = textOf(reading.yaml, node);
  if (written === undefined) {
    const shown = isMapping(reading.yaml, node) ? '{…}' : '[…]';
    return { at, text: shown, written: shown };
  }
  return { at, text: reading.scope.expand(written, placeWithin(reading, node, written), false), written };
}

function checkList(reading: Reading, node: YamlNode, shape: ListShape, name: string): Checked | undefined {
  const { yaml, findings } = reading;
  const at = placeOf(yaml, node);
  if (!isSequence(yaml, node)) {
    if (shape.orOne) {
      const one = check(reading, node, shape.of, name);
      return one === undefined ? undefined : { at, items: [one] };
    }
    findings.add(at, `${name} is not a list`, 'Write one entry per line, each after "- ".');
    return undefined;
  }
  const items = itemsOf(yaml, node).flatMap((item) => {
    if (isEmpty(reading, item)) findings.add(placeOf(yaml, item), `An entry of ${name} is empty`, shape.of.about);
    return check(reading, item, shape.of, `${name}[]`) ?? [];
  });
  return { at, items };
}

function checkMap(reading: Reading, node: YamlNode, shape: MapShape, name: string): Checked | undefined {
  const { yaml, findings } = reading;
  if (!isMapping(yaml, node)) {
    findings.add(placeOf(yaml, node), `${name} is not a mapping`, 'Write key: value.');
    return undefined;
  }
  const keys = keyNodes(yaml, node, findings);
  const entries = [...entriesOf(yaml, node)].flatMap(([key, value]): [string, Checked][] => {
    const at = placeOf(yaml, keys.get(key) ?? value);
    if (isEmpty(reading, follow(yaml, value))) return [[key, { at, text: '' }]];
    const checked = check(reading, value, shape.of, join(name, key));
    return checked === undefined ? [] : [[key, { ...checked, at }]];
  });
  return { at: placeOf(yaml, node), entries: new Map(entries) };
}

function checkAny(
  reading: Reading,
  node: YamlNode,
  isMap: boolean,
  isIgnoredField: boolean,
  name: string,
): Checked | undefined {
  const at = placeOf(reading.yaml, node);
  if (isIgnoredField || isEmpty(reading, node)) return undefined;
  if (isMap && !isMapping(reading.yaml, node)) {
    reading.findings.add(at, `${name} is not a mapping`);
    return undefined;
  }
  return { at, tree: readPlain(reading, node) };
}

function isIgnored(shape: Shape | undefined): boolean {
  return shape?.type === 'any' && shape.isIgnored === true;
}

/** `ssh:` and nothing, `~` or null. */
function isEmpty(reading: Reading, node: YamlNode): boolean {
  const text = textOf(reading.yaml, node);
  return text !== undefined && isPlainScalar(reading, node) && /^(?:|~|null|Null|NULL)$/.test(text);
}

function join(name: string, key: string): string {
  return name === '' ? key : `${name}.${key}`;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
