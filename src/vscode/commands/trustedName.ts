// Under which name a public key is trusted.
import type { Engine } from '../../core/engine.ts';
import type { KeyDescription } from '../../core/crypto/keyDescription.ts';
import type { TrustSettings } from '../../core/policy/trustPolicy.ts';

/** Undefined when it is none of the trusted keys that can be read. */
export async function trustedName(engine: Engine, { keys }: TrustSettings, { fingerprint }: KeyDescription): Promise<string | undefined> {
  const signal = new AbortController().signal;
  const names = await Promise.all(keys.map(async (key) => {
    // A key that cannot be read is said so wherever it counts; here it is just not this one.
    const descriptions = await engine.describeKey(key, signal).catch(() => []);
    return descriptions.some((other) => other.fingerprint === fingerprint) ? [key.name] : [];
  }));
  return names.flat()[0];
}
