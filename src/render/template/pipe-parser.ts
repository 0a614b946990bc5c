/** Pipelines: `$x := .a | default "b" | quote`. */

import type { Token } from './lexer.ts';
import type { Command, Operand, Pipe } from './syntax.ts';
import type { TokenReader } from './token-reader.ts';

const MAX_DEPTH = 100;

export class PipeParser {
  readonly #reader: TokenReader;
  readonly #functions: ReadonlySet<string>;
  /** Those that are in scope; what a pipeline declares is added. */
  readonly #variables: string[];
  #depth = 0;

  constructor(reader: TokenReader, functions: ReadonlySet<string>, variables: string[]) {
    this.#reader = reader;
    this.#functions = functions;
    this.#variables = variables;
  }

  /**
   * A pipeline and the token that ends it.
   * @param context the keyword that it belongs to
   */
  pipe(context: string, end: 'close' | ')'): Pipe {
    if (this.#depth > MAX_DEPTH) this.#reader.fail('Parentheses are nested too deeply');
    this.#depth += 1;
    this.#reader.skipSpace();
    const at = this.#reader.peek()?.at ?? 0;
    const { variables, assigns, pending } = this.#declaration(context);
    const commands: Command[] = [];
    let first = pending;
    for (;;) {
      const command = this.#command(first);
      first = undefined;
      if (command !== undefined) commands.push(command);
      const token = this.#reader.next();
      if (command === undefined) this.#reader.fail(`A value is missing for ${context}`);
      if (token?.kind === end) break;
      // A | with nothing behind it is Go's to allow.
      if (token?.kind === '|' && this.#endsAt(end)) break;
      if (token?.kind !== '|') this.#reader.fail('Something stands where | or the end of the action is needed');
    }
    this.#checkPipeline(commands);
    if (!assigns) this.#variables.push(...variables);
    this.#depth -= 1;
    return { variables, assigns, commands, at };
  }

  #endsAt(end: 'close' | ')'): boolean {
    this.#reader.skipSpace();
    if (this.#reader.peek()?.kind !== end) return false;
    this.#reader.next();
    return true;
  }

  /** `$x :=`, `$x =`, and in range `$i, $x :=`. A variable that nothing of it follows begins the first command. */
  #declaration(context: string): { variables: string[]; assigns: boolean; pending: Token | undefined } {
    const first = this.#reader.peek();
    if (first?.kind !== 'variable') return { variables: [], assigns: false, pending: undefined };
    this.#reader.next();
    const isSpaced = this.#reader.peek()?.kind === 'space';
    this.#reader.skipSpace();
    const token = this.#reader.peek();
    if (token?.kind === ':=' || token?.kind === '=') {
      this.#reader.next();
      this.#reader.skipSpace();
      if (token.kind === '=') this.#checkVariable(first.text);
      return { variables: [first.text], assigns: token.kind === '=', pending: undefined };
    }
    if (token?.kind === ',' && context === 'range') {
      this.#reader.next();
      this.#reader.skipSpace();
      const second = this.#reader.next();
      if (second?.kind !== 'variable') return this.#reader.fail('range can declare two variables: $key, $value :=');
      this.#reader.skipSpace();
      const sign = this.#reader.next();
      if (sign?.kind !== ':=' && sign?.kind !== '=')
        this.#reader.fail('range can declare two variables: $key, $value :=');
      this.#reader.skipSpace();
      return { variables: [first.text, second.text], assigns: sign?.kind === '=', pending: undefined };
    }
    this.#isPendingSpaced = isSpaced;
    return { variables: [], assigns: false, pending: first };
  }

  #isPendingSpaced = false;

  #command(pending: Token | undefined): Command | undefined {
    const words: Operand[] = [];
    let token = pending;
    for (;;) {
      if (token === undefined) this.#reader.skipSpace();
      const isPending = token !== undefined;
      const operand = this.#operand(token);
      token = undefined;
      if (operand === undefined) break;
      words.push(isPending && this.#isPendingSpaced ? operand : this.#fields(operand));
      const next = this.#reader.peek()?.kind;
      if (next === 'space' || (isPending && this.#isPendingSpaced)) continue;
      if (next === '|' || next === ')' || next === 'close' || next === undefined) break;
      this.#reader.next();
      this.#reader.fail('Something stands behind a value without a space between');
    }
    this.#reader.skipSpace();
    const [head, ...rest] = words;
    return head === undefined ? undefined : { words: [head, ...rest], at: head.at };
  }

  #operand(pending: Token | undefined): Operand | undefined {
    const token = pending ?? this.#reader.peek();
    const taken = (operand: Operand): Operand => {
      if (pending === undefined) this.#reader.next();
      return operand;
    };
    switch (token?.kind) {
      case 'string':
        return taken({ kind: 'literal', value: token.text, at: token.at });
      case 'number':
        return taken({ kind: 'literal', value: token.value, at: token.at });
      case '.':
        return taken({ kind: 'dot', at: token.at });
      case 'field':
        return taken({ kind: 'fields', of: { kind: 'dot', at: token.at }, names: [token.text], at: token.at });
      case 'variable':
        this.#checkVariable(token.text);
        return taken({ kind: 'variable', name: token.text, at: token.at });
      case 'keyword':
        if (token.text !== 'nil') return undefined;
        return taken({ kind: 'nil', at: token.at });
      case 'word':
        return taken(this.#word(token.text, token.at));
      case '(':
        this.#reader.next();
        return { kind: 'pipe', pipe: this.pipe('parentheses', ')'), at: token.at };
      default:
        return undefined;
    }
  }

  #word(name: string, at: number): Operand {
    if (name === 'true' || name === 'false') return { kind: 'literal', value: name === 'true', at };
    if (!this.#functions.has(name)) {
      this.#reader.next();
      this.#reader.fail(`There is no function ${name}`);
    }
    return { kind: 'function', name, at };
  }

  /** `.b.c` directly behind a value. */
  #fields(operand: Operand): Operand {
    const names: string[] = [];
    for (let token = this.#reader.peek(); token?.kind === 'field'; token = this.#reader.peek()) {
      names.push(token.text);
      this.#reader.next();
    }
    if (names.length === 0) return operand;
    if (operand.kind === 'literal' || operand.kind === 'nil') return this.#reader.fail('A literal has no fields');
    if (operand.kind === 'dot') return this.#reader.fail('Two dots stand together');
    if (operand.kind === 'fields') return { ...operand, names: [...operand.names, ...names] };
    return { kind: 'fields', of: operand, names, at: operand.at };
  }

  #checkVariable(name: string): void {
    if (!this.#variables.includes(name)) this.#reader.fail(`The variable ${name} is not declared`);
  }

  #checkPipeline(commands: readonly Command[]): void {
    for (const [i, { words }] of commands.entries()) {
      const { kind } = words[0];
      if (words.length === 1 && kind === 'nil') this.#reader.fail('nil alone is no value');
      if (i > 0 && (kind === 'literal' || kind === 'nil' || kind === 'dot')) {
        this.#reader.fail('Only a function can stand behind |');
      }
    }
  }
}
