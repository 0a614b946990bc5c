/**
 * What GitHub's REST API takes and gives, as it describes itself: `recorded.json` is made of the OpenAPI document that
 * npm's @octokit/openapi carries (its version is in the file), cut down to parameters, bodies and required fields.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A piece of JSON Schema, as far as it was recorded. */
export interface Shape {
  readonly type?: string;
  readonly nullable?: boolean;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly oneOf?: readonly Shape[];
}

export interface Operation {
  readonly id: string;
  readonly method: string;
  /** With `{names}`. */
  readonly path: string;
  readonly query: Readonly<Record<string, Shape>>;
  readonly body?: Shape & { readonly isRequired: boolean };
  /** By status code. */
  readonly responses: Readonly<Record<string, Shape>>;
}

/** One of the `errors` of an answer with status 422. */
export interface FieldError {
  readonly resource: string;
  readonly field: string;
  readonly code: 'missing_field' | 'invalid';
}

const RECORDED = JSON.parse(readFileSync(join(import.meta.dirname, 'recorded.json'), 'utf8')) as {
  readonly operations: Readonly<Record<string, Omit<Operation, 'id'>>>;
};

const OPERATIONS = Object.entries(RECORDED.operations).map(([id, operation]) => ({
  ...operation,
  id,
  pattern: new RegExp(`^${operation.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
  // A word fits better than a number: issues/comments is not the issue called "comments".
  words: operation.path.replace(/\{\w+\}/g, '').length,
}));

/** The operation that a request means, with the names in its path. */
export function findOperation(
  method: string,
  path: string,
): { readonly operation: Operation; readonly params: Readonly<Record<string, string>> } | undefined {
  const [found] = OPERATIONS.filter((each) => each.method === method && each.pattern.test(path)).sort(
    (a, b) => b.words - a.words,
  );
  if (found === undefined) return undefined;
  return { operation: found, params: { ...found.pattern.exec(path)?.groups } };
}

/** What is wrong with a body, in GitHub's words; nothing if nothing is. */
export function checkBody({ id, body }: Operation, value: unknown): readonly FieldError[] {
  if (body === undefined) return [];
  const resource = id;
  const given: Readonly<Record<string, unknown>> = Object(value);
  const missing = (body.required ?? [])
    .filter((field) => given[field] === undefined)
    .map((field): FieldError => ({ resource, field, code: 'missing_field' }));
  const invalid = Object.entries(body.properties ?? {})
    .filter(([field, shape]) => given[field] !== undefined && !fits(shape, given[field]))
    .map(([field]): FieldError => ({ resource, field, code: 'invalid' }));
  return [...missing, ...invalid];
}

/** Names of the required fields that an answer lacks: those are the lab's own mistakes. */
export function lackingIn({ responses }: Operation, status: number, answer: unknown): readonly string[] {
  const shape = responses[status];
  if (shape === undefined) return [`status ${status}`];
  const [one] = Array.isArray(answer) ? answer : [answer];
  const required = (Array.isArray(answer) ? shape.items?.required : shape.required) ?? [];
  return one === undefined ? [] : required.filter((field) => Object(one)[field] === undefined);
}

function fits(shape: Shape, value: unknown): boolean {
  if (value === null) return shape.nullable === true;
  if (shape.oneOf !== undefined) return shape.oneOf.some((each) => fits(each, value));
  if (shape.enum !== undefined && !shape.enum.includes(value)) return false;
  switch (shape.type) {
    case 'array':
      return Array.isArray(value) && value.every((each) => fits(shape.items ?? {}, each));
    case 'integer':
      return Number.isInteger(value);
    case undefined:
      return true;
    case 'object':
      return typeof value === 'object' && !Array.isArray(value);
    default:
      return typeof value === shape.type;
  }
}
