/** The syntax tree of a Go template (text/template/parse/node.go). */

import type { Position } from './template-error.ts';

export type Node =
  | { readonly kind: 'text'; readonly text: string; readonly at: Position }
  | { readonly kind: 'action'; readonly pipe: Pipe; readonly at: Position }
  | {
      readonly kind: 'if' | 'with' | 'range';
      readonly pipe: Pipe;
      readonly body: Block;
      readonly otherwise: Block;
      readonly at: Position;
    }
  | { readonly kind: 'break' | 'continue'; readonly at: Position }
  | { readonly kind: 'template'; readonly name: string; readonly pipe: Pipe | undefined; readonly at: Position };

export type Block = readonly Node[];

/** `$a, $b := first | second`. */
export interface Pipe {
  /** With their dollar signs. */
  readonly variables: readonly string[];
  readonly assigns: boolean;
  readonly commands: readonly Command[];
  readonly at: Position;
}

/** An operand, or a function and what it is given. */
export interface Command {
  readonly words: readonly [Operand, ...Operand[]];
  readonly at: Position;
}

export type Operand =
  | { readonly kind: 'literal'; readonly value: string | bigint | number | boolean; readonly at: Position }
  | { readonly kind: 'nil'; readonly at: Position }
  | { readonly kind: 'dot'; readonly at: Position }
  | { readonly kind: 'function'; readonly name: string; readonly at: Position }
  | { readonly kind: 'variable'; readonly name: string; readonly at: Position }
  /** `(pipe)`. */
  | { readonly kind: 'pipe'; readonly pipe: Pipe; readonly at: Position }
  /** `.a.b`, `$x.a`, `(pipe).a`. */
  | { readonly kind: 'fields'; readonly of: Operand; readonly names: readonly string[]; readonly at: Position };

export interface TemplateTree {
  readonly source: string;
  readonly file: string;
  readonly root: Block;
  /** What `define` and `block` name. */
  readonly named: ReadonlyMap<string, Block>;
}
