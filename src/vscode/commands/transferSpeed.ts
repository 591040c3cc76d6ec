// How fast bytes arrive, over the last seconds; the clock is handed in.

const windowMs = 5000;
const leastMs = 500;

export class TransferSpeed {
  readonly #now: () => number;
  #samples: readonly { readonly at: number; readonly bytes: number }[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Bytes per second; undefined while too little is known. @param bytes that have arrived until now, in all */
  at(bytes: number): number | undefined {
    const at = this.#now();
    this.#samples = [...this.#samples.filter((sample) => at - sample.at <= windowMs), { at, bytes }];
    const [first] = this.#samples;
    const elapsed = first ? at - first.at : 0;
    return first && elapsed >= leastMs ? Math.max(0, ((bytes - first.bytes) * 1000) / elapsed) : undefined;
  }
}
