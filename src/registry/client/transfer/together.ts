/** Work in parallel that stands or falls together. */

/**
 * Runs all work at once. The first failure stops the rest, and is thrown when all have ended: nothing goes on behind
 * the caller's back. How much really runs at once is for the lanes of the client to say.
 */
export async function together<T, R>(
  items: readonly T[],
  work: (item: T, signal: AbortSignal) => Promise<R>,
  signal?: AbortSignal,
): Promise<R[]> {
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  let failure: { error: unknown } | undefined;
  const running = items.map(async (item) => {
    try {
      return await work(item, either);
    } catch (error) {
      failure ??= { error };
      stop.abort(error);
      throw error;
    }
  });
  const ended = await Promise.allSettled(running);
  signal?.throwIfAborted();
  if (failure !== undefined) throw failure.error;
  return ended.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
}
