// How long one request may take: a fixed time, and more only as fast as bytes really move.

/** Slower than this, a transfer does not buy itself time: a peer that sends a byte now and then cannot hold a connection for ever. */
const minBytesPerMs = 16;

/** Ends in exactly one way: {@link stop}, expiry, or the caller's own cancellation. */
export class RequestDeadline {
  /** Aborts when time is up, or when the caller's signal does. */
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timeoutMs: number;
  readonly #caller: AbortSignal;
  readonly #onCallerAbort = (): void => this.end(this.#caller.reason);
  #timer: NodeJS.Timeout | undefined;
  #expired = false;
  #lastMoved = performance.now();
  #spentMs = 0;
  /** Behind what the timer is set to, mostly: setting it anew with every piece of a body would cost more than reading that. */
  #due = 0;

  constructor(timeoutMs: number, caller: AbortSignal) {
    this.#timeoutMs = timeoutMs;
    this.#caller = caller;
    this.signal = this.#controller.signal;
    caller.addEventListener('abort', this.#onCallerAbort, { once: true });
    this.#arm(this.#lastMoved + timeoutMs);
  }

  /** True once the time was used up. */
  get expired(): boolean {
    return this.#expired;
  }

  /** Gives back the time that these bytes took, as far as they came fast enough. */
  progress(bytes: number): void {
    if (this.signal.aborted) return;
    const now = performance.now();
    this.#spentMs = Math.max(0, this.#spentMs + (now - this.#lastMoved) - bytes / minBytesPerMs);
    this.#lastMoved = now;
    const due = now + Math.max(0, this.#timeoutMs - this.#spentMs);
    if (due < this.#due) this.#arm(due);
    else this.#due = due;
  }

  /** Begins again, with at least so much time, in milliseconds. */
  restart(ms: number): void {
    if (this.signal.aborted) return;
    [this.#spentMs, this.#lastMoved] = [0, performance.now()];
    this.#arm(this.#lastMoved + Math.max(ms, this.#timeoutMs));
  }

  /** Aborts now, for this reason. */
  end(reason: unknown): void {
    this.stop();
    this.#controller.abort(reason);
  }

  /** The request is over; leaves no timer and no listener behind. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#caller.removeEventListener('abort', this.#onCallerAbort);
  }

  #arm(due: number): void {
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => {
      if (this.#due > performance.now()) {
        this.#arm(this.#due);
        return;
      }
      this.#expired = true;
      this.end(new Error('time is up'));
    }, Math.ceil(due - performance.now()));
  }
}
