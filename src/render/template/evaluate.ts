/** Runs a parsed template (text/template/exec.go). */

import { SealerError } from '../../error.ts';
import type { FunctionContext, TemplateFunction } from './functions/functions.ts';
import { Output } from './output.ts';
import type { Block, Command, Node, Operand, Pipe, TemplateTree } from './syntax.ts';
import { FunctionFailure, type Position, templateError } from './template-error.ts';
import { isList, isMap, isTrue, Missing, show, sortedKeys, typeName, type Value } from './value.ts';

/** Actions that a template may run; a loop over a loop over a loop has no better end. */
const MAX_STEPS = 1_000_000;
/** Templates in templates: what includes itself has no end. helm stops at 1000. */
const MAX_DEPTH = 100;
const GIVE_IT = 'Declare it with ENV or APPENV, or give it a default: {{ .NAME | default "value" }}.';

export interface Evaluated {
  readonly text: string;
  /** For each line of the text, the line of the template; 0 for blank lines. */
  readonly sources: readonly number[];
}

/** @throws SealerError TEMPLATE_INVALID */
export function evaluateTemplate(
  tree: TemplateTree,
  data: Value,
  functions: ReadonlyMap<string, TemplateFunction>,
): Evaluated {
  const output = new Output();
  new Evaluator(tree, functions, output).run(tree.root, data);
  return { text: output.text(), sources: output.sources() };
}

type Flow = 'break' | 'continue' | undefined;

/** Scopes are one stack of names: what a block declares is cut off at its end. */
interface Variable {
  readonly name: string;
  value: Value;
}

class Evaluator {
  readonly #tree: TemplateTree;
  readonly #functions: ReadonlyMap<string, TemplateFunction>;
  readonly #lineStarts: readonly number[];
  #output: Output;
  #variables: Variable[] = [];
  #steps = 0;
  #depth = 0;

  constructor(tree: TemplateTree, functions: ReadonlyMap<string, TemplateFunction>, output: Output) {
    this.#tree = tree;
    this.#functions = functions;
    this.#output = output;
    this.#lineStarts = [0, ...[...tree.source.matchAll(/\n/g)].map(({ index }) => index + 1)];
  }

  run(block: Block, data: Value): void {
    const outer = this.#variables;
    this.#variables = [{ name: '$', value: data }];
    this.#walk(block, data);
    this.#variables = outer;
  }

