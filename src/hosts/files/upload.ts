/**
 * Content of a known digest on its way to a host: to `<path>.<12 hex digits>.partial`, from where it broke off, and under
 * its name only when the host itself has computed the digest.
 */

import type { Readable } from 'node:stream';
import { SealerError } from '../../error.ts';
import { commandFailed } from '../command/command-failed.ts';
import { isDiskFull } from '../disk-full.ts';
import type { Output, UploadContent, Uploaded, UploadOptions } from '../host.ts';
import { isBrokenLink, LINK_TRIES } from './again.ts';
import type { FileHost } from './file-host.ts';

const ALTERED = 46;
const MOVED = 47;

const DIGEST = `
digest() {
  if command -v sha256sum > /dev/null; then sha256sum < "$1"
  elif command -v shasum > /dev/null; then shasum -a 256 < "$1"
  elif command -v openssl > /dev/null; then openssl dgst -sha256 -r < "$1"
  else echo "there is no sha256sum, shasum or openssl" >&2; exit 1
  fi | { read -r sum rest; printf '%s' "$sum"; }
}
free() { df -Pk "\${1%/*}/" | { read -r head; read -r device total used free rest; echo "$free"; }; }
size() { if [ -f "$1" ]; then wc -c < "$1"; else echo 0; fi; }
`;

/** Arguments: path, partial, size, digest, mode. Prints \`there\`, or how much of it is there and how many KiB are free. */
const LOOK = `${DIGEST}
LC_ALL=C
export LC_ALL
if [ -f "$1" ] && [ ! -L "$1" ] && [ "$(size "$1")" -eq "$3" ] && [ "$(digest "$1")" = "$4" ]; then
  [ "$(stat -c %a "$1")" = "$5" ] || chmod "$5" "$1" || exit 1
  rm -f "$2"
  echo there
  exit 0
fi
if [ -d "$1" ] && [ ! -L "$1" ]; then echo "$1 is a folder" >&2; exit 1; fi
umask 022
mkdir -p "\${1%/*}/" || exit 1
there=$(size "$2")
if [ "$there" -gt "$3" ]; then rm -f "$2"; there=0; fi
echo "$there $(free "$1")"
`;

/** Arguments: path, partial, size, digest, mode, offset. */
const RECEIVE = `${DIGEST}
LC_ALL=C
export LC_ALL
umask 077
[ "$6" -ne 0 ] || rm -f "$2"
[ "$(size "$2")" -eq "$6" ] || exit ${MOVED}
cat >> "$2" || { free "$1"; rm -f "$2"; exit 1; }
if [ "$(size "$2")" -lt "$3" ]; then echo "the content broke off" >&2; exit 1; fi
if [ "$(digest "$2")" != "$4" ]; then rm -f "$2"; exit ${ALTERED}; fi
chmod "$5" "$2" && { sync "$2" 2> /dev/null || sync; } || exit 1
if [ -L "$1" ] && [ -d "$1" ]; then rm -f "$1"; fi
mv -f "$2" "$1" || exit 1
rm -f "$1".????????????.partial
`;

/** How long one file may take. */
const TIMEOUT_MS = 6 * 60 * 60_000;

/** `Host.upload`. */
export async function uploadFile(
  host: FileHost,
  path: string,
  content: UploadContent,
  options: UploadOptions,
): Promise<Uploaded> {
  const hex = /^sha256:([0-9a-f]{64})$/.exec(content.digest)?.[1];
  if (hex === undefined) throw new Error(`An upload needs a digest of SHA-256: ${content.digest}`);
  const upload = new Upload(host, path, content, hex, options);
  await upload.run();
  return { sent: upload.sent };
}

class Upload {
  readonly #host: FileHost;
  readonly #path: string;
  readonly #content: UploadContent;
  readonly #hex: string;
  readonly #options: UploadOptions;
  sent = 0;

  constructor(host: FileHost, path: string, content: UploadContent, hex: string, options: UploadOptions) {
    this.#host = host;
    this.#path = path;
    this.#content = content;
    this.#hex = hex;
    this.#options = options;
  }

