/** Files that are written onto a host as a whole. */

import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { commandFailed } from '../command/command-failed.ts';
import type { Command, WriteOptions } from '../host.ts';
import { again } from './again.ts';
import type { FileHost } from './file-host.ts';

/**
 * Arguments: the temporary name. Prints how much has come, because the end of a broken link looks like an end. What does
 * not fit is read all the same: podman loses what a process says that does not read its input.
 */
const RECEIVE = `
umask 022
mkdir -p "\${1%/*}/" || exit 1
umask 077
cat > "$1" || { rm -f "$1"; cat > /dev/null; exit 1; }
wc -c < "$1"
`;

/** Arguments: the temporary name, the name, the mode. */
const PUT = `
if [ -d "$2" ] && [ ! -L "$2" ]; then echo "$2 is a folder" >&2; rm -f "$1"; exit 1; fi
chmod "$3" "$1" && { sync "$1" 2> /dev/null || sync; } || { rm -f "$1"; exit 1; }
if [ -L "$2" ] && [ -d "$2" ]; then rm -f "$2"; fi
mv -f "$1" "$2"
`;

/** Arguments: the temporary name, the name, the mode, the size. */
const RECEIVE_AND_PUT = `
set -- "$1" "$2" "$3" "$4" "$(umask)"
${RECEIVE.replace('wc -c < "$1"', '')}
umask "$5"
if [ "$(wc -c < "$1")" -ne "$4" ]; then rm -f "$1"; echo "the content broke off" >&2; exit 1; fi
${PUT}`;

/** How long a file of any size may take. */
const TIMEOUT_MS = 60 * 60_000;

/** `Host.write`. */
export async function writeFile(
  host: FileHost,
  path: string,
  content: Readable | string | Uint8Array,
  { mode, signal }: WriteOptions,
): Promise<void> {
  const slash = path.lastIndexOf('/');
  const temporary = `${path.slice(0, slash)}/.${path.slice(slash + 1)}.${randomBytes(6).toString('hex')}`;
  const argv = (program: string, ...values: string[]): Command['argv'] => [
    'sh',
    '-c',
    program,
    'sealer-write',
    ...values,
  ];
  const run = (command: Command, onBytes?: (bytes: number) => void): Promise<string> =>
    runWrite(host, path, { ...command, signal, timeoutMs: TIMEOUT_MS }, onBytes);
  const bits = mode.toString(8);
  if (!(content instanceof Readable)) {
    const size = typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength;
    const command = { argv: argv(RECEIVE_AND_PUT, temporary, path, bits, String(size)), stdin: content };
    await again(() => run(command), signal);
    return;
  }
  try {
    let sent = 0;
    const count = (bytes: number): void => {
      sent += bytes;
    };
    const received = Number(await run({ argv: argv(RECEIVE, temporary), stdin: content }, count));
    if (received !== sent) throw new Error(`${host.link.label} has ${received} of ${sent} bytes of ${path}`);
    await again(() => run({ argv: argv(PUT, temporary, path, bits) }), signal);
  } catch (error) {
    await host.exec({ argv: ['rm', '-f', temporary], allowFailure: true }).catch(() => {});
    throw error;
  }
}

async function runWrite(
  host: FileHost,
  path: string,
  command: Command,
  onBytes?: (bytes: number) => void,
): Promise<string> {
  const { code, stdout, stderr } = await host.exec({ ...command, allowFailure: true }, onBytes);
  if (code === 0) return stdout;
  const end = { code, signal: code === undefined ? 'a signal' : undefined };
  throw commandFailed({ label: host.link.label, command: `writing ${path}`, end, stdout: '', stderr });
}
