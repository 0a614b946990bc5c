/** What was done to a cluster, and when: a line of JSON for each step's begin and end, on the first master. */

import type { Host } from '../../hosts/host.ts';

export interface JournalEntry {
  /** ISO 8601. */
  readonly at: string;
  /** One per run. */
  readonly run: string;
  /** `user@machine`. */
  readonly by: string;
  readonly command: string;
  readonly step?: string | undefined;
  readonly event: 'begin' | 'done' | 'failed' | 'end';
  readonly detail?: string | undefined;
}

/** Lines that are kept. */
const KEPT_LINES = 2000;
const FILE = 'journal';

const APPEND = `
umask 077
cat >>"$1"
if [ "$(wc -l <"$1")" -gt "$2" ]; then tail -n "$(($2 / 2))" "$1" >"$1.new" && mv "$1.new" "$1"; fi
`;

/** Adds entries to the journal. */
export async function appendJournal(host: Host, home: string, entries: readonly JournalEntry[]): Promise<void> {
  const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  await host.exec({ argv: ['sh', '-c', APPEND, 'sealer', `${home}/${FILE}`, String(KEPT_LINES)], stdin: text });
}

/** The last entries, the oldest first; lines that were cut off by a crash are left out. */
export async function readJournal(host: Host, home: string, count: number): Promise<readonly JournalEntry[]> {
  const { stdout } = await host.exec({
    argv: ['tail', '-n', String(count), `${home}/${FILE}`],
    allowFailure: true,
  });
  return stdout.split('\n').flatMap((line): JournalEntry[] => {
    try {
      return line === '' ? [] : [JSON.parse(line) as JournalEntry];
    } catch {
      return [];
    }
  });
}
