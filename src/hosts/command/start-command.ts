/** A command that runs on a host: its streams, its end, and how it is killed. */

import { once } from 'node:events';
import { pipeline, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterMark, type Launched, type MarkedOutput } from './after-mark.ts';
import { feed, type Input } from './feed.ts';
import { type Elevation, encodeLaunch, type Launch, launcherArgv } from './launcher.ts';
import type { Link, LinkedProcess, ProcessEnd } from './link.ts';

export interface RunningCommand {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** All input has been taken, or will not be any more. Rejects with what reading the source threw. */
  readonly fed: Promise<void>;
  /**
   * Its end, once all output has come: what it left running in the background is not waited for.
   * Rejects with HOST_UNREACHABLE when the link broke.
   */
  readonly ended: Promise<ProcessEnd>;
  /** Whether the command itself was reached: if not, sudo or the login shell ended before it. */
  wasLaunched(): boolean;
  /** What sudo or the login shell said before the command began. */
  saidBefore(): string;
  /** Ends the process and its group on the host, and lets go of it. Never throws. */
  kill(): Promise<void>;
}

export interface StartCommand extends Launch {
  readonly elevation: Elevation;
  readonly stdin?: Input;
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes of `stdin` that left. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** How long output may still come once the command has ended. */
const CLOSING_MS = 2000;
/** How long a killed command has to be gone: the kill itself is sent after 3 s of grace. */
const KILL_MS = 8000;

/** Starts a command. @throws SealerError HOST_UNREACHABLE; the signal's reason */
export async function startCommand(link: Link, command: StartCommand): Promise<RunningCommand> {
  const head = headOf(link, command);
  const started = await link.start(launcherArgv(command.elevation), { signal: command.signal });
  const stdout = afterMark();
  const stderr = afterMark();
  // Both outputs end with the process, and then with whatever they have.
  pipeline(started.stdout, stdout.stream, () => {});
  pipeline(started.stderr, stderr.stream, () => {});
  // Who reads them learns of an error by reading; nobody has to read them.
  stdout.stream.on('error', () => {});
  stderr.stream.on('error', () => {});
  const isOver = new AbortController();
  void Promise.allSettled([started.exited, started.closed]).then(() => isOver.abort());
  void started.exited.catch(() => isOver.abort());
  const fed = feed(started.stdin, head, { source: command.stdin, isOver: isOver.signal, onBytes: command.onBytes });
  fed.catch(() => {});
  const ended = endOf(started, [stdout, stderr]);
  ended.catch(() => {});
  let killing: Promise<void> | undefined;
  return {
    stdout: stdout.stream,
    stderr: stderr.stream,
    fed,
    ended,
    wasLaunched: () => (stdout.launched() ?? stderr.launched()) !== undefined,
    saidBefore: () => [stderr.before(), stdout.before()].filter((text) => text !== '').join('\n'),
    kill: () => {
      killing ??= killCommand(link, started, stderr.launched() ?? stdout.launched(), command.elevation);
      return killing;
    },
  };
}

function headOf(link: Link, command: StartCommand): string {
  const password = command.elevation === 'sudo-with-password' ? `${link.sudoPassword ?? ''}\n` : '';
  return password + encodeLaunch(command);
}

async function endOf(started: LinkedProcess, outputs: readonly MarkedOutput[]): Promise<ProcessEnd> {
  try {
    const end = await started.exited;
    await untilQuiet(started, outputs);
    return end;
  } catch (error) {
    started.close();
    for (const { stream } of outputs) stream.destroy();
    throw error;
  }
}

/**
 * Waits until all output is here. What a command left in the background holds its outputs open, and would be waited for
 * without end; but output that is only read slowly is waited for.
 */
async function untilQuiet(started: LinkedProcess, outputs: readonly MarkedOutput[]): Promise<void> {
  const isClosed = new AbortController();
  void started.closed.then(() => isClosed.abort());
  const heard = (): number => outputs.reduce((sum, output) => sum + output.chunks(), 0);
  const isWaiting = (): boolean => started.stdout.readableLength > 0 || started.stderr.readableLength > 0;
  for (let before = -1; before !== heard() || isWaiting(); ) {
    before = heard();
    await sleep(CLOSING_MS, undefined, { signal: isClosed.signal }).catch(() => {});
    if (isClosed.signal.aborted) return;
  }
  started.close();
  for (const { stream } of outputs) stream.end();
}

/** Arguments: what `kill` is to reach. */
const KILL = `
kill -TERM "$1" 2> /dev/null || exit 0
left=30
while [ "$left" -gt 0 ] && kill -0 "$1" 2> /dev/null; do
  sleep 0.1 2> /dev/null || sleep 1
  left=$((left - 1))
done
kill -KILL "$1" 2> /dev/null
exit 0
`;

async function killCommand(
  link: Link,
  started: LinkedProcess,
  launched: Launched | undefined,
  elevation: Elevation,
): Promise<void> {
  const timeout = AbortSignal.timeout(KILL_MS);
  try {
    if (launched !== undefined) {
      const target = launched.group === undefined ? String(launched.pid) : `-${launched.group}`;
      await killOnHost(link, target, elevation, timeout);
    }
  } catch {
    // The link is broken, or the host is too busy: the caller has an error to tell already.
  } finally {
    started.close();
  }
}

async function killOnHost(link: Link, target: string, elevation: Elevation, signal: AbortSignal): Promise<void> {
  const killer = await link.start(launcherArgv(elevation), { isUrgent: true, signal });
  killer.stdout.resume();
  killer.stderr.resume();
  killer.stdin.on('error', () => {});
  const launch: Launch = { argv: ['sh', '-c', KILL, 'sealer', target], env: {}, cwd: undefined };
  killer.stdin.end(headOf(link, { ...launch, elevation }));
  const timeout = once(signal, 'abort');
  killer.exited.catch(() => {});
  await Promise.race([killer.exited, timeout]);
  killer.close();
}
