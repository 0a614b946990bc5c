/** The host's side of our launcher: what a command's standard input begins with. */

/** A command as a host gets to see it. */
export interface Launched {
  readonly argv: readonly string[];
  /** The command's own input. */
  readonly input: Buffer;
}

/** Reads a launch (src/hosts/command/launcher.ts); undefined as long as it has not come as a whole. */
export function readLaunch(bytes: Buffer): Launched | undefined {
  let at = 0;
  const line = (): string | undefined => {
    const end = bytes.indexOf(10, at);
    if (end === -1) return undefined;
    const text = bytes.toString('utf8', at, end);
    at = end + 1;
    return text;
  };
  const value = (): string | undefined => {
    const lines: string[] = [];
    const count = Number(line() ?? Number.NaN);
    if (Number.isNaN(count)) return undefined;
    for (let i = 0; i < count; i++) {
      const each = line();
      if (each === undefined) return undefined;
      lines.push(each);
    }
    return lines.join('\n');
  };
  const list = (): string[] | undefined => {
    const values: string[] = [];
    const count = Number(line() ?? Number.NaN);
    if (Number.isNaN(count)) return undefined;
    for (let i = 0; i < count; i++) {
      const each = value();
      if (each === undefined) return undefined;
      values.push(each);
    }
    return values;
  };
  if (value() === undefined || list() === undefined) return undefined;
  const argv = list();
  return argv === undefined ? undefined : { argv, input: bytes.subarray(at) };
}
