// Reads the files under test/fixtures for the tests of the formats.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDigest, type Digest } from '../../../../src/core/crypto/digest.ts';
import { parsePublicKeys, type PublicKey } from '../../../../src/core/crypto/publicKey.ts';
import { CosignError, type ErrorCode } from '../../../../src/core/errors.ts';

export const keyNames = ['p256', 'p384', 'p521', 'rsa2048', 'rsa3072', 'rsa4096', 'ed25519'] as const;
export const versions = ['2.5.0', '3.1.1'] as const;
export const fixturePassword = 'fixture password';

export function keyFile(name: string): Uint8Array {
  return readFileSync(join('test/fixtures/keys', name));
}

export function publicKey(name: string): PublicKey {
  const [key] = parsePublicKeys(keyFile(`${name}.pub`));
  if (!key) throw new Error(name);
  return key;
}

export function cosignFile(...path: string[]): Uint8Array {
  return readFileSync(join('test/fixtures/cosign', ...path));
}

export const imageDigest: Digest = parseDigest(Buffer.from(cosignFile('image.digest')).toString().trim());

type Examples = Readonly<Record<'pkcs8hex' | 'kdfhex' | 'json' | 'pem' | 'pub' | 'hint' | 'spkisha' | 'digest' | 'p1' | 'p1sha' | 'p2' | 'p2sha' | 'sig1' | 'cfg' | 'cfgsha' | 'cfg2sha' | 'man' | 'mansha' | 'st' | 'stsha' | 'paesha' | 'bundle' | 'bundlesha' | 'rman' | 'rmansha' | 'idx' | 'blobsha' | 'bb' | 'lb', string>>;
export const examples = JSON.parse(Buffer.from(cosignFile('worked-examples.json')).toString()) as Examples;
export const exampleDigest: Digest = parseDigest(examples.digest);

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}

/** For assert.throws and assert.rejects. */
export function withCode(code: ErrorCode): (error: unknown) => boolean {
  return (error) => {
    if (error instanceof CosignError && error.code === code) return true;
    throw error;
  };
}
