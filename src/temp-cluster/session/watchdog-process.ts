/**
 * The watchdog: a process that outlives ours for as long as it takes to remove a session's things from the engine.
 *
 * It reads lines from its standard input, which is a pipe to us. The first is JSON, what to watch; `begin` and `end`
 * stand around each creation. The end of the pipe is our end, however it came: a kill -9 closes it too. Nothing is in
 * the arguments or the environment.
 */

import { createInterface } from 'node:readline';
import { EngineClient } from '../../container-engine/client.ts';
import { removeLabelled } from './remove.ts';
import { READY, type Watch } from './watch.ts';

/** How long an engine may take to finish a creation whose caller is gone, milliseconds. */
const IN_FLIGHT_MS = 20_000;
/** Clocks of an engine's lists lag a little. */
const SETTLED_MS = 1000;
const TIMEOUT_MS = 15 * 60_000;
/** An engine that is away for longer was not restarted but stopped, and what it had with it; the next start sweeps. */
const SILENCE_MS = 60_000;

void watch();

async function watch(): Promise<void> {
  // Ctrl-C and closing terminals are for the others; nothing but the end of the pipe ends us.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  process.stdout.on('error', () => {});
  let watched: Watch | undefined;
  let open = 0;
  let isDone = false;
  for await (const line of createInterface({ input: process.stdin })) {
    if (watched === undefined) {
      watched = JSON.parse(line);
      process.stdout.write(READY);
    } else if (line === 'begin') open++;
    else if (line === 'end') open--;
    else if (line === 'done') isDone = true;
  }
  if (watched === undefined || isDone) return;
  await removeLabelled(new EngineClient(watched.connection), watched.label, {
    lingerMs: open > 0 ? IN_FLIGHT_MS : SETTLED_MS,
    timeoutMs: TIMEOUT_MS,
    silenceMs: SILENCE_MS,
  });
}
