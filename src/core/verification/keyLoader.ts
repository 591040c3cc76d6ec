// Key settings → public keys, each failure kept beside the keys that could be read.
import { digestOf } from '../crypto/digest.ts';
import { parsePublicKeys, type PublicKey } from '../crypto/publicKey.ts';
import { toCosignError, type CosignError } from '../errors.ts';
import type { KeySource } from '../policy/keySource.ts';
import { keyIdentity, type KeySetting } from '../policy/trustPolicy.ts';

/** {@link keyIdentity} → the public keys behind a setting (several PEM blocks: several keys). */
export type KeyRing = ReadonlyMap<string, readonly PublicKey[]>;

export interface LoadedKeys {
  readonly keys: KeyRing;
  /** One per key that could not be read: while there is one, "signed by nobody we trust" cannot be said. */
  readonly failures: readonly CosignError[];
  /** The same by {@link keyIdentity}. */
  readonly unreadable: ReadonlyMap<string, CosignError>;
}

/** Key files already parsed, by the digest of their bytes: every image of a file asks for the same few. */
export class ParsedKeys {
  readonly #known = new Map<string, readonly PublicKey[]>();

  /** @throws {CosignError} as {@link parsePublicKeys} */
  parse(bytes: Uint8Array): readonly PublicKey[] {
    const digest = digestOf(bytes);
    const keys = this.#known.get(digest) ?? parsePublicKeys(bytes);
    if (this.#known.size >= maxParsed) this.#known.clear();
    this.#known.set(digest, keys);
    return keys;
  }
}

const maxParsed = 200;

/** @throws only the signal's reason */
export async function loadKeys(source: KeySource, parsed: ParsedKeys, settings: readonly KeySetting[], fresh: boolean, signal: AbortSignal): Promise<LoadedKeys> {
  const keys = new Map<string, readonly PublicKey[]>();
  const unreadable = new Map<string, CosignError>();
  const unique = new Map(settings.map((setting) => [keyIdentity(setting), setting]));
  await Promise.all([...unique].map(async ([identity, setting]) => {
    try {
      const found = parsed.parse(await source.read(setting, { fresh }, signal));
      keys.set(identity, setting.firstOnly === true ? found.slice(0, 1) : found);
    } catch (error) {
      signal.throwIfAborted();
      unreadable.set(identity, toCosignError(error));
    }
  }));
  // In the order of the settings, whichever answered first.
  const failures = [...unique.keys()].flatMap((identity) => unreadable.get(identity) ?? []);
  return { keys, failures, unreadable };
}
