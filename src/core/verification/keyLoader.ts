// Key settings → public keys, each failure kept beside the keys that could be read.
import { digestOf } from '../crypto/digest.ts';
import { parsePublicKeys, type PublicKey } from '../crypto/publicKey.ts';
import { toCosignError, type CosignError } from '../errors.ts';
import type { KeySource } from '../policy/keySource.ts';
import type { KeySetting } from '../policy/trustPolicy.ts';
import type { KeyRing } from './evaluate.ts';

export interface LoadedKeys {
  readonly keys: KeyRing;
  /** One per key that could not be read: while there is one, "signed by nobody we trust" cannot be said. */
  readonly failures: readonly CosignError[];
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
  const failures: CosignError[] = [];
  await Promise.all(settings.map(async (setting) => {
    try {
      keys.set(setting.name, parsed.parse(await source.read(setting, { fresh }, signal)));
    } catch (error) {
      signal.throwIfAborted();
      failures.push(toCosignError(error));
    }
  }));
  return { keys, failures };
}
