/**
 * A thread that hashes. SHA-256 over all that is written costs a third of a cold build, so what is not needed before the
 * end is computed beside the thread that serves the network: measured on two cores, a build is done 10 to 15 % earlier.
 * A second thread, or the content's own hash in this one, gained nothing.
 */

import { Worker } from 'node:worker_threads';
import type { Stretch } from './frame-digests.ts';

/** A step of a computation; steps are taken in order. */
export interface HashStep {
  /** Which computation; the first step starts it. */
  readonly id: number;
  /** The next part of a file. Memory that is shared is not copied. */
  readonly part?: Uint8Array;
  /** What of the part goes into the second hash. */
  readonly stretches?: readonly Stretch[];
  /** Whether the computation is over. */
  readonly isLast?: boolean;
}

/**
 * Has a step taken. The process does not end before, but for the thread alone it does.
 * @returns after the last step the SHA-256 of all parts and of all stretches, in hexadecimal
 */
export function hashBeside(step: HashStep): Promise<readonly [string, string] | undefined> {
  thread ??= new HashThread(() => {
    thread = undefined;
  });
  return thread.take(step);
}

/** Gives up a computation, if it still goes on. */
export function forgetBeside(id: number): void {
  thread?.take({ id, isLast: true }).catch(() => {});
}

let thread: HashThread | undefined;

/** Source as a string: the bundles are single files, so there is none that a worker could be started from. */
const SOURCE = `
const { createHash } = require('node:crypto');
const { parentPort } = require('node:worker_threads');
const running = new Map();
parentPort.on('message', ({ id, part, stretches = [], isLast }) => {
  if (!running.has(id)) running.set(id, [createHash('sha256'), createHash('sha256')]);
  const [whole, second] = running.get(id);
  if (part !== undefined) whole.update(part);
  for (const { from, to } of stretches) second.update(part.subarray(from, to));
  if (isLast) running.delete(id);
  parentPort.postMessage(isLast ? [whole.digest('hex'), second.digest('hex')] : undefined);
});
`;

interface Waiting {
  readonly resolve: (answer: readonly [string, string] | undefined) => void;
  readonly reject: (error: unknown) => void;
}

class HashThread {
  readonly #worker: Worker;
  /** In the order of their steps, in which the answers come, too. */
  readonly #waiting: Waiting[] = [];

  constructor(onEnd: () => void) {
    this.#worker = new Worker(SOURCE, { eval: true, env: {}, execArgv: [] });
    this.#worker.on('message', (answer) => {
      this.#waiting.shift()?.resolve(answer);
      if (this.#waiting.length === 0) this.#worker.unref();
    });
    this.#worker.on('error', (error) => {
      onEnd();
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
    this.#worker.unref();
  }

  take(step: HashStep): Promise<readonly [string, string] | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage(step);
    });
  }
}
