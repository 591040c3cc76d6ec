// A few things at a time: after the first failure nothing new is begun, and nothing that was begun is left alone.

/**
 * Runs `work` for every item, at most `limit` at once.
 * @throws what failed first, after everything that was begun has ended; the signal's reason when aborted
 */
export async function inParallel<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>, signal: AbortSignal): Promise<readonly R[]> {
  const results = new Map<number, R>();
  const failures: unknown[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failures.length > 0 || signal.aborted) return;
      try {
        results.set(index, await work(item));
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
}
