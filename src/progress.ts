/**
 * What long work tells about itself. Parts emit plain events; who listens decides what a terminal, a log, `--json` or a
 * workflow's summary makes of them.
 */

import type { Place } from './error.ts';

/** How a task ended. `exists`, `mounted` and `cached` say why nothing was moved. */
export type Outcome = 'done' | 'exists' | 'mounted' | 'cached' | 'failed' | 'cancelled';

export type ProgressEvent =
  /** A new phase of the whole, in the order that a person should read them. */
  | { readonly type: 'phase'; readonly title: string }
  /** A unit of work began. `total` is in bytes when `unit` is `bytes`. */
  | {
      readonly type: 'start';
      readonly id: string;
      readonly label: string;
      readonly unit: 'bytes' | 'items';
      readonly total?: number | undefined;
    }
  /** The unit moved on by `delta`. */
  | { readonly type: 'advance'; readonly id: string; readonly delta: number }
  /** The unit ended. `moved` is what crossed the network, in bytes. */
  | {
      readonly type: 'end';
      readonly id: string;
      readonly outcome: Outcome;
      readonly moved?: number | undefined;
      readonly detail?: string | undefined;
    }
  /** A line of output of a command that runs for the user (RUN). */
  | { readonly type: 'output'; readonly id: string; readonly line: string }
  /** Something to know that is no failure. */
  | {
      readonly type: 'note';
      readonly level: 'info' | 'warning';
      readonly message: string;
      readonly at?: Place | undefined;
      readonly hint?: string | undefined;
    };

export type Report = (event: ProgressEvent) => void;

/** For callers that do not care. */
export const silent: Report = () => {};
