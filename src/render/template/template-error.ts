/** Errors of templates, with their place. */

import { SealerError } from '../../error.ts';

/** Offset in the template's text. */
export type Position = number;

/** A TEMPLATE_INVALID at a position. */
export function templateError(message: string, file: string, source: string, at: Position, hint?: string): SealerError {
  const before = source.slice(0, at);
  const line = before.split('\n').length;
  return new SealerError('TEMPLATE_INVALID', message, {
    at: { file, line, column: at - (before.lastIndexOf('\n') + 1) + 1 },
    hint,
  });
}

/** What a function of a template complains of; whoever calls it knows the place. */
export class FunctionFailure extends Error {
  override readonly name = 'FunctionFailure';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
