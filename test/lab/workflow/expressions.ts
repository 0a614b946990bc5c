/** GitHub's expressions, evaluated by GitHub's own library: `if:`, and texts with `${{ … }}` in them. */

import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';

/** How a job or step ended; what `needs.x.result` and `steps.x.outcome` say. */
export type Outcome = 'success' | 'failure' | 'cancelled' | 'skipped';

/** What an expression sees: the contexts by name, and what the status functions answer. */
export interface Scope {
  readonly contexts: Readonly<Record<string, unknown>>;
  /** Of the steps so far, or of the jobs that are needed. */
  readonly status: Outcome;
  /** For `hashFiles`; without one it is refused. */
  readonly workspace?: string;
}

/**
 * Evaluates one expression, written without `${{ }}`.
 * @returns plain data
 * @throws Error where GitHub would refuse it: syntax, an unknown context or function
 */
export function evaluate(expression: string, scope: Scope): unknown {
  const functions = statusFunctions(scope);
  const { tokens } = new Lexer(expression).lex();
  const tree = new Parser(tokens, Object.keys(scope.contexts), functions).parse();
  const result = new Evaluator(
    tree,
    toDictionary(scope.contexts),
    new Map(functions.map((each) => [each.name.toLowerCase(), each])),
  );
  return JSON.parse(JSON.stringify(result.evaluate(), data.replacer));
}

/**
 * Evaluates a value of a workflow: all of its texts, at any depth. A text that is one expression and nothing else becomes what the
 * expression gives, of any type.
 */
export function expand(value: unknown, scope: Scope): unknown {
  if (typeof value === 'string') return expandText(value, scope);
  if (Array.isArray(value)) return value.map((each) => expand(each, scope));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, expand(inner, scope)]));
}

/** The same for what has to be a text: booleans, numbers and null as GitHub writes them. */
export function expandToText(value: unknown, scope: Scope): string {
  return asText(expand(value, scope));
}

/**
 * Whether a job or step runs. Without a status function in it, a condition holds only while all went well.
 * @param condition may be wrapped in `${{ }}`; absent: `success()`
 */
export function isRun(condition: string | boolean | undefined, scope: Scope): boolean {
  const text = String(condition ?? 'success()').trim();
  const bare = /^\$\{\{([\s\S]*)\}\}$/.exec(text)?.[1] ?? text;
  const hasStatus = /\b(?:success|failure|cancelled|always)\s*\(/i.test(bare);
  return isTruthy(evaluate(hasStatus ? bare : `success() && (${bare})`, scope));
}

/** What GitHub takes as true. */
export function isTruthy(value: unknown): boolean {
  return value !== false && value !== 0 && value !== '' && value !== null && !Number.isNaN(value);
}

/** A value as it stands in a text. */
export function asText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? (Array.isArray(value) ? 'Array' : 'Object') : String(value);
}

const EXPRESSION = /\$\{\{((?:'(?:[^']|'')*'|[^'])*?)\}\}/g;

function expandText(text: string, scope: Scope): unknown {
  const [only] = [...text.matchAll(EXPRESSION)];
  if (only?.[0] === text.trim() && only[1] !== undefined) return evaluate(only[1], scope);
  return text.replace(EXPRESSION, (_, expression: string) => asText(evaluate(expression, scope)));
}

function toDictionary(contexts: Readonly<Record<string, unknown>>): data.Dictionary {
  const value: unknown = JSON.parse(JSON.stringify(contexts), data.reviver);
  if (!(value instanceof data.Dictionary)) throw new Error('contexts are no mapping');
  return value;
}

type Definition = ConstructorParameters<typeof Parser>[2][number] & {
  readonly call: (...args: data.ExpressionData[]) => data.ExpressionData;
};

function statusFunctions({ status, workspace }: Scope): Definition[] {
  const truth = (name: string, value: boolean): Definition => ({
    ...{ name, minArgs: 0, maxArgs: 0 },
    call: () => new data.BooleanData(value),
  });
  return [
    truth('success', status === 'success'),
    truth('failure', status === 'failure'),
    truth('cancelled', status === 'cancelled'),
    truth('always', true),
    {
      ...{ name: 'hashFiles', minArgs: 1, maxArgs: 255 },
      call: (...patterns) => {
        if (workspace === undefined) throw new Error('hashFiles: there are no files here');
        return new data.StringData(
          hashFiles(
            workspace,
            patterns.map((each) => each.coerceString()),
          ),
        );
      },
    },
  ];
}

/** SHA-256 over the SHA-256 of each file, as the runner has it; empty where nothing matches. */
function hashFiles(workspace: string, patterns: readonly string[]): string {
  const files = globSync([...patterns], { cwd: workspace, exclude: ['**/node_modules/**'] })
    .map((name) => join(workspace, name))
    .filter((path) => statSync(path).isFile())
    .sort();
  if (files.length === 0) return '';
  const total = createHash('sha256');
  for (const file of files) total.update(createHash('sha256').update(readFileSync(file)).digest());
  return total.digest('hex');
}
