/** Reading JSON and YAML that came from outside: a field that is missing or of another type is `undefined`. */

export type Fields = Readonly<Record<string, unknown>>;

/** A map, or undefined. */
export function fieldsOf(value: unknown): Fields | undefined {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMap ? (value as Fields) : undefined;
}

/** A map; what is none is an empty one. */
export function mapOf(value: unknown): Fields {
  return fieldsOf(value) ?? {};
}

/** A list; what is none is an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The maps in a list. */
export function mapsOf(value: unknown): readonly Fields[] {
  return listOf(value)
    .map(fieldsOf)
    .filter((each) => each !== undefined);
}

/** A text that is not empty, or undefined. */
export function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A finite number, or undefined. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** The condition of a type in `status.conditions`. */
export function conditionOf(status: Fields, type: string): Fields | undefined {
  return mapsOf(status.conditions).find((condition) => condition.type === type);
}

/** Whether the condition of a type is True. */
export function isTrue(status: Fields, type: string): boolean {
  return conditionOf(status, type)?.status === 'True';
}

/**
 * Text of a server as one line for people: without control characters (they could move a terminal's cursor), and cut.
 * @param length in characters
 */
export function oneLine(text: string, length = 500): string {
  const plain = text
    .replace(/\p{Cc}+/gu, ' ')
    .replace(/[\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '')
    .trim();
  return plain.length > length ? `${plain.slice(0, length)}…` : plain;
}
