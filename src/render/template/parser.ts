/** Tokens to syntax tree, with the rules of text/template/parse/parse.go: what is wrong is said before anything is run. */

import { tokenize } from './lexer.ts';
import { PipeParser } from './pipe-parser.ts';
import type { Block, Node, Pipe, TemplateTree } from './syntax.ts';
import { TokenReader } from './token-reader.ts';

/**
 * Parses a template.
 * @param file how to name it in places
 * @param functions the names of the functions that there are
 * @throws SealerError TEMPLATE_INVALID with line and column
 */
export function parseTemplate(source: string, file: string, functions: ReadonlySet<string>): TemplateTree {
  const reader = new TokenReader(tokenize(source, file), source, file);
  const named = new Map<string, Block>();
  const parser = new BlockParser(reader, functions, named);
  const { block, end } = parser.block([]);
  if (end !== undefined) reader.fail(`{{${end}}} stands where nothing is open`);
  return { source, file, root: block, named };
}

type BlockEnd = 'end' | 'else' | undefined;

/** Deeper than people write, and far from where the call stack ends. */
const MAX_DEPTH = 200;

class BlockParser {
  readonly #reader: TokenReader;
  readonly #functions: ReadonlySet<string>;
  readonly #named: Map<string, Block>;
  #variables: string[] = ['$'];
  #loops = 0;
  #depth = 0;

  constructor(reader: TokenReader, functions: ReadonlySet<string>, named: Map<string, Block>) {
    this.#reader = reader;
    this.#functions = functions;
    this.#named = named;
  }

  /** Nodes up to an end or else, whose `{{` and keyword are taken. */
  block(ends: readonly ('end' | 'else')[]): { block: Block; end: BlockEnd } {
    const nodes: Node[] = [];
    if (this.#depth > MAX_DEPTH) this.#reader.fail('The template is nested too deeply');
    for (;;) {
      const token = this.#reader.next();
      if (token === undefined) {
        if (ends.length > 0) this.#reader.fail('{{end}} is missing');
        return { block: nodes, end: undefined };
      }
      if (token.kind === 'text') {
        nodes.push(token);
        continue;
      }
      this.#reader.skipSpace();
      const keyword = this.#reader.takeKeyword();
      if (keyword === 'end' || keyword === 'else') return { block: nodes, end: keyword };
      this.#depth += 1;
      const node = this.#action(keyword, token.at);
      this.#depth -= 1;
      if (node !== undefined) nodes.push(node);
    }
  }

  #action(keyword: string | undefined, at: number): Node | undefined {
    switch (keyword) {
      case undefined:
        return { kind: 'action', pipe: this.#pipe('action', 'close'), at };
      case 'if':
      case 'with':
      case 'range':
        return this.#control(keyword, at);
      case 'break':
      case 'continue':
        if (this.#loops === 0) this.#reader.fail(`{{${keyword}}} stands outside of {{range}}`);
        this.#close();
        return { kind: keyword, at };
      case 'template': {
        const name = this.#name('template');
        return { kind: 'template', name, pipe: this.#optionalPipe(), at };
      }
      case 'block': {
        const name = this.#name('block');
        const pipe = this.#pipe('block', 'close');
        this.#define(name);
        return { kind: 'template', name, pipe, at };
      }
      case 'define': {
        if (this.#depth > 1) this.#reader.fail('{{define}} stands inside of another action');
        const name = this.#name('define');
        this.#close();
        this.#define(name);
        return undefined;
      }
      default:
        return this.#reader.fail(`${keyword} stands where a value is needed`);
    }
  }

  #control(kind: 'if' | 'with' | 'range', at: number): Node {
    const outer = this.#variables.length;
    const pipe = this.#pipe(kind, 'close');
    if (kind === 'range') this.#loops += 1;
    const { block: body, end } = this.block(['end', 'else']);
    if (kind === 'range') this.#loops -= 1;
    const otherwise = end === 'else' ? this.#otherwise(kind, at) : this.#closed([]);
    this.#variables.length = outer;
    return { kind, pipe, body, otherwise, at };
  }

  /** Behind `{{else`: a chained if or with takes the end of the whole chain. */
  #otherwise(kind: 'if' | 'with' | 'range', at: number): Block {
    this.#reader.skipSpace();
    const chained = this.#reader.takeKeyword();
    if (chained !== undefined) {
      if (chained !== kind || kind === 'range') this.#reader.fail(`{{else ${chained}}} does not continue {{${kind}}}`);
      this.#depth += 1;
      const node = this.#control(kind, at);
      this.#depth -= 1;
      return [node];
    }
    this.#close();
    const { block, end } = this.block(['end']);
    if (end === 'else') this.#reader.fail('{{else}} stands twice');
    return this.#closed(block);
  }

  #closed(block: Block): Block {
    this.#close();
    return block;
  }

  #define(name: string): void {
    const variables = this.#variables;
    const loops = this.#loops;
    this.#variables = ['$'];
    this.#loops = 0;
    const { block, end } = this.block(['end']);
    if (end === 'else') this.#reader.fail('{{else}} stands where only {{end}} can');
    this.#close();
    this.#variables = variables;
    this.#loops = loops;
    // As Go has it: what has no content does not replace what has.
    const isEmpty = block.every((node) => node.kind === 'text' && node.text.trim() === '');
    if (!isEmpty || !this.#named.has(name)) this.#named.set(name, block);
  }

  #name(of: string): string {
    this.#reader.skipSpace();
    const token = this.#reader.next();
    if (token?.kind !== 'string') return this.#reader.fail(`{{${of}}} needs the name of a template in quotes`);
    this.#reader.skipSpace();
    return token.text;
  }

  #optionalPipe(): Pipe | undefined {
    if (this.#reader.peek()?.kind !== 'close') return this.#pipe('template', 'close');
    this.#close();
    return undefined;
  }

  #close(): void {
    this.#reader.skipSpace();
    if (this.#reader.next()?.kind !== 'close') this.#reader.fail('Something stands where }} is needed');
  }

  #pipe(context: string, end: 'close'): Pipe {
    return new PipeParser(this.#reader, this.#functions, this.#variables).pipe(context, end);
  }
}
