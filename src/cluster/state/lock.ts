/**
 * One run at a time: a lock on the masters that lives as long as the connection of who holds it. A process on the host
 * holds a flock and reads our heartbeat; when its standard input ends (kill -9, a cut link) the kernel lets the lock go, so
 * nothing stale is ever left. What hangs half-dead is broken by `--force-unlock` alone.
 */

import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';

/** Who holds a lock. */
export interface LockHolder {
  /** `user@machine`. */
  readonly by: string;
  readonly command: string;
  /** ISO 8601. */
  readonly since: string;
}

export interface LockOptions {
  /** Waits that long for another run to end, in milliseconds; 0: fails at once. */
  readonly waitMs: number;
  /** Ends whoever holds it. */
  readonly force: boolean;
  readonly signal: AbortSignal;
  /** Told while waiting. */
  readonly onWait?: ((message: string) => void) | undefined;
}

export interface ClusterLock extends AsyncDisposable {
  /** Aborts when the lock is lost; its reason says on which host. */
  readonly lost: AbortSignal;
}

const HEARTBEAT_MS = 10_000;
const RETRY_MS = 500;
/** A day: a lock has no timeout of its own. */
const FOREVER_MS = 24 * 60 * 60 * 1000;
const HELD = 75;

// $1 folder, $2 holder (JSON), $3 whether to break. The holder's file names the process that holds the lock.
const HOLD = `
umask 077
mkdir -p "$1" || exit 1
exec 9>>"$1/lock" || exit 1
if ! flock -n 9; then
  if [ "$3" = yes ]; then
    pid=$(sed -n 1p "$1/lock.holder" 2>/dev/null)
    case $pid in ''|*[!0-9]*) ;; *) kill "$pid" 2>/dev/null ;; esac
    n=0
    until flock -n 9; do n=$((n + 1)); [ "$n" -gt 50 ] && exit ${HELD}; sleep 0.1; done
  else
    sed -n 2p "$1/lock.holder" 2>/dev/null
    exit ${HELD}
  fi
fi
printf '%s\\n%s\\n' "$$" "$2" >"$1/lock.holder"
echo locked
while read -r beat; do date +%s >"$1/lock.beat"; done
rm -f "$1/lock.holder" "$1/lock.beat"
`;

/**
 * Takes the lock on all of the hosts, in the order of their addresses, so that two runs never hold a part each.
 * @throws SealerError CLUSTER_LOCKED (who holds it, since when, with which command)
 */
export async function lockCluster(
  hosts: readonly Host[],
  home: string,
  holder: LockHolder,
  options: LockOptions,
): Promise<ClusterLock> {
  const lost = new AbortController();
  const held: { release(): Promise<void> }[] = [];
  const release = async () => {
    await Promise.allSettled(held.map((each) => each.release()));
  };
  try {
    for (const host of [...hosts].sort((a, b) => (a.address < b.address ? -1 : 1))) {
      held.push(await holdWithin(host, home, holder, options, lost));
    }
  } catch (error) {
    await release();
    throw error;
  }
  return { lost: lost.signal, [Symbol.asyncDispose]: release };
}

/** Who holds the lock on a host, if somebody does. */
export async function readLockHolder(host: Host, home: string): Promise<LockHolder | undefined> {
  const look = 'exec 9<"$1/lock" || exit 0; flock -n 9 && exit 0; sed -n 2p "$1/lock.holder"';
  const { stdout } = await host.exec({ argv: ['sh', '-c', look, 'sealer', home], allowFailure: true });
  return parseHolder(stdout);
}

async function holdWithin(
  host: Host,
  home: string,
  holder: LockHolder,
  options: LockOptions,
  lost: AbortController,
): Promise<{ release(): Promise<void> }> {
  const deadline = Date.now() + options.waitMs;
  let wasTold = false;
  for (;;) {
    const attempt = await hold(host, home, holder, options.force, options.signal, lost);
    if ('release' in attempt) return attempt;
    const message = describe(host, attempt.holder);
    if (Date.now() >= deadline) {
      throw new SealerError('CLUSTER_LOCKED', message, {
        hint: 'Wait for it (--lock-timeout), or, if that run hangs for good, end it with --force-unlock.',
      });
    }
    if (!wasTold) options.onWait?.(`${message}; waiting for it`);
    wasTold = true;
    await sleep(RETRY_MS, undefined, { signal: options.signal });
  }
}

async function hold(
  host: Host,
  home: string,
  holder: LockHolder,
  force: boolean,
  signal: AbortSignal,
  lost: AbortController,
): Promise<{ release(): Promise<void> } | { holder: LockHolder | undefined }> {
  const beats = new PassThrough();
  const said: string[] = [];
  let isReleased = false;
  const locked = Promise.withResolvers<boolean>();
  const running = host.exec({
    argv: ['sh', '-c', HOLD, 'sealer', home, JSON.stringify(holder), force ? 'yes' : 'no'],
    stdin: beats,
    timeoutMs: FOREVER_MS,
    allowFailure: true,
    onLine: (line, stream) => {
      if (stream === 'stdout') said.push(line);
      if (line === 'locked') locked.resolve(true);
    },
  });
  const ended = running.then(
    (output) => {
      locked.resolve(false);
      return output;
    },
    (error: unknown) => {
      locked.reject(error);
      throw error;
    },
  );
  ended.catch(() => {});
  const onAbort = () => locked.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (!(await locked.promise)) {
      const { code, stderr } = await ended;
      if (code === HELD) return { holder: parseHolder(said.join('\n')) };
      throw new SealerError(
        'COMMAND_FAILED',
        `The lock of the cluster cannot be taken on ${host.label}: ${stderr.trim()}`,
        {
          hint: 'The host needs flock (util-linux or busybox) and a writable data root.',
        },
      );
    }
  } catch (error) {
    beats.end();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  const timer = setInterval(() => beats.write('\n'), HEARTBEAT_MS);
  timer.unref();
  const noteLoss = () => {
    clearInterval(timer);
    if (isReleased) return;
    lost.abort(
      new SealerError('HOST_UNREACHABLE', `The lock of the cluster on ${host.label} was lost: its connection broke`, {
        hint: 'Nothing was undone; run the same command again, it goes on from here.',
      }),
    );
  };
  ended.then(noteLoss, noteLoss);
  return {
    release: async () => {
      isReleased = true;
      clearInterval(timer);
      beats.end();
      await ended.catch(() => {});
    },
  };
}

function describe(host: Host, holder: LockHolder | undefined): string {
  if (holder === undefined) return `Another run works on the cluster (seen on ${host.label})`;
  const { by, command, since } = holder;
  return `${by} has been working on the cluster since ${since} (${command}; seen on ${host.label})`;
}

function parseHolder(text: string): LockHolder | undefined {
  for (const line of text.split('\n')) {
    try {
      const { by, command, since } = Object(JSON.parse(line)) as Record<string, unknown>;
      if (typeof by === 'string' && typeof command === 'string' && typeof since === 'string')
        return { by, command, since };
    } catch {}
  }
  return undefined;
}
