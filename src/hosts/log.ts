/** What was run on each host and what it said, a file for each host, for the day when somebody asks. */

import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The log of one host. What is given to it has no secrets any more. */
export interface HostLog {
  command(described: string): void;
  line(stream: 'stdout' | 'stderr', text: string): void;
  /** @param how `exit 0` */
  ended(how: string, ms: number): void;
}

/** The logs of a run. Disposing writes what is left. */
export interface HostLogs extends AsyncDisposable {
  /** The log of a host; the same one for the same address. */
  of(address: string): HostLog;
  /** The file of a host's log, for messages. */
  fileOf(address: string): string;
}

/** What is written at once; no file stays open, because there may be thousands of hosts. */
const FLUSH_BYTES = 64 * 1024;
const FLUSH_MS = 500;
/** When the disk is slower than the host talks, lines are dropped (and counted) instead of filling the memory. */
const MAX_WAITING = 4 * 1024 * 1024;

/**
 * Opens the logs of a run: `<folder>/<address>.log`, readable by this user alone, continued if they are there.
 * A log that cannot be written stops nothing; `onError` hears of the first failure.
 */
export function openHostLogs(
  folder: string,
  { now = () => new Date(), onError = () => {} }: LogOptions = {},
): HostLogs {
  const logs = new Map<string, BufferedLog>();
  let isTold = false;
  const tell = (error: unknown): void => {
    if (!isTold) onError(error);
    isTold = true;
  };
  const made = mkdir(folder, { recursive: true, mode: 0o700 }).then(() => {}, tell);
  const fileOf = (address: string): string => join(folder, `${address.replace(/[^\w.:-]|^\./g, '_')}.log`);
  return {
    fileOf,
    of: (address) => {
      const log = logs.get(address) ?? new BufferedLog(fileOf(address), { now, tell, made });
      logs.set(address, log);
      return log;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...logs.values()].map((log) => log.flush()));
    },
  };
}

export interface LogOptions {
  readonly now?: (() => Date) | undefined;
  readonly onError?: ((error: unknown) => void) | undefined;
}

interface Surroundings {
  readonly now: () => Date;
  readonly tell: (error: unknown) => void;
  readonly made: Promise<void>;
}

class BufferedLog implements HostLog {
  readonly #file: string;
  readonly #around: Surroundings;
  #lines: string[] = [];
  #bytes = 0;
  /** Being written now. */
  #waiting = 0;
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(file: string, around: Surroundings) {
    this.#file = file;
    this.#around = around;
  }

  command(described: string): void {
    this.#add('$', described);
  }

  line(stream: 'stdout' | 'stderr', text: string): void {
    this.#add(stream === 'stdout' ? '|' : '!', text);
  }

  ended(how: string, ms: number): void {
    this.#add('=', `${how} after ${(ms / 1000).toFixed(1)} s`);
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#dropped > 0) this.#lines.push(`${this.#dropped} lines are missing: the disk was too slow for them\n`);
    this.#dropped = 0;
    const text = this.#lines.join('');
    this.#lines = [];
    this.#waiting += this.#bytes;
    const bytes = this.#bytes;
    this.#bytes = 0;
    if (text !== '') {
      this.#last = this.#last
        .then(() => this.#around.made)
        .then(() => appendFile(this.#file, text, { mode: 0o600 }))
        .catch(this.#around.tell)
        .finally(() => {
          this.#waiting -= bytes;
        });
    }
    await this.#last;
  }

  /** Control characters of a host's output are not for the terminal of who reads the log. */
  #add(kind: string, text: string): void {
    if (this.#bytes + this.#waiting > MAX_WAITING) {
      this.#dropped++;
      return;
    }
    const stamp = this.#around.now().toISOString();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be replaced
    const plain = text.replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '�');
    const line = plain
      .split('\n')
      .map((each, index) => `${stamp} ${index === 0 ? kind : ' '} ${each}\n`)
      .join('');
    this.#lines.push(line);
    this.#bytes += line.length;
    if (this.#bytes > FLUSH_BYTES) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS);
  }
}
