/** How long a start takes, and who is waited for. */

/** Whom we wait for. */
export type Waited = 'engine' | 'kubernetes';

/** Runs from its making on. Times are milliseconds. */
export class Stopwatch {
  readonly #start = performance.now();
  readonly #waited: { from: number; to: number }[] = [];

  /** Waits for something, and counts the time as that of somebody else. */
  async waiting<T>(_for: Waited, promise: Promise<T>): Promise<T> {
    const span = { from: performance.now(), to: Number.POSITIVE_INFINITY };
    this.#waited.push(span);
    try {
      return await promise;
    } finally {
      span.to = performance.now();
    }
  }

  /** Since the start. */
  get elapsed(): number {
    return performance.now() - this.#start;
  }

  /** Since the start, but for what was waited for. Two waits at the same time count once. */
  get ours(): number {
    let waited = 0;
    let until = 0;
    for (const { from, to } of this.#waited.toSorted((a, b) => a.from - b.from)) {
      const end = Math.min(to, performance.now());
      waited += Math.max(0, end - Math.max(from, until));
      until = Math.max(until, end);
    }
    return this.elapsed - waited;
  }
}
