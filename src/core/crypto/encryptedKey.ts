// cosign's password-encrypted private key file, both ways, byte for byte (`cosign.md` §1.1; go-securesystemslib `encrypted`).
import { randomBytes, scrypt } from 'node:crypto';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import { decodeBase64, encodeBase64 } from '../encoding/base64.ts';
import { JsonShape, type JsonObject } from '../encoding/jsonShape.ts';
import { encodePem, parsePem } from '../encoding/pem.ts';
import { generatePrivateKey, importPrivateKey, privateKeyFromPkcs8, toPkcs8, type PrivateKey } from './privateKey.ts';
import * as secretbox from './secretbox.ts';

/** Text is used as its UTF-8 bytes; empty is a password like any other. Never part of a message or an error. */
export type Password = string | Uint8Array;

/** Fills salts and nonces; passed in by tests. */
export type RandomSource = (sizeBytes: number) => Uint8Array;

export interface KeyPairFiles {
  /** The text of `cosign.key`. */
  readonly privatePem: string;
  /** The text of `cosign.pub`. */
  readonly publicPem: string;
  /** The unlocked key, so that it need not be decrypted again. */
  readonly key: PrivateKey;
}

interface ScryptCost { readonly N: number; readonly r: number; readonly p: number }

interface EncryptedKey {
  readonly cost: ScryptCost;
  readonly salt: Uint8Array;
  readonly nonce: Uint8Array;
  readonly box: Uint8Array;
}

const label = 'ENCRYPTED SIGSTORE PRIVATE KEY';
const labels = [label, 'ENCRYPTED COSIGN PRIVATE KEY'];
const chooseCosign = said`Choose a private key that cosign or Countersign wrote, such as cosign.key.`;
const saltBytes = 32;
const writtenCost: ScryptCost = { N: 65536, r: 8, p: 1 };
/** An allow list, not a range: everything else would let a file choose how much memory and time we spend. */
const acceptedN: readonly number[] = [32768, 65536, 131072];
const maxKeyBytes = 64 * 1024;
const shape = new JsonShape('KEY_ENCRYPTED_INVALID', said`the private key file`);

/** Whether a text looks like a cosign private key: a cheap look at its label, nothing is checked. */
export function isEncryptedKey(pem: Uint8Array): boolean {
  return parsePem(pem).some((block) => labels.includes(block.label));
}

/**
 * Unlocks a cosign private key. scrypt runs off the event loop; about 0.2 s.
 * @throws {CosignError} `KEY_PASSWORD_WRONG` (also when the file was tampered with: the two cannot be told apart),
 * `KEY_KDF_REFUSED` before any work is done, `KEY_ENCRYPTED_INVALID`, `SIZE_LIMIT`, `KEY_UNSUPPORTED` for unencrypted keys, `KEY_INVALID`
 */
export async function decryptPrivateKey(pem: Uint8Array, password: Password, signal: AbortSignal): Promise<PrivateKey> {
  const pkcs8 = await decrypt(parseEncryptedKey(pem), password, signal);
  try {
    return privateKeyFromPkcs8(pkcs8);
  } finally {
    pkcs8.fill(0);
  }
}

/** Encrypts with a new salt and nonce. @returns the text of `cosign.key`: PEM, LF, 64 columns */
export async function encryptPrivateKey(key: PrivateKey, password: Password, signal: AbortSignal, random: RandomSource = randomBytes): Promise<string> {
  const pkcs8 = toPkcs8(key);
  try {
    return await encrypt(pkcs8, password, signal, random);
  } finally {
    pkcs8.fill(0);
  }
}

/** A new ECDSA P-256 key pair as `cosign generate-key-pair` writes it. */
export async function generateKeyPair(password: Password, signal: AbortSignal, random: RandomSource = randomBytes): Promise<KeyPairFiles> {
  signal.throwIfAborted();
  return toFiles(await generatePrivateKey(), password, signal, random);
}

/**
 * What `cosign import-key-pair` makes of an unencrypted private key.
 * @throws {CosignError} as {@link importPrivateKey}
 */
export async function importKeyPair(pem: Uint8Array, password: Password, signal: AbortSignal, random: RandomSource = randomBytes): Promise<KeyPairFiles> {
  return toFiles(importPrivateKey(pem), password, signal, random);
}

/**
 * The same key under another password.
 * @throws {CosignError} as {@link decryptPrivateKey}
 */
export async function changePassword(pem: Uint8Array, oldPassword: Password, newPassword: Password, signal: AbortSignal, random: RandomSource = randomBytes): Promise<KeyPairFiles> {
  return toFiles(await decryptPrivateKey(pem, oldPassword, signal), newPassword, signal, random);
}

async function toFiles(key: PrivateKey, password: Password, signal: AbortSignal, random: RandomSource): Promise<KeyPairFiles> {
  const privatePem = await encryptPrivateKey(key, password, signal, random);
  return { privatePem, publicPem: key.publicKey.pem, key };
}

