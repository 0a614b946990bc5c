/** Our end of the watchdog: starts it, tells it what is on its way, and lets it go. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Connection } from '../../container-engine/endpoint.ts';
import { READY, type Watch } from './watch.ts';

/** Watches over a session. Disposing without `release` has everything removed. */
export interface Watchdog extends AsyncDisposable {
  /** Does something that creates, so that its result is removed also if we are gone before the engine answers. */
  during<T>(create: () => Promise<T>): Promise<T>;
  /** Everything is removed: the watchdog may go. */
  release(): void;
}

/** A start of Node.js on a machine that is short of everything. */
const START_MS = 30_000;

/**
 * Starts a watchdog. Nothing may be created in the session before this has answered.
 * @param label what to remove, `key=value`
 */
export async function startWatchdog(connection: Connection, label: string): Promise<Watchdog> {
  const child = spawn(process.execPath, [watchdogFile()], {
    cwd: '/',
    // A session of its own: Ctrl-C goes to the group in front. And without RUNNER_TRACKING_ID, by which GitHub's runner
    // finds the orphans that it kills at the end of a job.
    detached: true,
    env: {},
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const { stdin, stdout } = child;
  stdin.on('error', () => {});
  const watch: Watch = { connection, label };
  stdin.write(`${JSON.stringify(watch)}\n`);
  await ready(child, stdout);
  stdout.destroy();
  child.unref();
  let isReleased = false;
  const tell = (line: string): boolean => stdin.writable && stdin.write(`${line}\n`);
  return {
    async during(create) {
      tell('begin');
      try {
        return await create();
      } finally {
        tell('end');
      }
    },
    release() {
      if (!isReleased) tell('done');
      isReleased = true;
      stdin.end();
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      stdin.end();
      // After a release it is gone at once; else it removes things first, which it does without us as well.
      if (!isReleased) return;
      child.ref();
      await exit;
    },
  };
}

/** Sources run as they are; in the bundle the watchdog is a file of its own. */
function watchdogFile(): string {
  const name = import.meta.url.endsWith('.ts') ? './watchdog-process.ts' : './watchdog.cjs';
  return fileURLToPath(new URL(name, import.meta.url));
}

async function ready(child: ChildProcess, stdout: NodeJS.ReadableStream): Promise<void> {
  const signal = AbortSignal.timeout(START_MS);
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`The watchdog of temporary clusters ended at its start (${code})`);
  });
  const answered = once(stdout, 'data', { signal }).then(([data]) => {
    if (String(data) !== READY) throw new Error('The watchdog of temporary clusters does not answer as it should');
  });
  await Promise.race([answered, ended]);
  ended.catch(() => {});
}
