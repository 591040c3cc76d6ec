// What outlives the process: bytes by their digest, and notes that say where such bytes were found. Never a verdict.
import type { Digest } from '../crypto/digest.ts';

/** Whatever goes wrong, less is found: nothing here throws. What was kept is found at once, written when there is time, and may be gone any day. */
export interface ContentStore {
  /** Bytes that have this digest; undefined when there are none, or more than the limit. */
  content(digest: Digest, limitBytes: number): Promise<Uint8Array | undefined>;
  /** What was noted under a name. Nothing proves it: whoever can write files may have written it. */
  note(name: string): Promise<Uint8Array | undefined>;
  /** A note of that name, in place of an older one, and the bytes that it speaks of. */
  keep(name: string, note: Uint8Array, contents: readonly Uint8Array[]): void;
  keepContent(bytes: Uint8Array): void;
  /** Drops the note; bytes go when there is no room for them any more. */
  forget(name: string): void;
}

/** What was deleted. */
export interface ClearedStorage {
  /** How many images there were signatures of. */
  readonly images: number;
  readonly bytes: number;
}
