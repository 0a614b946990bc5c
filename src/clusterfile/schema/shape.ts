/** How fields are described: one description is validated against and published as JSON Schema. */

export type Shape = TextShape | FlagShape | WholeShape | ListShape | MapShape | ObjectShape | AnyShape;

interface Described {
  /** One sentence for people, also in editors. */
  readonly about: string;
  readonly isRequired?: boolean;
}

export interface TextShape extends Described {
  readonly type: 'text';
  readonly pattern?: RegExp;
  /** What a text that does not match should look like. */
  readonly form?: string;
  readonly oneOf?: readonly string[];
  readonly byDefault?: string;
  /** Never written, logged or stored. */
  readonly isSecret?: boolean;
  /** `${NAME}` is the text itself: shell scripts and files have their own variables. */
  readonly isLiteral?: boolean;
  /** A mapping or list counts as its YAML text. */
  readonly orTree?: boolean;
}

export interface FlagShape extends Described {
  readonly type: 'flag';
  readonly byDefault?: boolean;
}

export interface WholeShape extends Described {
  readonly type: 'whole';
  readonly least: number;
  readonly most: number;
  readonly byDefault?: number;
}

export interface ListShape extends Described {
  readonly type: 'list';
  readonly of: Shape;
  /** A single item without the list around it will do. */
  readonly orOne?: boolean;
}

/** Keys are the user's own. */
export interface MapShape extends Described {
  readonly type: 'map';
  readonly of: Shape;
}

export interface ObjectShape extends Described {
  readonly type: 'object';
  readonly fields: Fields;
}

/** Any YAML: what is handed on to other programs. `mapping`: but not a scalar or list. */
export interface AnyShape extends Described {
  readonly type: 'any';
  readonly mapping?: boolean;
  /** Nobody reads it. */
  readonly isIgnored?: boolean;
}

export type Fields = Readonly<Record<string, Shape>>;

type Options<Kind extends Shape> = Partial<Omit<Kind, 'type' | 'about'>>;

export function text(about: string, options: Options<TextShape> = {}): TextShape {
  return { type: 'text', about, ...options };
}

export function flag(about: string, byDefault: boolean): FlagShape {
  return { type: 'flag', about, byDefault };
}

export function port(about: string, byDefault?: number): WholeShape {
  return { type: 'whole', about, least: 1, most: 65535, ...(byDefault === undefined ? {} : { byDefault }) };
}

export function list(about: string, of: Shape, options: Options<ListShape> = {}): ListShape {
  return { type: 'list', about, of, ...options };
}

export function map(about: string, of: Shape): MapShape {
  return { type: 'map', about, of };
}

export function object(about: string, fields: Fields, options: Options<ObjectShape> = {}): ObjectShape {
  return { type: 'object', about, fields, ...options };
}

export function any(about: string, options: Options<AnyShape> = {}): AnyShape {
  return { type: 'any', about, ...options };
}
