/** What a step tells the runner: in files (`$GITHUB_OUTPUT` and the like) and by lines of its log (`::error::…`). */

/** `name=value`, and `name<<DELIMITER` … `DELIMITER`. */
export function parseFileCommand(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const lines = text.split('\n');
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    if (line === '') continue;
    const [, heredoc, delimiter] = /^([^=]+?)<<(.+)$/.exec(line) ?? [];
    if (heredoc !== undefined && delimiter !== undefined) {
      const end = lines.indexOf(delimiter);
      if (end < 0) throw new Error(`no end of ${line}`);
      const value = lines.splice(0, end + 1).slice(0, -1);
      values.set(heredoc, value.join('\n'));
      continue;
    }
    const equals = line.indexOf('=');
    if (equals < 0) throw new Error(`malformed file command ${line}`);
    values.set(line.slice(0, equals), line.slice(equals + 1));
  }
  return values;
}

export interface LogCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

/** A line of a log as a command, if it is one. */
export function parseLogCommand(line: string): LogCommand | undefined {
  const match = /^\s*::([\w-]+)(?: ([^:]*(?:%3A[^:]*)*))?::(.*)$/.exec(line);
  if (match === null) return undefined;
  const [, name = '', properties = '', message = ''] = match;
  const pairs = properties.split(',').filter(Boolean);
  const read = pairs.map((pair) => {
    const [key = '', value = ''] = pair.split('=', 2);
    return [key, unescapeCommand(value)];
  });
  return { name, properties: Object.fromEntries(read), message: unescapeCommand(message) };
}

function unescapeCommand(text: string): string {
  const characters: Readonly<Record<string, string>> = { '%0A': '\n', '%0D': '\r', '%3A': ':', '%2C': ',', '%25': '%' };
  return text.replace(/%(?:0A|0D|3A|2C|25)/g, (code) => characters[code] ?? code);
}
