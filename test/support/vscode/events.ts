// Events, disposables and cancellation of the fake editor.

export class Disposable {
  readonly #dispose: () => unknown;
  constructor(dispose: () => unknown) { this.#dispose = dispose; }
  static from(...items: readonly { dispose(): unknown }[]): Disposable {
    return new Disposable(() => { for (const item of items) item.dispose(); });
  }
  dispose(): unknown { return this.#dispose(); }
}

type Listener<T> = (event: T) => unknown;

/** Counts its listeners, so that a test can see that everything was let go. */
export class EventEmitter<T> {
  readonly listeners = new Set<Listener<T>>();
  readonly event = (listener: Listener<T>, thisArg?: unknown, disposables?: Disposable[]): Disposable => {
    const bound: Listener<T> = (event) => listener.call(thisArg, event);
    this.listeners.add(bound);
    const handle = new Disposable(() => this.listeners.delete(bound));
    disposables?.push(handle);
    return handle;
  };
  fire(event: T): void { for (const listener of [...this.listeners]) listener(event); }
  dispose(): void { this.listeners.clear(); }
}

export class CancellationTokenSource {
  readonly #emitter = new EventEmitter<void>();
  readonly token = { isCancellationRequested: false, onCancellationRequested: this.#emitter.event };
  cancel(): void {
    this.token.isCancellationRequested = true;
    this.#emitter.fire();
  }
  dispose(): void { this.#emitter.dispose(); }
}

export class CancellationError extends Error {}
