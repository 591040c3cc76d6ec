// Private keys that were unlocked, in memory only and only for a while.
import { digestOf, type Digest } from '../core/crypto/digest.ts';
import type { PrivateKey } from '../core/crypto/privateKey.ts';
import type { Clock } from '../core/oci/transport.ts';
import type { KeySetting } from '../core/policy/trustPolicy.ts';

interface Unlocked {
  readonly key: PrivateKey;
  /** Of the encrypted file: another file needs unlocking again. */
  readonly file: Digest;
  readonly keepMs: number;
  expiresAt: number;
  inUse: number;
  timer: NodeJS.Timeout | undefined;
}

/** setTimeout takes no more. */
const mostMs = 2 ** 31 - 1;

export class UnlockedKeys {
  readonly #keys = new Map<string, Unlocked>();
  readonly #clock: Pick<Clock, 'now'>;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** @param keepMs milliseconds after the last use; 0: until the first use has ended */
  add(setting: KeySetting, file: Uint8Array, key: PrivateKey, keepMs: number): void {
    const name = nameOf(setting);
    this.#forget(name);
    const entry: Unlocked = { key, file: digestOf(file), keepMs, expiresAt: Infinity, inUse: 0, timer: undefined };
    this.#keys.set(name, entry);
    if (keepMs > 0) this.#restart(name, entry);
  }

  /** The key of exactly this file, when it is unlocked. */
  peek(setting: KeySetting, file: Uint8Array): PrivateKey | undefined {
    return this.#ofFile(nameOf(setting), file)?.key;
  }

  /**
   * Runs `work` with the key of exactly this file.
   * @returns undefined when it is not unlocked
   */
  async use<T>(setting: KeySetting, file: Uint8Array, work: (key: PrivateKey) => Promise<T>): Promise<{ readonly result: T } | undefined> {
    const name = nameOf(setting);
    const entry = this.#ofFile(name, file);
    if (!entry) return undefined;
    entry.inUse++;
    clearTimeout(entry.timer);
    entry.expiresAt = Infinity;
    try {
      return { result: await work(entry.key) };
    } finally {
      entry.inUse--;
      if (entry.inUse === 0 && this.#keys.get(name) === entry) {
        if (entry.keepMs > 0) this.#restart(name, entry);
        else this.#forget(name);
      }
    }
  }

  /** Forgets one; what is being signed with it right now is finished. */
  forget(setting: KeySetting): void {
    this.#forget(nameOf(setting));
  }

  /** Forgets all of them; what is being signed right now is finished. */
  clear(): void {
    for (const name of [...this.#keys.keys()]) this.#forget(name);
  }

  /** What was unlocked for another file is of no more use. */
  #ofFile(name: string, file: Uint8Array): Unlocked | undefined {
    const entry = this.#current(name);
    if (!entry || entry.file === digestOf(file)) return entry;
    this.#forget(name);
    return undefined;
  }

  /** The clock decides; the timer, late after a computer slept, only makes room. */
  #current(name: string): Unlocked | undefined {
    const entry = this.#keys.get(name);
    if (entry && entry.expiresAt <= this.#clock.now()) {
      this.#forget(name);
      return undefined;
    }
    return entry;
  }

  #restart(name: string, entry: Unlocked): void {
    clearTimeout(entry.timer);
    entry.expiresAt = this.#clock.now() + entry.keepMs;
    entry.timer = setTimeout(() => { this.#forget(name); }, Math.min(entry.keepMs, mostMs));
    entry.timer.unref();
  }

  #forget(name: string): void {
    clearTimeout(this.#keys.get(name)?.timer);
    this.#keys.delete(name);
  }
}

/** The name people gave a key says nothing about which it is. */
function nameOf({ reference, baseDirectory = '' }: KeySetting): string {
  return digestOf(Buffer.from(JSON.stringify([reference, baseDirectory])));
}
