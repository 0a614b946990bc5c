/** Waiting until a container that was started is a machine that is up. */

import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines } from '../../container-engine/container.ts';
import { SealerError } from '../../error.ts';
import type { HostEngine } from './engine.ts';
import type { ContainerMember } from './find.ts';
import { hostOf } from './open.ts';

export interface AwaitOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds on any clock. */
  readonly now: () => number;
}

/** What a slow machine under load takes; usually it is two seconds. */
const UP_WITHIN_MS = 180_000;
const LOOK_MS = 250;

/** Units that failed do not keep a machine from being up. Where there is no systemd, a shell that answers is enough. */
const IS_UP = `command -v systemctl >/dev/null 2>&1 || exit 0
case $(systemctl is-system-running 2>/dev/null) in running | degraded) exit 0 ;; esac
exit 1`;

/**
 * Waits.
 * @throws SealerError HOST_TIMEOUT with what the container said last
 */
export async function awaitUp(engine: HostEngine, member: ContainerMember, options: AwaitOptions): Promise<void> {
  const { signal, now } = options;
  await using host = hostOf(engine, member);
  const deadline = now() + UP_WITHIN_MS;
  for (let last: unknown; ; ) {
    signal?.throwIfAborted();
    try {
      const argv = ['sh', '-c', IS_UP] as const;
      const { code } = await host.exec({ argv, allowFailure: true, timeoutMs: 30_000, signal });
      if (code === 0) return;
    } catch (error) {
      signal?.throwIfAborted();
      last = error;
    }
    if (now() > deadline) throw await tooLate(engine, member, last);
    await sleep(LOOK_MS, undefined, { signal });
  }
}

async function tooLate({ client }: HostEngine, { id, name }: ContainerMember, cause: unknown): Promise<SealerError> {
  const lines = await lastLines(client, id, 10).catch(() => []);
  const said = lines.map((line) => `\n  ${line}`).join('');
  return new SealerError('HOST_TIMEOUT', `The container ${name} does not come up as a machine${said}`, {
    hint: 'The image of hosts (--host-image) has to run systemd or OpenRC as its first program: see images/host.',
    cause,
  });
}
