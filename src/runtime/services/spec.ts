/** What a service is, whatever the host's init system. */

export interface ServiceSpec {
  /** Of the unit or script, without a suffix: letters, digits and `-_.@`. */
  readonly name: string;
  /** One line. */
  readonly description: string;
  /** An absolute path and its arguments; all of it is seen by everyone on the host, so there are no secrets in it. */
  readonly argv: readonly [string, ...string[]];
  /** Seen by everyone on the host. Secrets go into a file of `environmentFiles`. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Paths of files with `NAME=value` lines, which may be absent. Later ones win. */
  readonly environmentFiles?: readonly string[] | undefined;
  /**
   * When it counts as started: at once (`simple`), when the program runs (`exec`), or when it says so (`notify`,
   * sd_notify). OpenRC knows no difference.
   */
  readonly type: 'simple' | 'exec' | 'notify';
  /** Services that start before this one, if they are there. The network always does. */
  readonly after?: readonly string[] | undefined;
  /** Who is stopped with it: everything it started (default), or the one process. */
  readonly killMode?: 'control-group' | 'process' | 'mixed' | undefined;
  /** It manages the control groups below its own. */
  readonly delegate?: boolean | undefined;
  readonly limits?: ServiceLimits | undefined;
  /** Commands that run before it; their failure is no matter. */
  readonly preStart?: readonly (readonly [string, ...string[]])[] | undefined;
  /** Seconds before it is started again when it ended. Default: 5. */
  readonly restartSeconds?: number | undefined;
  /** Seconds that it may take to start; 0: forever. Default: the init system's own (90 with systemd). */
  readonly startTimeoutSeconds?: number | undefined;
}

/** Resource limits; what the kernel refuses to raise stays as high as it can be. */
export interface ServiceLimits {
  readonly files?: number | 'infinity' | undefined;
  readonly processes?: number | 'infinity' | undefined;
  readonly core?: number | 'infinity' | undefined;
  readonly tasks?: number | 'infinity' | undefined;
}

/** What tells our services from others: the same in all of them. */
export const RESTART_SECONDS = 5;

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.@-]*$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Refuses what neither init system could take. These are mistakes of ours, not of a user. */
export function checkSpec({
  name,
  argv,
  env = {},
  environmentFiles = [],
  preStart = [],
  description,
}: ServiceSpec): void {
  if (!NAME.test(name)) throw new Error(`no name for a service: ${JSON.stringify(name)}`);
  for (const [program] of [argv, ...preStart]) {
    if (!program.startsWith('/')) throw new Error(`${name}: ${JSON.stringify(program)} is no absolute path`);
  }
  for (const variable of Object.keys(env)) {
    if (!VARIABLE.test(variable)) throw new Error(`${name}: no name for a variable: ${JSON.stringify(variable)}`);
  }
  for (const path of environmentFiles) {
    if (!/^\/[^\s'"\\%]*$/.test(path)) throw new Error(`${name}: no path for an environment file: ${path}`);
  }
  if (/[\r\n\0]/.test(description)) throw new Error(`${name}: a description is one line`);
  for (const text of [...argv, ...preStart.flat(), ...Object.values(env)]) {
    if (/[\r\n\0]/.test(text)) throw new Error(`${name}: a command or variable is one line`);
  }
}
