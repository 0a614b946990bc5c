/** Tokens one after another, with a look ahead. */

import type { Token } from './lexer.ts';
import { templateError } from './template-error.ts';

export class TokenReader {
  readonly #tokens: readonly Token[];
  readonly #source: string;
  readonly #file: string;
  #at = 0;

  constructor(tokens: readonly Token[], source: string, file: string) {
    this.#tokens = tokens;
    this.#source = source;
    this.#file = file;
  }

  peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  next(): Token | undefined {
    const token = this.#tokens[this.#at];
    if (token !== undefined) this.#at += 1;
    return token;
  }

  skipSpace(): void {
    while (this.peek()?.kind === 'space') this.#at += 1;
  }

  /** The keyword that is next, if one is; `nil` is a value, and `break` and `continue` end at once. */
  takeKeyword(): string | undefined {
    const token = this.peek();
    if (token?.kind !== 'keyword' || token.text === 'nil') return undefined;
    this.#at += 1;
    return token.text;
  }

  /** @throws SealerError TEMPLATE_INVALID at the token that was last taken */
  fail(message: string): never {
    const at = this.#tokens[Math.max(0, this.#at - 1)]?.at ?? 0;
    throw templateError(message, this.#file, this.#source, at);
  }
}
