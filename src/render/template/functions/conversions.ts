/** YAML, JSON and text of values (helm's engine/funcs.go, sprig's strings.go). */

import { createHash } from 'node:crypto';
import { boolYaml11Tag, CORE_SCHEMA, load, mergeTag, YAMLException } from 'js-yaml';
import { FunctionFailure } from '../template-error.ts';
import { checkParts, isList, isMap, Missing, show, sortedKeys, toValue, type Value } from '../value.ts';
import { define, listAt, type TemplateFunction, textAt } from './signature.ts';
import { writeYaml } from './yaml.ts';

export const CONVERSION_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  toString: define('toString', { min: 1 }, ([value = null]) => show(value)),
  toStrings: define('toStrings', { min: 1 }, (args) => listAt(args, 0).map(show)),
  toYaml: define('toYaml', { min: 1 }, ([value = null]) => writeYaml(checked(value))),
  fromYaml: define('fromYaml', { min: 1 }, (args) => {
    const value = parseYaml(textAt(args, 0));
    if (!isMap(value)) throw new FunctionFailure('fromYaml is given what is not a YAML mapping');
    return value;
  }),
  fromYamlArray: define('fromYamlArray', { min: 1 }, (args) => {
    const value = parseYaml(textAt(args, 0));
    if (!isList(value)) throw new FunctionFailure('fromYamlArray is given what is not a YAML list');
    return value;
  }),
  toJson: define('toJson', { min: 1 }, ([value = null]) => writeJson(checked(value))),
  toRawJson: define('toRawJson', { min: 1 }, ([value = null]) => writeJson(checked(value), (text) => text)),
  fromJson: define('fromJson', { min: 1 }, (args) => {
    try {
      return toValue(JSON.parse(textAt(args, 0)));
    } catch (error) {
      if (error instanceof SyntaxError) throw new FunctionFailure('fromJson is given what is not JSON');
      throw error;
    }
  }),
  sha256sum: define('sha256sum', { min: 1 }, (args) => createHash('sha256').update(textAt(args, 0)).digest('hex')),
};

/** In go-yaml v2, `yes` and `on` are booleans still. */
const YAML_SCHEMA = CORE_SCHEMA.withTags(boolYaml11Tag, mergeTag);

function parseYaml(text: string): Value {
  try {
    return toValue(load(text, { schema: YAML_SCHEMA }));
  } catch (error) {
    if (error instanceof YAMLException) throw new FunctionFailure(`This is not YAML: ${error.reason}`);
    throw error;
  }
}

/** encoding/json: keys sorted, and <, > and & escaped, as web pages need it. */
function writeJson(value: Value, encode: (text: string) => string = escapeHtml): string {
  if (value === null || value instanceof Missing) return 'null';
  if (typeof value === 'string') return encode(writeText(value));
  if (isList(value)) return `[${value.map((each) => writeJson(each, encode)).join(',')}]`;
  if (isMap(value)) {
    const members = sortedKeys(value).map(
      (key) => `${writeJson(key, encode)}:${writeJson(value.get(key) ?? null, encode)}`,
    );
    return `{${members.join(',')}}`;
  }
  return String(value);
}

/** Go writes the two separators of JavaScript as escapes. */
function writeText(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

function escapeHtml(text: string): string {
  return text.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026');
}

function checked(value: Value): Value {
  checkParts(value);
  return value;
}
