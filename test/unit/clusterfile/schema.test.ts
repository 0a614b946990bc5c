import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CORE_SCHEMA, loadAll } from 'js-yaml';
import {
  clusterfileSchema,
  genClusterfile,
  parseClusterfile,
  writeClusterfile,
} from '../../../src/clusterfile/index.ts';
import { ENV, fixture, parse } from './reading.ts';

const SCHEMA = clusterfileSchema();

type Json = Readonly<Record<string, unknown>>;

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The keywords of JSON Schema that ours uses; any other is an error, so that nothing passes unchecked. */
const KEYWORDS: Readonly<Record<string, (rule: unknown, value: unknown, schema: Json) => boolean>> = {
  $ref: (rule, value) => accepts(at(String(rule)), value),
  type: (rule, value) => (Array.isArray(rule) ? rule : [rule]).some((type) => hasType(String(type), value)),
  required: (rule, value) =>
    !isJson(value) || (Array.isArray(rule) && rule.every((key) => Object.hasOwn(value, String(key)))),
  properties: (rule, value) =>
    !isJson(value) ||
    !isJson(rule) ||
    Object.entries(rule).every(([key, each]) => !Object.hasOwn(value, key) || accepts(each, value[key])),
  additionalProperties: (rule, value, { properties }) =>
    !isJson(value) ||
    Object.entries(value).every(
      ([key, each]) =>
        (isJson(properties) && Object.hasOwn(properties, key)) || (rule !== false && accepts(rule, each)),
    ),
  items: (rule, value) => !Array.isArray(value) || value.every((each) => accepts(rule, each)),
  enum: (rule, value) => Array.isArray(rule) && rule.includes(value),
  const: (rule, value) => rule === value,
  pattern: (rule, value) => typeof value !== 'string' || new RegExp(String(rule), 'u').test(value),
  minimum: (rule, value) => typeof value !== 'number' || value >= Number(rule),
  maximum: (rule, value) => typeof value !== 'number' || value <= Number(rule),
  anyOf: (rule, value) => Array.isArray(rule) && rule.some((each) => accepts(each, value)),
  allOf: (rule, value) => Array.isArray(rule) && rule.every((each) => accepts(each, value)),
  if: (rule, value, { then }) => !accepts(rule, value) || accepts(then, value),
};
const NOTES = ['$schema', '$defs', 'title', 'description', 'default', 'writeOnly', 'then'];

function accepts(schema: unknown, value: unknown): boolean {
  if (schema === true) return true;
  assert.ok(isJson(schema), JSON.stringify(schema));
  return Object.entries(schema).every(([keyword, rule]) => {
    if (NOTES.includes(keyword)) return true;
    const check = KEYWORDS[keyword];
    assert.ok(check, keyword);
    return check(rule, value, schema);
  });
}

function at(reference: string): unknown {
  return reference
    .slice(2)
    .split('/')
    .reduce((json: unknown, key) => (isJson(json) ? json[key] : undefined), SCHEMA);
}

function hasType(type: string, value: unknown): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isJson(value);
  return type === 'integer' ? Number.isInteger(value) : typeof value === type;
}

function documents(text: string): readonly unknown[] {
  return loadAll(text, { schema: CORE_SCHEMA });
}

test('the schema accepts what the validator accepts', () => {
  const texts = ['full', 'go-documented', 'v1'].map(fixture);
  const written = writeClusterfile(parse(fixture('full')));
  for (const text of [...texts, written, genClusterfile({}), genClusterfile({ password: 'x', env: ['A=1'] })]) {
    for (const document of documents(text)) assert.ok(accepts(SCHEMA, document), JSON.stringify(document));
  }
});

test('each wrong field is refused by the schema and by the validator', () => {
  const wrong = [
    'imag: a',
    'image: [a]',
    'env: [NOVALUE]',
    'env: A=1',
    'hosts: [{roles: [master]}]',
    'hosts: [{ips: [a], roles: [master], ip: b}]',
    'ssh: {port: 0}',
    'ssh: {port: many}',
    'ssh: {user: "ro ot"}',
    'ssh: [a]',
    'dataRoot: relative',
    'registry: {externalRegistry: {port: 5000}}',
    'registry: {localRegistry: {ha: perhaps}}',
    'containerRuntime: {type: crio}',
    'hostAliases: [{ip: 10.0.0.1}]',
    'cmd: {a: b}',
  ];
  for (const line of wrong) {
    const image = line.startsWith('imag') ? '' : '  image: shop:v1\n';
    const text = `apiVersion: sealer.cloud/v2\nkind: Cluster\nspec:\n${image}  ${line}\n`;
    assert.ok(!documents(text).every((document) => accepts(SCHEMA, document)), line);
    const { problems } = parseClusterfile(text, 'Clusterfile', { env: ENV });
    assert.ok(
      problems.some(({ severity }) => severity === 'error'),
      line,
    );
  }
});

test('documents of unknown kinds and versions are refused by the schema', () => {
  for (const text of [
    'apiVersion: sealer.cloud/v2\nkind: Plugni',
    'apiVersion: apps/v1\nkind: Config\nspec: {path: a, data: b}',
    'kind: Cluster\nspec: {image: a}',
    'apiVersion: sealer.cloud/v2\nkind: Config\nspec: {path: ../a, data: b}',
    'apiVersion: sealer.cloud/v2\nkind: Config\nspec: {path: a, data: b, strategy: append}',
  ]) {
    assert.ok(!accepts(SCHEMA, documents(text)[0]), text);
  }
});

test('every field of the schema is told what it is for', () => {
  const missing: string[] = [];
  const walk = (schema: unknown, path: string): void => {
    if (!isJson(schema)) return;
    if (isJson(schema.properties)) {
      for (const [key, each] of Object.entries(schema.properties)) {
        if (!['apiVersion', 'kind'].includes(key) && isJson(each) && each.description === undefined)
          missing.push(`${path}.${key}`);
        walk(each, `${path}.${key}`);
      }
    }
    for (const each of [schema.items, ...(Array.isArray(schema.anyOf) ? schema.anyOf : [])]) walk(each, `${path}[]`);
  };
  for (const [name, each] of Object.entries(isJson(SCHEMA.$defs) ? SCHEMA.$defs : {})) walk(each, name);
  assert.deepEqual(missing, []);
});
