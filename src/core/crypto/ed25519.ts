// Ed25519 where node:crypto cannot: over a prehash (Ed25519ph), and over a message that comes in pieces (RFC 8032 §5.1).
import { createHash } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';

const order = ed25519.Point.Fn.ORDER;

/**
 * Whether an Ed25519ph signature without context is right for a message with this SHA-512 (RFC 8032 §5.1, phflag 1). Never throws.
 * @param publicKey the 32 bytes of the point
 */
export function verifyPrehashed(publicKey: Uint8Array, sha512: Uint8Array, signature: Uint8Array): boolean {
  const domain = Buffer.concat([Buffer.from('SigEd25519 no Ed25519 collisions'), Buffer.from([1, 0])]);
  const challenge = createHash('sha512').update(domain).update(signature.subarray(0, 32)).update(publicKey).update(sha512).digest();
  return equationHolds(publicKey, signature, challenge);
}

/** A pure Ed25519 verification that is fed the message piece by piece, in constant memory. */
export interface MessageCheck {
  update(piece: Uint8Array): void;
  /** Call once, after the last piece. Never throws. */
  verify(): boolean;
}

/** @param publicKey the 32 bytes of the point */
export function startMessageCheck(publicKey: Uint8Array, signature: Uint8Array): MessageCheck {
  const hash = createHash('sha512').update(signature.subarray(0, 32)).update(publicKey);
  return {
    update: (piece) => void hash.update(piece),
    verify: () => equationHolds(publicKey, signature, hash.digest()),
  };
}

/**
 * Signs a message in pieces, with a nonce from random bytes instead of from the message, which would have to be read twice; and if it
 * changed between the two readings, the signature would give the private key away.
 * @param seed the 32 bytes of the private key
 * @param random 64 bytes never used before
 */
export function startMessageSigning(seed: Uint8Array, random: Uint8Array): { update(piece: Uint8Array): void; finish(): Uint8Array } {
  const { prefix, scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(seed);
  const nonce = littleEndian(createHash('sha512').update(prefix).update(random).digest()) % order;
  const r = ed25519.Point.BASE.multiply(nonce).toBytes();
  const hash = createHash('sha512').update(r).update(pointBytes);
  return {
    update: (piece) => void hash.update(piece),
    finish: () => {
      const s = (nonce + (littleEndian(hash.digest()) % order) * scalar) % order;
      return Uint8Array.from(Buffer.concat([r, Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()]));
    },
  };
}

/** R = [S]B − [k]A compared as bytes with S < L, as Go's crypto/ed25519 does it. */
function equationHolds(publicKey: Uint8Array, signature: Uint8Array, challenge: Uint8Array): boolean {
  if (signature.length !== 64 || publicKey.length !== 32) return false;
  const s = littleEndian(signature.subarray(32));
  if (s >= order) return false;
  try {
    const k = littleEndian(challenge) % order;
    const a = ed25519.Point.fromBytes(publicKey).negate();
    const r = ed25519.Point.BASE.multiplyUnsafe(s).add(a.multiplyUnsafe(k));
    return Buffer.from(r.toBytes()).equals(signature.subarray(0, 32));
  } catch {
    return false;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}
