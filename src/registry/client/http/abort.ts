/** Work that several wait for, each with its own signal. */

/** Both signals in one; either may be missing. */
export function joinSignals(...signals: readonly (AbortSignal | undefined)[]): AbortSignal | undefined {
  const given = signals.filter((signal) => signal !== undefined);
  return given.length <= 1 ? given[0] : AbortSignal.any(given);
}

/** Waits for shared work without being able to stop it: an abort ends the waiting only. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const quit = () => reject(signal.reason);
    signal.addEventListener('abort', quit, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', quit));
  });
}
