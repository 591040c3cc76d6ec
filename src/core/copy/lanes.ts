// How many layers travel at a time: few over a fast line, so that the registry stores one while the next travels; more over a slow one.
import type { Clock } from '../oci/transport.ts';

export interface LaneOptions {
  /** From the start. */
  readonly atFirst: number;
  readonly atMost: number;
  /** One more is let in whenever somebody has waited so long. */
  readonly patienceMs: number;
}

export class Lanes {
  readonly #clock: Clock;
  readonly #options: LaneOptions;
  readonly #waiting: (() => void)[] = [];
  #open: number;
  #taken = 0;

  constructor(clock: Clock, options: LaneOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#open = options.atFirst;
  }

  /** The same bytes, begun when there is a lane for them. @throws what the bytes throw; the signal's reason */
  async *through(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    await this.#enter(signal);
    try {
      yield* bytes;
    } finally {
      this.#taken--;
      this.#waiting.shift()?.();
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    while (this.#taken >= this.#open) {
      const isFree = await this.#wait(signal);
      if (!isFree && this.#open < this.#options.atMost) this.#open++;
    }
    this.#taken++;
  }

  /** @returns false when nobody left in time */
  async #wait(signal: AbortSignal): Promise<boolean> {
    const waking = new AbortController();
    let wake: (() => void) | undefined;
    const freed = new Promise<boolean>((resolve) => {
      wake = () => { resolve(true); };
      this.#waiting.push(wake);
    });
    const stop = (): void => { waking.abort(signal.reason); };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      const late = this.#clock.sleep(this.#options.patienceMs, waking.signal).then(() => false);
      late.catch(() => undefined);
      return await Promise.race([freed, late]);
    } finally {
      signal.removeEventListener('abort', stop);
      waking.abort();
      const at = wake ? this.#waiting.indexOf(wake) : -1;
      if (at >= 0) this.#waiting.splice(at, 1);
    }
  }
}
