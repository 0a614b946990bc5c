/** The published JSON Schema (2020-12) of Clusterfile documents, out of the table that they are validated with. */

import { KINDS, type Kind } from './kinds.ts';
import type { Shape } from './shape.ts';

type Json = Readonly<Record<string, unknown>>;

/** What a value can be besides, because it comes from the environment. */
const VARIABLE = '\\$\\{';

/**
 * The schema of one document. Editors validate documents one by one, so that it knows each kind by its `kind`.
 * Rules that reach over several fields (masters, ranges, roles) are not in it.
 */
export function clusterfileSchema(): Json {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Clusterfile',
    description: 'A document of a Clusterfile.',
    type: 'object',
    required: ['apiVersion', 'kind'],
    properties: { kind: { enum: KINDS.map(({ name }) => name) } },
    allOf: KINDS.map(({ name }) => ({
      if: { type: 'object', properties: { kind: { const: name } }, required: ['kind'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { $ref: `#/$defs/${name}` },
    })),
    $defs: Object.fromEntries(KINDS.map((kind) => [kind.name, ofKind(kind)])),
  };
}

function ofKind({ shape, older, apiVersion, name }: Kind): Json {
  const version = { type: 'string', pattern: apiVersion.source };
  if (shape.type === 'raw') {
    return { description: shape.about, type: 'object', properties: { apiVersion: version, kind: { const: name } } };
  }
  const withVersion = (json: Json): Json => {
    const properties = { ...asJson(json.properties), apiVersion: version, kind: { const: name } };
    return { ...json, properties };
  };
  return older === undefined
    ? withVersion(ofShape(shape))
    : { anyOf: [shape, older].map((each) => withVersion(ofShape(each))) };
}

function ofShape(shape: Shape): Json {
  const about = { description: shape.about };
  switch (shape.type) {
    case 'text':
      return { ...about, ...ofText(shape) };
    case 'flag':
      return {
        ...about,
        ...withDefault(shape.byDefault),
        anyOf: [{ type: ['boolean', 'null'] }, { enum: ['true', 'false'] }, variable()],
      };
    case 'whole': {
      const range = { type: 'integer', minimum: shape.least, maximum: shape.most };
      const anyOf = [range, { type: 'string', pattern: '^\\d+$' }, variable(), { type: 'null' }];
      return { ...about, ...withDefault(shape.byDefault), anyOf };
    }
    case 'list': {
      const list = { type: ['array', 'null'], items: ofShape(shape.of) };
      return shape.orOne ? { ...about, anyOf: [list, ofShape(shape.of)] } : { ...about, ...list };
    }
    case 'map':
      return { ...about, type: ['object', 'null'], additionalProperties: ofShape(shape.of) };
    case 'object':
      return { ...about, ...ofFields(shape.fields), additionalProperties: false };
    case 'any':
      return shape.mapping ? { ...about, type: ['object', 'null'] } : about;
  }
}

function ofFields(fields: Readonly<Record<string, Shape>>): Json {
  const required = Object.keys(fields).filter((key) => fields[key]?.isRequired);
  return {
    type: required.length > 0 ? 'object' : ['object', 'null'],
    properties: Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, ofShape(field)])),
    ...(required.length > 0 && { required }),
  };
}

function ofText({
  pattern,
  oneOf,
  byDefault,
  isSecret,
  orTree,
  isLiteral,
  isRequired,
}: Shape & { type: 'text' }): Json {
  const scalars = ['string', 'number', 'boolean', ...(isRequired ? [] : ['null'])];
  const empty = isRequired ? [] : [''];
  const type = { type: orTree ? [...scalars, 'object', 'array'] : scalars };
  const known =
    oneOf === undefined
      ? {}
      : { anyOf: [{ enum: [...oneOf, ...empty, ...(isRequired ? [] : [null])] }, ...(isLiteral ? [] : [variable()])] };
  const form =
    pattern === undefined ? {} : { pattern: [pattern.source, ...(isRequired ? [] : ['^$']), VARIABLE].join('|') };
  return { ...type, ...form, ...known, ...withDefault(byDefault), ...(isSecret && { writeOnly: true }) };
}

function variable(): Json {
  return { type: 'string', pattern: VARIABLE };
}

function withDefault(value: unknown): Json {
  return value === undefined ? {} : { default: value };
}

function asJson(value: unknown): Json {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
