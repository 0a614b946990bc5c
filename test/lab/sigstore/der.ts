/** DER (X.690), as much of it as a certificate needs. */

/** A value with its tag and length. */
export function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.from(body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

export const sequence = (...content: readonly Buffer[]): Buffer => der(0x30, ...content);
export const set = (...content: readonly Buffer[]): Buffer => der(0x31, ...content);
export const octets = (content: Buffer): Buffer => der(0x04, content);
export const bits = (content: Buffer): Buffer => der(0x03, Buffer.from([0]), content);
export const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text));
export const truth = (): Buffer => der(0x01, Buffer.from([0xff]));
/** A positive whole number whose first bit is set, so that one zero byte stands before it: no more and no less. */
export const integer = (bytes: Buffer): Buffer =>
  der(0x02, Buffer.from([0, (bytes[0] ?? 0) | 0x80]), bytes.subarray(1));
/** `[n]`, constructed. */
export const explicit = (n: number, content: Buffer): Buffer => der(0xa0 | n, content);
/** `[n]`, in the place of a primitive type. */
export const implicit = (n: number, content: Buffer): Buffer => der(0x80 | n, content);

/** GeneralizedTime in seconds. */
export function time(date: Date): Buffer {
  return der(0x18, Buffer.from(date.toISOString().replace(/[-:T]|\.\d+/g, '')));
}

/** `1.3.6.1.4.1` */
export function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift(0x80 | (left % 128));
    return groups;
  });
  return der(0x06, Buffer.from(bytes));
}
