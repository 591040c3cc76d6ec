// Who is still at work with something, so that it is let go of only when nobody is.

export class Users {
  #count = 0;
  #last: (() => void) | undefined;

  /** Counts whoever runs this as long as it runs. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await work();
    } finally {
      this.#count--;
      if (this.#count === 0) this.#last?.();
    }
  }

  /** @param release called once there are none: now, or when the last one ends */
  whenGone(release: () => void): void {
    this.#last = release;
    if (this.#count === 0) release();
  }
}
