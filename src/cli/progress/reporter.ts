/** What all renderings of progress have in common. */

import type { Report } from '../../progress.ts';

/** Takes events until it is closed. */
export interface Reporter {
  readonly report: Report;
  /** Writes what is left and gives the terminal back as it was. */
  close(): void;
}

/** Where progress goes: a stream, which may be a terminal and then has a size in characters. */
export interface ProgressOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}