async function encrypt(pkcs8: Uint8Array, password: Password, signal: AbortSignal, random: RandomSource): Promise<string> {
  const salt = random(saltBytes);
  const nonce = random(secretbox.nonceBytes);
  const key = await deriveKey(password, salt, writtenCost, signal);
  const box = secretbox.seal(key, nonce, pkcs8);
  key.fill(0);
  // Written in this order: Go's struct order.
  const json = JSON.stringify({
    kdf: { name: 'scrypt', params: { N: writtenCost.N, r: writtenCost.r, p: writtenCost.p }, salt: encodeBase64(salt) },
    cipher: { name: 'nacl/secretbox', nonce: encodeBase64(nonce) },
    ciphertext: encodeBase64(box),
  });
  return encodePem(label, Buffer.from(json));
}

async function decrypt({ cost, salt, nonce, box }: EncryptedKey, password: Password, signal: AbortSignal): Promise<Uint8Array> {
  const key = await deriveKey(password, salt, cost, signal);
  const plaintext = secretbox.open(key, nonce, box);
  key.fill(0);
  if (!plaintext) throw new CosignError('KEY_PASSWORD_WRONG', said`The private key cannot be decrypted: the password is wrong, or the file was damaged.`);
  return plaintext;
}

function parseEncryptedKey(pem: Uint8Array): EncryptedKey {
  const blocks = parsePem(pem);
  const [block] = blocks;
  if (!block) throw new CosignError('KEY_INVALID', said`There is no private key here: no line "-----BEGIN ${label}-----" was found.`, { remedy: chooseCosign });
  if (blocks.length > 1) throw new CosignError('KEY_INVALID', said`The file holds ${blocks.length} keys; one cosign private key is needed.`, { remedy: said`Leave one private key in the file.` });
  if (!labels.includes(block.label)) throw notEncrypted(block.label);
  if (block.hasHeaders) throw shape.fail(said`there are PEM headers`);
  return readEncryptedKey(block.bytes);
}

function readEncryptedKey(json: Uint8Array): EncryptedKey {
  const root = shape.parse(json, maxKeyBytes);
  const kdf = shape.object(shape.member(root, 'kdf'), '"kdf"');
  const cipher = shape.object(shape.member(root, 'cipher'), '"cipher"');
  if (shape.member(kdf, 'name') !== 'scrypt') throw new CosignError('KEY_KDF_REFUSED', said`The private key is not protected with scrypt.`);
  if (shape.member(cipher, 'name') !== 'nacl/secretbox') throw shape.fail(said`the cipher is not nacl/secretbox`);
  const cost = readCost(shape.object(shape.member(kdf, 'params'), '"params"'));
  const nonce = readBytes(shape.member(cipher, 'nonce'), '"nonce"');
  if (nonce.length !== secretbox.nonceBytes) throw shape.fail(said`"nonce" is not ${secretbox.nonceBytes} bytes`);
  return { cost, salt: readBytes(shape.member(kdf, 'salt'), '"salt"'), nonce, box: readBytes(shape.member(root, 'ciphertext'), '"ciphertext"') };
}

function readCost({ N, r, p }: JsonObject): ScryptCost {
  if (typeof N === 'number' && acceptedN.includes(N) && r === 8 && p === 1) return { N, r, p };
  throw new CosignError('KEY_KDF_REFUSED', said`The scrypt parameters of the private key are none of those cosign uses, and were not run.`);
}

function readBytes(value: unknown, name: string): Uint8Array {
  const bytes = decodeBase64(shape.string(value, name));
  if (!bytes) throw shape.fail(said`${name} is not base64`);
  return bytes;
}

function deriveKey(password: Password, salt: Uint8Array, { N, r, p }: ScryptCost, signal: AbortSignal): Promise<Uint8Array> {
  signal.throwIfAborted();
  const bytes = typeof password === 'string' ? new TextEncoder().encode(password) : password;
  return new Promise((resolve, reject) => {
    // The thread pool cannot be stopped; the caller need not wait for it.
    const cancel = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', cancel, { once: true });
    scrypt(bytes, salt, secretbox.keyBytes, { N, r, p, maxmem: 128 * N * r + 8 * 1024 * 1024 }, (error, key) => {
      signal.removeEventListener('abort', cancel);
      if (error) reject(error);
      else resolve(key);
    });
  });
}

function notEncrypted(found: string): CosignError {
  if (found.endsWith('PUBLIC KEY')) return new CosignError('KEY_INVALID', said`This is a public key; the private key (cosign.key) is needed.`, { remedy: chooseCosign });
  if (found.endsWith('CERTIFICATE')) return new CosignError('KEY_IS_CERTIFICATE', said`This is a certificate; a cosign private key is needed.`, { remedy: chooseCosign });
  return new CosignError('KEY_UNSUPPORTED', said`This is no cosign private key but "${found}".`, { remedy: said`Import it first: cosign keys are always encrypted, if only with an empty password.` });
}
