// NaCl secretbox: XSalsa20-Poly1305, tag first, as cosign encrypts private keys with it.
import { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';

export const keyBytes = 32;
export const nonceBytes = 24;

/** @returns the 16-byte tag and the encrypted bytes */
export function seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return xsalsa20poly1305(key, nonce).encrypt(plaintext);
}

/** The plaintext, or undefined when the key is wrong or anything was changed. */
export function open(key: Uint8Array, nonce: Uint8Array, box: Uint8Array): Uint8Array | undefined {
  try {
    return xsalsa20poly1305(key, nonce).decrypt(box);
  } catch {
    return undefined;
  }
}
