// At most so many requests to one host at a time; the others wait their turn.

/** Lets the next one in; calling it twice does nothing. */
export type Release = () => void;

interface Waiter {
  readonly enter: (release: Release) => void;
  readonly turnAway: (reason: Error) => void;
}

/** First come, first served, per host. */
export class HostSlots {
  readonly #limit: number;
  readonly #busy = new Map<string, number>();
  readonly #waiting = new Map<string, Set<Waiter>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @throws the signal's reason */
  async acquire(host: string, signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted();
    const busy = this.#busy.get(host) ?? 0;
    if (busy < this.#limit) {
      this.#busy.set(host, busy + 1);
      return this.#release(host);
    }
    const queue = this.#waiting.get(host) ?? new Set();
    this.#waiting.set(host, queue);
    let onAbort = (): void => undefined;
    try {
      return await new Promise<Release>((resolve, reject) => {
        const waiter: Waiter = { enter: resolve, turnAway: reject };
        queue.add(waiter);
        onAbort = () => {
          queue.delete(waiter);
          reject(signal.reason as Error);
        };
        signal.addEventListener('abort', onAbort, { once: true });
      });
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Rejects everybody who waits. */
  close(reason: Error): void {
    for (const queue of this.#waiting.values()) for (const waiter of queue) waiter.turnAway(reason);
    this.#waiting.clear();
  }

  #release(host: string): Release {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const queue = this.#waiting.get(host);
      const [next] = queue ?? [];
      if (queue && next) {
        queue.delete(next);
        next.enter(this.#release(host));
        return;
      }
      this.#waiting.delete(host);
      const busy = (this.#busy.get(host) ?? 1) - 1;
      if (busy === 0) this.#busy.delete(host);
      else this.#busy.set(host, busy);
    };
  }
}
