/** `RUN --mount=type=cache|secret,…`. */

import { didYouMean, listNames } from '../../suggest.ts';
import type { Mount } from '../ast.ts';
import { placeOf, type Span, textOf } from '../lines/span.ts';
import { literalText } from '../words/word-grammar.ts';
import { shorten } from './names.ts';
import type { Statement } from './statement.ts';

/** Reads one mount; nothing if it is malformed, which is reported as BAD_FLAG. */
export function readMount(statement: Statement, span: Span): Mount | undefined {
  const fail = (message: string, hint: string | undefined): undefined => {
    statement.problems.add('BAD_FLAG', placeOf(span), `--mount of RUN ${message}`, hint);
    return undefined;
  };
  const text = literalText(textOf(span), statement.escape);
  if (text === undefined)
    return fail('has variables or open quotes', 'Write its values out: variables are not resolved here.');
  const options = new Map<string, string>();
  for (const field of text.split(',')) {
    const [name = '', ...value] = field.split('=');
    const key = ALIASES.get(name.toLowerCase()) ?? name.toLowerCase();
    if (options.has(key)) return fail(`has "${shorten(key)}" twice`, 'Keep one of them.');
    options.set(key, value.length === 0 ? 'true' : value.join('='));
  }
  const type = options.get('type') ?? 'bind';
  if (type !== 'cache' && type !== 'secret') {
    return fail(`cannot be of type "${shorten(type)}"`, 'Known are type=cache and type=secret.');
  }
  const unknown = [...options.keys()].find((key) => !KNOWN[type].includes(key));
  if (unknown !== undefined) {
    const hint = didYouMean(unknown, KNOWN[type]) ?? `Known are ${listNames(KNOWN[type])}.`;
    return fail(`of type ${type} has no "${shorten(unknown)}"`, hint);
  }
  return type === 'cache' ? cacheMount(options, fail) : secretMount(options, fail);
}

const ALIASES: ReadonlyMap<string, string> = new Map([
  ['dst', 'target'],
  ['destination', 'target'],
  ['ro', 'readonly'],
]);

/** Builds of one store share their caches, as `sharing=shared` says; the other two are promises that hold as well. */
const KNOWN: Readonly<Record<Mount['type'], readonly string[]>> = {
  cache: ['type', 'id', 'target', 'readonly', 'sharing'],
  secret: ['type', 'id', 'target', 'env', 'required', 'mode'],
};

type Fail = (message: string, hint: string) => undefined;

function cacheMount(options: ReadonlyMap<string, string>, fail: Fail): Mount | undefined {
  const target = options.get('target');
  if (target === undefined || target === '') return fail('of type cache has no target', 'Add target=/path/of/folder.');
  const readonly = flagOf(options.get('readonly'));
  if (readonly === undefined)
    return fail('has a readonly that is neither true nor false', 'Write readonly or leave it out.');
  return { type: 'cache', id: options.get('id'), target, readonly };
}

function secretMount(options: ReadonlyMap<string, string>, fail: Fail): Mount | undefined {
  const target = options.get('target');
  // As Docker has it: without an id the secret is called like its file.
  const id = options.get('id') ?? target?.split('/').at(-1);
  if (id === undefined || !/^[A-Za-z0-9_.-]+$/.test(id)) {
    return fail('of type secret has no usable id', 'Add id=name, and give it to the build by --secret id=name,….');
  }
  const required = flagOf(options.get('required'));
  if (required === undefined)
    return fail('has a required that is neither true nor false', 'Write required or leave it out.');
  const mode = options.get('mode') ?? '0400';
  if (!/^0?[0-7]{3}$/.test(mode)) return fail(`has mode "${shorten(mode)}"`, 'Write it in octal, like mode=0400.');
  const env = options.get('env');
  if (env !== undefined && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(env)) {
    return fail(`has env "${shorten(env)}"`, 'Name an environment variable, like env=TOKEN.');
  }
  return { type: 'secret', id, target, env, required, mode: Number.parseInt(mode, 8) };
}

function flagOf(text: string | undefined): boolean | undefined {
  if (text === undefined || text === 'false' || text === '0') return false;
  return text === 'true' || text === '1' ? true : undefined;
}