  #walk(block: Block, dot: Value): Flow {
    for (const node of block) {
      const flow = this.#node(node, dot);
      if (flow !== undefined) return flow;
    }
    return undefined;
  }

  #node(node: Node, dot: Value): Flow {
    this.#steps += 1;
    if (this.#steps > MAX_STEPS) this.#fail('The template does not come to an end: it ran a million actions', node.at);
    switch (node.kind) {
      case 'text':
        this.#write(node.text, node.at, true);
        return undefined;
      case 'action': {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.variables.length === 0) this.#write(this.#printable(value, node.at), node.at, false);
        return undefined;
      }
      case 'template':
        this.#call(node.name, node.pipe === undefined ? null : this.#pipe(node.pipe, dot), node.at);
        return undefined;
      case 'break':
      case 'continue':
        return node.kind;
      default:
        return this.#control(node, dot);
    }
  }

  #control(node: Extract<Node, { kind: 'if' | 'with' | 'range' }>, dot: Value): Flow {
    const scope = this.#variables.length;
    const value = this.#pipe(node.pipe, dot, node.kind === 'range');
    let flow: Flow;
    if (node.kind === 'range') this.#range(node, value, dot);
    else if (isTrue(value)) flow = this.#walk(node.body, node.kind === 'with' ? value : dot);
    else flow = this.#walk(node.otherwise, dot);
    this.#variables.length = scope;
    return flow;
  }

  #range(node: Extract<Node, { kind: 'if' | 'with' | 'range' }>, value: Value, dot: Value): void {
    const { variables, assigns } = node.pipe;
    const scope = this.#variables.length;
    let isEmpty = true;
    for (const [key, element] of this.#elements(value, node.at)) {
      isEmpty = false;
      const given = variables.length === 2 ? [key, element] : [element];
      for (const [i, name] of variables.entries()) this.#set(name, given[i] ?? null, assigns, node.at);
      const flow = this.#walk(node.body, element);
      this.#variables.length = scope;
      if (flow === 'break') break;
    }
    if (isEmpty) this.#walk(node.otherwise, dot);
  }

  *#elements(value: Value, at: Position): Generator<readonly [Value, Value]> {
    if (value === null || value instanceof Missing) return;
    if (isList(value)) {
      for (const [i, element] of value.entries()) yield [BigInt(i), element];
    } else if (isMap(value)) {
      for (const key of sortedKeys(value)) yield [key, value.get(key) ?? null];
    } else if (typeof value === 'bigint') {
      for (let i = 0n; i < value; i += 1n) yield [i, i];
    } else {
      this.#fail(`range cannot go over ${show(value)}: it is a ${typeName(value)}`, at);
    }
  }

  #pipe(pipe: Pipe, dot: Value, isRange = false): Value {
    let value: Value | undefined;
    for (const command of pipe.commands) value = this.#command(command, dot, value);
    const result = value ?? null;
    // What range declares, it sets for each element.
    if (!isRange) for (const name of pipe.variables) this.#set(name, result, pipe.assigns, pipe.at);
    return result;
  }

  #set(name: string, value: Value, assigns: boolean, at: Position): void {
    if (!assigns) {
      this.#variables.push({ name, value });
      return;
    }
    const variable = this.#variables.findLast((each) => each.name === name);
    if (variable === undefined) this.#fail(`The variable ${name} is not declared`, at);
    else variable.value = value;
  }

  #command({ words, at }: Command, dot: Value, piped: Value | undefined): Value {
    const [head, ...rest] = words;
    if (head.kind === 'function') return this.#callFunction(head.name, rest, dot, piped, at);
    if (rest.length > 0 || piped !== undefined) this.#fail('Something is given to what is no function', at);
    if (head.kind === 'nil') this.#fail('nil alone is no value', at);
    return this.#operand(head, dot);
  }

  #operand(operand: Operand, dot: Value): Value {
    switch (operand.kind) {
      case 'literal':
        return operand.value;
      case 'nil':
        return null;
      case 'dot':
        return dot;
      case 'variable':
        return this.#variables.findLast((each) => each.name === operand.name)?.value ?? null;
      case 'pipe':
        return this.#pipe(operand.pipe, dot);
      case 'function':
        return this.#callFunction(operand.name, [], dot, undefined, operand.at);
      case 'fields':
        return this.#fields(operand, dot);
    }
  }

  #fields(operand: Extract<Operand, { kind: 'fields' }>, dot: Value): Value {
    let value = this.#operand(operand.of, dot);
    let name = operand.of.kind === 'variable' ? operand.of.name : '';
    for (const field of operand.names) {
      if (value instanceof Missing) this.#fail(`${value.name} is not set, so it has no ${field}`, operand.at, GIVE_IT);
      if (value === null || !isMap(value)) {
        this.#fail(
          `${name === '' ? 'This value' : name} is a ${typeName(value)} and has no field ${field}`,
          operand.at,
        );
      }
      name += `.${field}`;
      value = isMap(value) ? (value.get(field) ?? (value.has(field) ? null : new Missing(name))) : null;
    }
    return value;
  }

  #callFunction(name: string, words: readonly Operand[], dot: Value, piped: Value | undefined, at: Position): Value {
    const evaluate = words.map((word) => () => this.#operand(word, dot));
    const last = piped === undefined ? [] : [() => piped];
    const called = this.#functions.get(name);
    if (called === undefined) return this.#fail(`There is no function ${name}`, at);
    const context: FunctionContext = { include: (template, data) => this.#include(template, data, at) };
    try {
      const args = [...evaluate, ...last];
      if (called.lazy !== undefined) return called.lazy(args);
      const values = args.map((each) => each());
      const missing = called.takesMissing ? undefined : values.find((each) => each instanceof Missing);
      if (missing instanceof Missing) this.#fail(`${missing.name} is not set, and ${name} needs it`, at, GIVE_IT);
      return called.call(values, context);
    } catch (error) {
      if (error instanceof SealerError) throw error;
      if (!(error instanceof FunctionFailure || error instanceof RangeError)) throw error;
      return this.#fail(error.message, at, error instanceof FunctionFailure ? error.hint : undefined);
    }
  }

  #include(name: string, data: Value, at: Position): string {
    const outer = this.#output;
    this.#output = new Output();
    this.#call(name, data, at);
    const text = this.#output.text();
    this.#output = outer;
    return text;
  }

  #call(name: string, data: Value, at: Position): void {
    const block = this.#tree.named.get(name);
    if (block === undefined) this.#fail(`There is no template ${JSON.stringify(name)}`, at);
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) this.#fail(`The template ${JSON.stringify(name)} includes itself without end`, at);
    this.run(block, data);
    this.#depth -= 1;
  }

  #printable(value: Value, at: Position): string {
    if (value instanceof Missing) return this.#fail(`${value.name} is not set`, at, GIVE_IT);
    if (value === null) return this.#fail('There is no value here', at, GIVE_IT);
    return this.#guarded(at, () => show(value));
  }

  #write(text: string, at: Position, isText: boolean): void {
    this.#guarded(at, () => this.#output.write(text, this.#lineOf(at), isText));
  }

  /** What grows beyond its bounds has a place too. */
  #guarded<T>(at: Position, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return this.#fail(error.message, at);
    }
  }

  #lineOf(at: Position): number {
    let low = 0;
    for (let high = this.#lineStarts.length; high - low > 1; ) {
      const middle = (low + high) >>> 1;
      if ((this.#lineStarts[middle] ?? 0) <= at) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  #fail(message: string, at: Position, hint?: string): never {
    throw templateError(message, this.#tree.file, this.#tree.source, at, hint);
  }
}
