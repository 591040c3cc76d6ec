// Each stored signature judged once with every key that could matter; what policies make of it is decided elsewhere.
import { judgeBundle, judgeLegacy, type Judgement } from '../cosign/judgement.ts';
import type { Digest } from '../crypto/digest.ts';
import type { PublicKey } from '../crypto/publicKey.ts';
import type { StoredSignature } from './storedSignature.ts';

export interface JudgedSignature {
  readonly stored: StoredSignature;
  readonly judgement: Judgement;
}

/**
 * @param digest the digest every signature must claim
 * @param keys those that count where the signatures were found
 */
export function judgeSignatures(found: readonly StoredSignature[], digest: Digest, keys: readonly PublicKey[]): readonly JudgedSignature[] {
  const unique = uniqueKeys(keys);
  return found.map((stored) => ({ stored, judgement: judge(stored, digest, unique) }));
}

/** One of each, whatever they are called and however often. */
export function uniqueKeys(keys: readonly PublicKey[]): readonly PublicKey[] {
  return [...new Map(keys.map((key) => [key.fingerprint, key])).values()];
}

function judge(stored: StoredSignature, digest: Digest, keys: readonly PublicKey[]): Judgement {
  return stored.format === 'legacy'
    ? judgeLegacy({ payload: stored.payload, signature: stored.signature, certificate: stored.certificate, digest, keys })
    : judgeBundle({ bytes: stored.bytes, digest, keys });
}
