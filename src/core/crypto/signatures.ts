// Signing and verifying with every kind of key and digest that either cosign writes (`cosign.md` §1.9).
import { constants, createHash, createSign, publicDecrypt, randomBytes, sign, verify } from 'node:crypto';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { startMessageCheck, startMessageSigning, verifyPrehashed, type MessageCheck } from './ed25519.ts';
import type { PrivateKey } from './privateKey.ts';
import type { PublicKey } from './publicKey.ts';

type HashName = 'sha256' | 'sha384' | 'sha512';

/** What is known of a message after reading it once; where it was not at hand, only its SHA-256. */
export type MessageDigests = Readonly<Partial<AllDigests> & Pick<AllDigests, 'sha256'>>;
export type AllDigests = Readonly<Record<HashName, Uint8Array>>;

/**
 * `needs-message`: cannot be judged from these digests. A pure Ed25519 signature never can: use {@link startPureCheck} on a second
 * reading. One of another key can from all of them.
 */
export type DigestOutcome = 'verified' | 'refused' | 'needs-message';

/** No signature of a supported key is longer: RSA 16384. */
const maxSignatureBytes = 2048;

/** Each key's own default first, then SHA-256: cosign 3.1 signs with the one, cosign 2.5 and its verify commands use the other. */
const ecdsa = {
  'ecdsa-p256': { curve: p256, pointBytes: 65, hashes: ['sha256'] },
  'ecdsa-p384': { curve: p384, pointBytes: 97, hashes: ['sha384', 'sha256'] },
  'ecdsa-p521': { curve: p521, pointBytes: 133, hashes: ['sha512', 'sha256'] },
} as const;

/** DER of DigestInfo for SHA-256 up to the digest (RFC 8017 §9.2). */
const sha256Info = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/**
 * Whether the signature is right for this message. Never throws, whatever the signature is; high-S is accepted, BER is not,
 * and of RSA only PKCS#1 v1.5.
 */
export function verifyBytes(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length === 0 || signature.length > maxSignatureBytes) return false;
  switch (key.algorithm) {
    case 'ecdsa-p256':
    case 'ecdsa-p384':
    case 'ecdsa-p521':
      return ecdsa[key.algorithm].hashes.some((hash) => nodeVerifies(hash, key, message, signature));
    case 'rsa':
      return nodeVerifies('sha256', key, message, signature);
    case 'ed25519':
      if (signature.length !== 64) return false;
      return nodeVerifies(null, key, message, signature) || verifyPrehashed(pointOf(key), createHash('sha512').update(message).digest(), signature);
  }
}

/** The same for a message of which only the digests are at hand. Never throws. */
export function verifyDigests(key: PublicKey, digests: MessageDigests, signature: Uint8Array): DigestOutcome {
  if (signature.length === 0 || signature.length > maxSignatureBytes) return 'refused';
  switch (key.algorithm) {
    case 'ecdsa-p256':
    case 'ecdsa-p384':
    case 'ecdsa-p521': {
      const { curve, pointBytes, hashes } = ecdsa[key.algorithm];
      const point = key.spki.subarray(-pointBytes);
      const known = hashes.map((hash) => digests[hash]).filter((digest) => digest !== undefined);
      if (known.some((digest) => curveVerifies(curve, point, digest, signature))) return 'verified';
      return known.length < hashes.length ? 'needs-message' : 'refused';
    }
    case 'rsa':
      return outcome(rsaVerifies(key, digests.sha256, signature));
    case 'ed25519':
      if (signature.length !== 64) return 'refused';
      return digests.sha512 && verifyPrehashed(pointOf(key), digests.sha512, signature) ? 'verified' : 'needs-message';
  }
}

/** Verifies a pure Ed25519 signature over a message read in pieces; undefined for other keys. */
export function startPureCheck(key: PublicKey, signature: Uint8Array): MessageCheck | undefined {
  return key.algorithm === 'ed25519' ? startMessageCheck(pointOf(key), signature) : undefined;
}

/** Takes a message in pieces and digests it in every way a signature may need. */
export function startDigests(): { update(piece: Uint8Array): void; finish(): AllDigests } {
  const hashes = { sha256: createHash('sha256'), sha384: createHash('sha384'), sha512: createHash('sha512') };
  return {
    update: (piece) => { for (const hash of Object.values(hashes)) hash.update(piece); },
    finish: () => ({ sha256: hashes.sha256.digest(), sha384: hashes.sha384.digest(), sha512: hashes.sha512.digest() }),
  };
}

export function digestsOf(message: Uint8Array): AllDigests {
  const digests = startDigests();
  digests.update(message);
  return digests.finish();
}

/** A signature that both cosigns verify without a flag: SHA-256 whatever the curve, PKCS#1 v1.5, pure Ed25519. */
export function signBytes(key: PrivateKey, message: Uint8Array): Uint8Array {
  return Uint8Array.from(sign(key.publicKey.algorithm === 'ed25519' ? null : 'sha256', message, key.handle));
}

/** The same for a message that comes in pieces, read once and in constant memory. */
export function startSigning(key: PrivateKey): { update(piece: Uint8Array): void; finish(): Uint8Array } {
  if (key.publicKey.algorithm === 'ed25519') {
    const pkcs8 = key.handle.export({ type: 'pkcs8', format: 'der' });
    const signing = startMessageSigning(pkcs8.subarray(-32), randomBytes(64));
    pkcs8.fill(0);
    return signing;
  }
  const signer = createSign('sha256');
  return { update: (piece) => void signer.update(piece), finish: () => Uint8Array.from(signer.sign(key.handle)) };
}

function nodeVerifies(hash: HashName | null, key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(hash, message, key.handle, signature);
  } catch {
    return false;
  }
}

function curveVerifies(curve: typeof p256, point: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  try {
    return curve.verify(signature, digest, point, { prehash: false, lowS: false, format: 'der' });
  } catch {
    return false;
  }
}

/** Compares the whole encoded message, so that nothing in the padding is left to interpretation (RFC 8017 §8.2.2). */
function rsaVerifies(key: PublicKey, sha256: Uint8Array, signature: Uint8Array): boolean {
  const size = Math.ceil((key.handle.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
  if (signature.length !== size) return false;
  const tail = Buffer.concat([Buffer.from([0]), sha256Info, sha256]);
  const expected = Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(size - 2 - tail.length, 0xff), tail]);
  try {
    return publicDecrypt({ key: key.handle, padding: constants.RSA_NO_PADDING }, signature).equals(expected);
  } catch {
    return false;
  }
}

function pointOf(key: PublicKey): Uint8Array {
  return key.spki.subarray(-32);
}

function outcome(verified: boolean): DigestOutcome {
  return verified ? 'verified' : 'refused';
}
