/** Work in parallel with a limit. */

/**
 * Calls `work` for each item, at most `limit` at a time; results are in the order of the items. The first failure
 * rejects and no further item is begun.
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  let failed = false;
  const worker = async () => {
    while (next < items.length && !failed) {
      const i = next++;
      const item = items[i];
      if (item !== undefined) results[i] = await work(item);
    }
  };
  const workers = Array.from({ length: Math.min(limit, items.length) }, worker).map((each) =>
    each.catch((error) => {
      failed = true;
      throw error;
    }),
  );
  // Nothing is left running behind the caller's back.
  const outcomes = await Promise.allSettled(workers);
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return results;
}
