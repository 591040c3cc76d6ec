// Private keys: what cosign can sign with, out of PKCS#8 and out of the PEM files other programs write.
import { createPrivateKey, createPublicKey, generateKeyPair as generate, type KeyObject } from 'node:crypto';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import { parsePem, type PemBlock } from '../encoding/pem.ts';
import { signBytes, verifyBytes } from './signatures.ts';
import { toPublicKey, type PublicKey } from './publicKey.ts';

const chooseImportable = said`Choose an unencrypted private key in PEM form: RSA, EC or Ed25519.`;

/** An unlocked private key. Never logged, never serialised except encrypted. */
export interface PrivateKey {
  readonly publicKey: PublicKey;
  readonly handle: KeyObject;
}

/**
 * @param der PKCS#8 `PrivateKeyInfo`: the plaintext of cosign's encrypted keys
 * @throws {CosignError} `KEY_INVALID` (also when the two halves do not fit), `KEY_UNSUPPORTED` naming the algorithm
 */
export function privateKeyFromPkcs8(der: Uint8Array): PrivateKey {
  return load(der, 'pkcs8');
}

/** The plaintext to encrypt. Wipe it after use. */
export function toPkcs8(key: PrivateKey): Uint8Array {
  return Uint8Array.from(key.handle.export({ type: 'pkcs8', format: 'der' }));
}

/** A new ECDSA P-256 key, as cosign makes them (`cosign.md` §1.3). */
export function generatePrivateKey(): Promise<PrivateKey> {
  return new Promise((resolve, reject) => {
    generate('ec', { namedCurve: 'prime256v1' }, (error, publicKey, privateKey) => {
      if (error) reject(error);
      else resolve({ handle: privateKey, publicKey: toPublicKey(publicKey) });
    });
  });
}

/**
 * An unencrypted private key in a PEM file of OpenSSL and others, by the matrix of `cosign.md` §1.4: PKCS#1, SEC1 or PKCS#8 with
 * RSA of 2048, 3072 or 4096 bits, ECDSA P-256, P-384 or P-521, or Ed25519.
 * @throws {CosignError} `KEY_UNSUPPORTED` naming what it is instead, `KEY_INVALID`, `KEY_IS_CERTIFICATE`
 */
export function importPrivateKey(pem: Uint8Array): PrivateKey {
  const block = privateBlock(parsePem(pem));
  const key = load(block.bytes, containerOf(block));
  const { algorithm, label } = key.publicKey;
  if (algorithm === 'rsa' && !['RSA 2048', 'RSA 3072', 'RSA 4096'].includes(label)) {
    throw new CosignError('KEY_UNSUPPORTED', said`${label} keys cannot be imported.`, { remedy: said`cosign imports RSA keys of 2048, 3072 or 4096 bits only.` });
  }
  return key;
}

function load(der: Uint8Array, type: 'pkcs8' | 'pkcs1' | 'sec1'): PrivateKey {
  let handle: KeyObject;
  let publicHandle: KeyObject;
  try {
    handle = createPrivateKey({ key: Buffer.from(der), format: 'der', type });
    publicHandle = createPublicKey(handle);
  } catch {
    // No cause: what OpenSSL says may quote the key.
    throw new CosignError('KEY_INVALID', said`The private key cannot be read.`, { remedy: chooseImportable });
  }
  const key = { handle, publicKey: toPublicKey(publicHandle) };
  if (!halvesFit(key)) throw new CosignError('KEY_INVALID', said`The private key does not fit the public key stored with it.`, { remedy: chooseImportable });
  return key;
}

function halvesFit(key: PrivateKey): boolean {
  const probe = Buffer.from('do the two halves of this key fit?');
  try {
    return verifyBytes(key.publicKey, probe, signBytes(key, probe));
  } catch {
    return false;
  }
}

function privateBlock(blocks: readonly PemBlock[]): PemBlock {
  // `openssl ecparam -genkey` writes the curve's name in a block of its own in front.
  const relevant = blocks.filter(({ label }) => label !== 'EC PARAMETERS');
  const [block, second] = relevant;
  if (!block) throw new CosignError('KEY_INVALID', said`There is no private key here: no line "-----BEGIN … PRIVATE KEY-----" was found.`, { remedy: chooseImportable });
  if (second) throw new CosignError('KEY_INVALID', said`The file holds ${relevant.length} keys or other blocks; one private key is needed.`, { remedy: said`Leave one private key in the file.` });
  return block;
}

function containerOf({ label, hasHeaders }: PemBlock): 'pkcs8' | 'pkcs1' | 'sec1' {
  if (hasHeaders || label === 'ENCRYPTED PRIVATE KEY') {
    throw new CosignError('KEY_UNSUPPORTED', said`The private key is encrypted with a password of its own.`, { remedy: said`Decrypt it first with: openssl pkey -in FILE -out PLAIN` });
  }
  switch (label) {
    case 'PRIVATE KEY': return 'pkcs8';
    case 'RSA PRIVATE KEY': return 'pkcs1';
    case 'EC PRIVATE KEY': return 'sec1';
    case 'ENCRYPTED SIGSTORE PRIVATE KEY':
    case 'ENCRYPTED COSIGN PRIVATE KEY':
      throw new CosignError('KEY_UNSUPPORTED', said`This is a cosign private key already; it needs no import.`, { remedy: said`Sign with it as it is.` });
    case 'OPENSSH PRIVATE KEY':
      throw new CosignError('KEY_UNSUPPORTED', said`OpenSSH private keys cannot be imported.`, { remedy: said`Convert a copy with: ssh-keygen -p -m PKCS8 -f COPY` });
    case 'PUBLIC KEY':
    case 'RSA PUBLIC KEY':
      throw new CosignError('KEY_INVALID', said`This is a public key, not a private key.`, { remedy: chooseImportable });
    case 'CERTIFICATE':
      throw new CosignError('KEY_IS_CERTIFICATE', said`This is a certificate, not a private key.`, { remedy: chooseImportable });
    default:
      throw new CosignError('KEY_UNSUPPORTED', said`Private keys of the kind "${label}" cannot be imported.`, { remedy: chooseImportable });
  }
}
