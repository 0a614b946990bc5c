/**
 * Our lines in a host's /etc/hosts. Each ends with `# sealer:<purpose>`, so that everybody else's lines stay what and where
 * they are, and each purpose's lines come and go on their own.
 */

import type { Host } from './host.ts';

export interface HostNames {
  /** An IP address. */
  readonly address: string;
  readonly names: readonly string[];
}

export interface HostNamesOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default: /etc/hosts. */
  readonly file?: string | undefined;
}

/**
 * Makes the lines of a purpose what they are to be, and leaves the file alone if they are.
 * @param purpose small letters, digits and `-`: `registry`, `aliases`
 * @param lines none: the purpose's lines go
 * @returns whether anything changed
 * @throws SealerError COMMAND_FAILED, and what hosts throw
 */
export async function setHostNames(
  host: Host,
  purpose: string,
  lines: readonly HostNames[],
  { signal, file = '/etc/hosts' }: HostNamesOptions = {},
): Promise<boolean> {
  if (!/^[a-z0-9-]+$/.test(purpose)) throw new Error(`no purpose of lines in /etc/hosts: ${JSON.stringify(purpose)}`);
  const stdin = lines.map(({ address, names }) => lineOf(address, names, purpose)).join('');
  const { stdout } = await host.exec({ argv: ['sh', '-c', PROGRAM, 'sealer', file, purpose], stdin, signal });
  return stdout.includes('changed');
}

/** Takes the lines of a purpose away. */
export async function removeHostNames(host: Host, purpose: string, options: HostNamesOptions = {}): Promise<void> {
  await setHostNames(host, purpose, [], options);
}

function lineOf(address: string, names: readonly string[], purpose: string): string {
  const words = [address, ...names];
  // A space or line break in a name would be another name or line.
  const bad = words.find((word) => !/^[A-Za-z0-9._:%-]+$/.test(word));
  if (bad !== undefined) throw new Error(`no name or address for /etc/hosts: ${JSON.stringify(bad)}`);
  return `${words.join(' ')} # sealer:${purpose}\n`;
}

/**
 * In a container /etc/hosts is a mount: it can be written to and not be replaced. Where it can be replaced it is, so that
 * nobody ever reads half of it. A last line without its line break gets one.
 */
const PROGRAM = `set -eu
file=$1
draft=$(mktemp "$file.sealer.XXXXXX" 2>/dev/null || mktemp)
trap 'rm -f "$draft"' EXIT
if [ -e "$file" ]; then
  cp -p "$file" "$draft"
  sed "/ # sealer:$2\\$/d" "$file" | sed -e '$a\\' >"$draft"
fi
cat >>"$draft"
if [ -e "$file" ] && cmp -s "$draft" "$file"; then exit 0; fi
[ -e "$file" ] || chmod 644 "$draft"
mv -f "$draft" "$file" 2>/dev/null || cat "$draft" >"$file"
echo changed
`;
