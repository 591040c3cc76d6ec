// Loads shared by everybody who asks for the same thing: kept for a while when they succeed, forgotten when they fail, and
// aborted only when nobody waits any more.

interface Entry<V> {
  readonly value: Promise<V>;
  readonly abort: AbortController;
  waiting: number;
  /** Once loaded. */
  loaded?: { readonly value: V };
  /** Milliseconds since the epoch; undefined while loading. */
  staleAt: number | undefined;
}

export interface SharedLoadsOptions<V> {
  /** How long a value is kept, in milliseconds; 0 keeps it only for those who wait for it now. */
  readonly lifetimeMs: (value: V) => number;
  /** Most values kept; the longest unused goes first. */
  readonly capacity: number;
  readonly now: () => number;
}

/** A cache of promises in which one caller's cancellation never disturbs another's wait. */
export class SharedLoads<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #options: SharedLoadsOptions<V>;

  constructor(options: SharedLoadsOptions<V>) {
    this.#options = options;
  }

  /**
   * @param load runs under a signal of its own, aborted when all callers have given up
   * @param fresh start a new load even if a value is kept; callers of the old one keep theirs
   * @throws what `load` throws, or the signal's reason
   */
  async get(key: string, load: (signal: AbortSignal) => Promise<V>, signal: AbortSignal, fresh = false): Promise<V> {
    signal.throwIfAborted();
    const entry = (fresh ? undefined : this.#current(key)) ?? this.#start(key, load);
    entry.waiting++;
    try {
      return await abortable(entry.value, signal);
    } finally {
      entry.waiting--;
      if (entry.waiting === 0 && entry.staleAt === undefined) {
        entry.abort.abort(signal.reason);
        this.#drop(key, entry);
      }
    }
  }

  /** Whether a value is kept, or being loaded. */
  has(key: string): boolean {
    return this.#current(key) !== undefined;
  }

  /** Drops a value that turned out to be no good any more; one that has replaced it meanwhile stays. */
  forget(key: string, value: V): void {
    const loaded = this.#entries.get(key)?.loaded;
    if (loaded && loaded.value === value) this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  #current(key: string): Entry<V> | undefined {
    const entry = this.#entries.get(key);
    if (!entry || (entry.staleAt !== undefined && entry.staleAt <= this.#options.now())) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  #start(key: string, load: (signal: AbortSignal) => Promise<V>): Entry<V> {
    const abort = new AbortController();
    const entry: Entry<V> = { value: load(abort.signal), abort, waiting: 0, staleAt: undefined };
    this.#entries.set(key, entry);
    entry.value.then(
      (value) => {
        entry.loaded = { value };
        const lifetimeMs = this.#options.lifetimeMs(value);
        entry.staleAt = this.#options.now() + lifetimeMs;
        if (lifetimeMs <= 0) this.#drop(key, entry);
        for (const [oldest] of this.#entries) {
          if (this.#entries.size <= this.#options.capacity) break;
          this.#entries.delete(oldest);
        }
      },
      () => {
        entry.staleAt = 0;
        this.#drop(key, entry);
      },
    );
    return entry;
  }

  #drop(key: string, entry: Entry<V>): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
  }
}

/** Rejects with the signal's reason as soon as it aborts, whatever the promise does. */
export async function abortable<T>(value: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([value, aborted]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}
