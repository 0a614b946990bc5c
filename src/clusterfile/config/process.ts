/**
 * The steps that a Config's data goes through (pkg/config/pre_process.go of the Go sealer): `value` makes those behind it
 * work on each value of the data's top-level keys instead of the whole.
 */

import type { ConfigSpec } from '../desired.ts';
import { isMap, NotYaml, readYamls, writeYaml } from './yaml-text.ts';

type Step = ConfigSpec['process'][number];

/** Runs the steps but `toSecret`, which needs the file. @throws NotYaml */
export function processData(data: string, steps: readonly Step[]): string {
  let text = data;
  let isByValue = false;
  for (const step of steps) {
    if (step === 'value') isByValue = true;
    else if (step === 'toJson') text = isByValue ? eachValue(text, (value) => JSON.stringify(value)) : toJson(text);
    else if (step === 'toBase64')
      text = isByValue ? eachValue(text, (value) => toBase64(textOf(value))) : toBase64(text);
  }
  return text;
}

/**
 * A Secret with the top-level values of the data in its `data`, in base64; what it has besides is kept.
 * @param secret what the file has
 * @throws NotYaml
 */
export function toSecret(secret: Readonly<Record<string, unknown>>, data: string): Readonly<Record<string, unknown>> {
  const values = Object.entries(topOf(data)).map(([key, value]) => [key, toBase64(textOf(value))]);
  return { ...secret, data: { ...(isMap(secret.data) ? secret.data : {}), ...Object.fromEntries(values) } };
}

function eachValue(text: string, change: (value: unknown) => string): string {
  return writeYaml(Object.fromEntries(Object.entries(topOf(text)).map(([key, value]) => [key, change(value)])));
}

function topOf(text: string): Readonly<Record<string, unknown>> {
  const [top, ...others] = readYamls(text);
  if (!isMap(top) || others.length > 0) throw new NotYaml('it is not one mapping');
  return top;
}

function toJson(text: string): string {
  const documents = readYamls(text);
  if (documents.length !== 1) throw new NotYaml('it is not one document');
  return JSON.stringify(documents[0]);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === null ? '' : JSON.stringify(value);
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}
