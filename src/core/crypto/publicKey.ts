// Public keys: out of PEM text, checked, with the names and fingerprints people and bundles know them by.
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { CosignError } from '../errors.ts';
import { said, type SaidArgument } from '../said.ts';
import { parsePem, type PemBlock } from '../encoding/pem.ts';

export type KeyAlgorithm = 'ecdsa-p256' | 'ecdsa-p384' | 'ecdsa-p521' | 'rsa' | 'ed25519';

/** A public key cosign can verify with (`cosign.md` §1.2, §1.9). */
export interface PublicKey {
  readonly algorithm: KeyAlgorithm;
  /** For people: `ECDSA P-256`, `RSA 3072`, `Ed25519`. */
  readonly label: string;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** `SHA256:` and the base64 SHA-256 of {@link spki}, without padding. */
  readonly fingerprint: string;
  /** The same as cosign's bundles give it in `publicKey.hint`: padded base64. */
  readonly hint: string;
  /** `PUBLIC KEY` PEM. */
  readonly pem: string;
  readonly handle: KeyObject;
}

const minRsaBits = 2048;
const maxRsaBits = 16384;

/** DER of an uncompressed-point SPKI up to the point, by OpenSSL's name of the curve. Anything else is no key Go would load. */
const curves = new Map<string, { algorithm: KeyAlgorithm; label: string; prefix: string; bytes: number }>([
  ['prime256v1', { algorithm: 'ecdsa-p256', label: 'ECDSA P-256', prefix: '3059301306072a8648ce3d020106082a8648ce3d03010703420004', bytes: 91 }],
  ['secp384r1', { algorithm: 'ecdsa-p384', label: 'ECDSA P-384', prefix: '3076301006072a8648ce3d020106052b8104002203620004', bytes: 120 }],
  ['secp521r1', { algorithm: 'ecdsa-p521', label: 'ECDSA P-521', prefix: '30819b301006072a8648ce3d020106052b810400230381860004', bytes: 158 }],
]);

/**
 * Every public key of a PEM file: `PUBLIC KEY` (SPKI) and `RSA PUBLIC KEY` (PKCS#1) blocks, at least one.
 * @throws {CosignError} `KEY_IS_PRIVATE` and `KEY_IS_CERTIFICATE` when any block is one, `KEY_UNSUPPORTED` naming the algorithm,
 * `KEY_INVALID` for anything else
 */
export function parsePublicKeys(bytes: Uint8Array): readonly PublicKey[] {
  const blocks = parsePem(bytes);
  if (blocks.length === 0) throw noBlock(bytes);
  const labels = blocks.map(({ label }) => label);
  // Private keys first: of all that a file holds, that is what its owner must hear about.
  for (const label of [...labels.filter(isPrivate), ...labels]) refuseOtherThings(label);
  return blocks.map(parseBlock);
}

/**
 * The public key in, or belonging to, a Node key object.
 * @throws {CosignError} `KEY_UNSUPPORTED`, `KEY_INVALID`
 */
export function toPublicKey(handle: KeyObject): PublicKey {
  const spki = Uint8Array.from(handle.export({ type: 'spki', format: 'der' }));
  const { algorithm, label } = identify(handle, spki);
  const hint = createHash('sha256').update(spki).digest('base64');
  const fingerprint = `SHA256:${hint.replace(/=+$/, '')}`;
  const pem = handle.export({ type: 'spki', format: 'pem' }).toString();
  return { algorithm, label, spki, fingerprint, hint, pem, handle };
}

function parseBlock(block: PemBlock): PublicKey {
  const type = block.label === 'PUBLIC KEY' ? 'spki' : 'pkcs1';
  let handle: KeyObject;
  let canonical: Buffer;
  try {
    handle = createPublicKey({ key: Buffer.from(block.bytes), format: 'der', type });
    canonical = handle.export({ format: 'der', type });
  } catch (cause) {
    throw new CosignError('KEY_INVALID', said`The block "${block.label}" holds no public key that can be read.`, { cause });
  }
  const key = toPublicKey(handle);
  if (!canonical.equals(block.bytes)) throw new CosignError('KEY_INVALID', said`The block "${block.label}" holds more or other bytes than its ${key.label} key.`);
  return key;
}

