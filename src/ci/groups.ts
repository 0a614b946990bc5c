/** Progress in a workflow's log: a foldable group for each phase, a line for each finished item. */

import { logReporter, type Reporter } from '../cli/index.ts';
import type { ProgressEvent } from '../progress.ts';

/**
 * Writes groups and lines until closed.
 * @param write takes one line without its end
 */
export function groupReporter(write: (line: string) => void, now: () => number): Reporter {
  let open = false;
  const lines = logReporter((line) => write(withoutCommands(line)), now);
  const endGroup = (): void => {
    if (open) write('::endgroup::');
    open = false;
  };
  return {
    report(event: ProgressEvent) {
      if (event.type !== 'phase') return lines.report(event);
      endGroup();
      write(`::group::${withoutCommands(event.title.replace(/[\r\n]/g, ' '))}`);
      open = true;
    },
    close() {
      lines.close();
      endGroup();
    },
  };
}

/**
 * Defuses workflow commands in output that is not ours, of one line or many. The runner obeys `::name::` at the start of a line and the older
 * `##[name]` anywhere in it (actions/runner, `ActionCommand.cs`). A lone carriage return ends a line for it (.NET's `ReadLine`), and NEL is white
 * space (`TrimStart`), which it is not to JavaScript.
 */
export function withoutCommands(text: string): string {
  return text.replace(/(^|[\r\n])([\s\u0085]*)::/g, '$1$2: :').replaceAll('##[', '## [');
}
