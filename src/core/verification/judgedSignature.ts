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
 * @param checkClaims false: a legacy signature by one of the keys counts for whatever digest it was made
 */
export function judgeSignatures(found: readonly StoredSignature[], digest: Digest, keys: readonly PublicKey[], checkClaims = true): readonly JudgedSignature[] {
  const unique = uniqueKeys(keys);
  return found.map((stored) => {
    const judgement = judge(stored, digest, unique);
    return { stored, judgement: checkClaims ? judgement : withoutClaims(stored, judgement) };
  });
}

/** As cosign has it: the digest in a bundle is checked all the same. Annotations of another image's signature are not taken over. */
function withoutClaims({ format }: StoredSignature, judgement: Judgement): Judgement {
  const { author, fault, annotations, identity } = judgement;
  return format === 'legacy' && fault === 'wrong-digest' && author ? { signer: author, annotations, ...(identity === undefined ? {} : { identity }) } : judgement;
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
