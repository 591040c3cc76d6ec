// Key settings → public keys, each failure kept beside the keys that could be read.
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

/** @throws only the signal's reason */
export async function loadKeys(source: KeySource, settings: readonly KeySetting[], fresh: boolean, signal: AbortSignal): Promise<LoadedKeys> {
  const keys = new Map<string, readonly PublicKey[]>();
  const failures: CosignError[] = [];
  await Promise.all(settings.map(async (setting) => {
    try {
      keys.set(setting.name, parsePublicKeys(await source.read(setting, { fresh }, signal)));
    } catch (error) {
      signal.throwIfAborted();
      failures.push(toCosignError(error));
    }
  }));
  return { keys, failures };
}