function identify(handle: KeyObject, spki: Uint8Array): { algorithm: KeyAlgorithm; label: string } {
  const details = handle.asymmetricKeyDetails ?? {};
  switch (handle.asymmetricKeyType) {
    case 'ec': {
      const curve = curves.get(details.namedCurve ?? '');
      if (!curve) throw unsupported(said`ECDSA over ${curveName(details.namedCurve)}`);
      const der = Buffer.from(spki).toString('hex');
      if (der.length !== 2 * curve.bytes || !der.startsWith(curve.prefix)) throw unsupported(said`${curve.label} with a compressed point or spelled-out curve parameters`);
      return curve;
    }
    case 'rsa': {
      const bits = details.modulusLength ?? 0;
      if (bits < minRsaBits || bits > maxRsaBits) throw unsupported(`RSA ${bits}`);
      const exponent = details.publicExponent ?? 0n;
      if (exponent < 3n || exponent % 2n === 0n || exponent >= 1n << 31n) throw unsupported(said`RSA with an unsafe public exponent`);
      return { algorithm: 'rsa', label: `RSA ${bits}` };
    }
    case 'ed25519':
      if (!isSafeEd25519(spki.subarray(-32))) throw new CosignError('KEY_INVALID', said`The Ed25519 key is not a point anybody can hold the private key of.`);
      return { algorithm: 'ed25519', label: 'Ed25519' };
    case 'dsa': throw unsupported('DSA');
    case 'rsa-pss': throw unsupported('RSA-PSS');
    case 'ed448': throw unsupported('Ed448');
    case 'x25519': throw unsupported('X25519');
    case 'x448': throw unsupported('X448');
    case undefined: throw unsupported(said`a secret key`);
    default: throw unsupported(String(handle.asymmetricKeyType));
  }
}

/** With a point of small order, one signature fits every message. */
function isSafeEd25519(point: Uint8Array): boolean {
  try {
    return !ed25519.Point.fromBytes(point).isSmallOrder();
  } catch {
    return false;
  }
}

function curveName(name: string | undefined): SaidArgument {
  const known: Readonly<Record<string, string>> = { secp224r1: 'P-224', prime192v1: 'P-192' };
  return name === undefined ? said`a curve without a name` : (known[name] ?? name);
}

function isPrivate(label: string): boolean {
  return label.endsWith('PRIVATE KEY');
}

function refuseOtherThings(label: string): void {
  if (label === 'PUBLIC KEY' || label === 'RSA PUBLIC KEY') return;
  if (isPrivate(label)) {
    throw new CosignError('KEY_IS_PRIVATE', said`This is a private key ("${label}"), not a public key.`, { remedy: said`Use the public key that belongs to it (cosign.pub), and keep the private key secret.` });
  }
  if (/(^| )CERTIFICATE$/.test(label)) {
    throw new CosignError('KEY_IS_CERTIFICATE', said`This is a certificate ("${label}"), not a public key.`, { remedy: said`Extract its key with: openssl x509 -pubkey -noout -in FILE` });
  }
  if (label.endsWith('PUBLIC KEY') || label.startsWith('PGP ')) throw unsupported(label);
  throw new CosignError('KEY_INVALID', said`This is no public key but "${label}".`);
}

function noBlock(bytes: Uint8Array): CosignError {
  const start = new TextDecoder('utf-8').decode(bytes.subarray(0, 100)).trimStart();
  if (/^(ssh-|ecdsa-sha2-|sk-)/.test(start)) {
    return new CosignError('KEY_UNSUPPORTED', said`OpenSSH public keys are not supported.`, { remedy: said`Convert it with: ssh-keygen -e -m pkcs8 -f FILE` });
  }
  if (start.startsWith('untrusted comment:')) return unsupported('minisign');
  return new CosignError('KEY_INVALID', said`There is no public key here: no line "-----BEGIN PUBLIC KEY-----" was found.`);
}

function unsupported(what: SaidArgument): CosignError {
  return new CosignError('KEY_UNSUPPORTED', said`This kind of key is not supported: ${what}.`, { remedy: said`Use ECDSA P-256, P-384 or P-521, RSA of 2048 to 16384 bits, or Ed25519.` });
}
