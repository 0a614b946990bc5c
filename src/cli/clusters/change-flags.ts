/** The flags of commands that change a cluster: what to do with the plan, and how long to wait. */

import type { Command } from 'commander';
import { readDuration } from '../build-values.ts';

export interface ChangeFlags {
  readonly dryRun?: boolean | undefined;
  readonly yes?: boolean | undefined;
  readonly wait: boolean;
  readonly timeout?: string | undefined;
  readonly lockTimeout?: string | undefined;
  readonly forceUnlock?: boolean | undefined;
  readonly skipChecks?: boolean | undefined;
}

/** The same, read. */
export interface ChangeOptions {
  readonly dryRun: boolean;
  readonly isConfirmed: boolean;
  readonly waits: boolean;
  /** Of waiting for workloads, and of each launch command, in milliseconds. */
  readonly timeoutMs: number;
  readonly lock: { readonly waitMs: number; readonly force: boolean };
  readonly checks: boolean;
}

const DEFAULT_TIMEOUT_MS = 15 * 60_000;

/** Declares the flags. */
export function withChange(command: Command): Command {
  return command
    .option('--dry-run', 'print the plan, and change nothing')
    .option('-y, --yes', 'do what removes something without asking')
    .option('--no-wait', 'do not wait until the workloads are ready')
    .option('--timeout <time>', 'for the workloads to be ready, and for each launch command (default: 15m)')
    .option('--lock-timeout <time>', 'wait that long while another run works on the cluster (default: not at all)')
    .option('--force-unlock', 'end the run that holds the lock, if it hangs')
    .option('--skip-checks', 'do not check the hosts first (see sealer check)');
}

/**
 * Reads the flags.
 * @throws SealerError USAGE
 */
export function toChangeOptions(flags: ChangeFlags): ChangeOptions {
  return {
    dryRun: flags.dryRun === true,
    isConfirmed: flags.yes === true,
    waits: flags.wait,
    timeoutMs: readDuration(flags.timeout ?? '', '--timeout', DEFAULT_TIMEOUT_MS),
    lock: { waitMs: readDuration(flags.lockTimeout ?? '', '--lock-timeout', 0), force: flags.forceUnlock === true },
    checks: flags.skipChecks !== true,
  };
}