  async run(): Promise<void> {
    let brokenLinks = 0;
    let mismatches = 0;
    for (;;) {
      this.#options.signal?.throwIfAborted();
      try {
        const offset = await this.#look();
        if (offset === undefined) return;
        const code = await this.#send(offset);
        if (code === 0) return;
        // What was there was another content's, or the host's disk lies: once more, from the beginning.
        if (code === ALTERED && ++mismatches > 1) throw this.#altered();
        // Somebody else's end of it arrived late: MOVED.
        if (code === MOVED && ++brokenLinks > LINK_TRIES) throw this.#moved();
      } catch (error) {
        if (!isBrokenLink(error) || ++brokenLinks >= LINK_TRIES) throw error;
      }
    }
  }

  /** @returns the offset from which on it is needed; undefined if all is there */
  async #look(): Promise<number | undefined> {
    const answer = await this.#exec(LOOK, []);
    if (answer.code !== 0) throw this.#failed(answer);
    if (answer.stdout.trim() === 'there') return undefined;
    const [there = 0, freeKib = Number.NaN] = answer.stdout.trim().split(' ').map(Number);
    const needed = this.#content.size - there;
    if (needed > freeKib * 1024) throw this.#diskFull(needed, freeKib);
    return there;
  }

  async #send(offset: number): Promise<number> {
    const stdin = await this.#content.open(offset);
    const before = this.sent;
    const answer = await this.#exec(RECEIVE, [String(offset)], {
      stdin,
      onBytes: (bytes) => {
        this.sent += bytes;
        this.#options.onBytes?.(bytes);
      },
    }).finally(() => stdin.destroy());
    const { code = 1 } = answer;
    if (code === 0 || code === ALTERED || code === MOVED) return code;
    if (isDiskFull(answer.stderr)) {
      throw this.#diskFull(this.#content.size, Number(answer.stdout.trim() || Number.NaN));
    }
    const came = offset + this.sent - before;
    if (came < this.#content.size && /broke off/.test(answer.stderr)) {
      throw new Error(`The content for ${this.#path} has ${came} instead of ${this.#content.size} bytes`);
    }
    // podman loses what a process says that does not read its input to the end; the disk still says whether it is full.
    await this.#look();
    throw this.#failed(answer);
  }

  async #exec(
    program: string,
    more: readonly string[],
    { stdin, onBytes }: { stdin?: Readable; onBytes?: (bytes: number) => void } = {},
  ): Promise<Output> {
    const { digest, size } = this.#content;
    const partial = `${this.#path}.${this.#hex.slice(0, 12)}.partial`;
    const values = [this.#path, partial, String(size), digest.slice('sha256:'.length)];
    const argv = ['sh', '-c', program, 'sealer-upload', ...values, this.#options.mode.toString(8), ...more] as const;
    const { signal } = this.#options;
    return await this.#host.exec({ argv, stdin, signal, timeoutMs: TIMEOUT_MS, allowFailure: true }, onBytes);
  }

  #failed({ code, stderr }: Output): SealerError {
    const end = { code, signal: code === undefined ? 'a signal' : undefined };
    const command = `the upload of ${this.#path}`;
    return commandFailed({ label: this.#host.link.label, command, end, stdout: '', stderr });
  }

  #altered(): SealerError {
    const { label } = this.#host.link;
    const message = `What arrived at ${this.#path} on ${label} twice does not have the digest ${this.#content.digest}`;
    return new SealerError('DIGEST_MISMATCH', message, {
      hint: 'The file on this side is damaged (build or pull the image again), or the disk of the host is.',
    });
  }

  #moved(): SealerError {
    return new SealerError('COMMAND_FAILED', `Somebody else writes ${this.#path} on ${this.#host.link.label}`, {
      hint: 'Wait until the other run has ended, and run the same command again.',
    });
  }

  #diskFull(needed: number, freeKib: number): SealerError {
    const free = Number.isNaN(freeKib) ? 'nothing' : mebibytes(freeKib * 1024);
    const message = `No space is left on ${this.#host.link.label} for ${this.#path}`;
    return new SealerError('HOST_DISK_FULL', `${message}: it needs ${mebibytes(needed)}, and ${free} is free`, {
      hint: 'Free some space there and run the same command again; what has arrived is not sent twice.',
    });
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
