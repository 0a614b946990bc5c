/** An app watched from outside, like a balancer in front of the cluster does. */

import { once } from 'node:events';
import { request } from 'node:http';

/** How long an address may take to answer while it is watched. */
const ANSWER_MS = 1000;
const PAUSE_MS = 100;

export interface AppWatch extends AsyncDisposable {
  /** The longest stretch in which no address answered, in milliseconds. */
  longestSilenceMs(): number;
  /** Requests of all addresses, and how many of them had no answer. */
  counts(): { readonly asked: number; readonly failed: number };
  /** Stretches in which an address did not answer, a line each. */
  silences(): readonly string[];
}

interface Silence {
  readonly address: string;
  readonly from: number;
  until: number;
  readonly why: Set<string>;
  requests: number;
}

/** Asks all addresses all the time, side by side, each on its own connection. */
export function watchApp(addresses: readonly string[], port: number): AppWatch {
  const began = performance.now();
  let last = began;
  let longest = 0;
  let asked = 0;
  let failed = 0;
  let isOver = false;
  const silences: Silence[] = [];
  const watching = addresses.map(async (address) => {
    let silence: Silence | undefined;
    while (!isOver) {
      const sent = performance.now();
      asked++;
      try {
        await ask(address, port, ANSWER_MS);
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
        silence = undefined;
      } catch (error) {
        failed++;
        if (silence === undefined) {
          silence = { address, from: sent, until: sent, why: new Set(), requests: 0 };
          silences.push(silence);
        }
        silence.until = performance.now();
        silence.requests++;
        silence.why.add(error instanceof Error ? error.message : String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  });
  const seconds = (at: number): string => ((at - began) / 1000).toFixed(1);
  return {
    longestSilenceMs: () => Math.max(longest, performance.now() - last),
    counts: () => ({ asked, failed }),
    silences: () =>
      silences.map(
        ({ address, from, until, why, requests }) =>
          `${address} from ${seconds(from)} s to ${seconds(until)} s, ${requests} requests: ${[...why].join(', ')}`,
      ),
    [Symbol.asyncDispose]: async () => {
      isOver = true;
      await Promise.all(watching);
    },
  };
}

/** What an address answers. */
export async function ask(address: string, port: number, withinMs = 5000): Promise<string> {
  const signal = AbortSignal.timeout(withinMs);
  const asked = request({ host: address, port, path: '/', agent: false, signal });
  asked.end();
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
}
