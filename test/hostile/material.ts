// What is mutated: signatures as both cosigns wrote them, and ones made here with a key that can sign mutants again.
import { createHash, createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { judgeBundle, judgeLegacy, type Judgement } from '../../src/core/cosign/judgement.ts';
import { cosignFile, exampleDigest, examples, imageDigest, keyFile, publicKey } from '../unit/core/cosign/fixtures.ts';
import type { PublicKey } from '../../src/core/crypto/publicKey.ts';
import { toPublicKey } from '../../src/core/crypto/publicKey.ts';
import { createPublicKey } from 'node:crypto';
import { dig, readJson } from './campaign.ts';

export { cosignFile, exampleDigest, examples, imageDigest, keyFile, publicKey };

export const inTotoType = 'application/vnd.in-toto+json';
export const signatureAnnotation = 'dev.cosignproject.cosign/signature';
export const simpleSigningType = 'application/vnd.dev.cosign.simplesigning.v1+json';

/** The key of the worked examples, of which the private half is known. */
export const exampleKey: KeyObject = createPrivateKey({ key: Buffer.from(examples.pkcs8hex, 'hex'), format: 'der', type: 'pkcs8' });
export const trusted: PublicKey = toPublicKey(createPublicKey(exampleKey));

export const payload = Buffer.from(examples.p1);
export const annotatedPayload = Buffer.from(examples.p2);
export const statement = Buffer.from(examples.st);
export const bundle = Buffer.from(examples.bundle);
export const signatureManifest = Buffer.from(examples.man);

export const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
export const signPayload = (bytes: Uint8Array): string => sign('sha256', bytes, exampleKey).toString('base64');

/** As the DSSE specification writes it, without the product's own encoder. */
export function pae(type: string, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${bytes.length} `), bytes]);
}

/** A bundle around any statement. @param signature default: a right one over these very bytes */
export function bundleAround(bytes: Uint8Array, { signature = sign('sha256', pae(inTotoType, bytes), exampleKey).toString('base64'), payloadType = inTotoType } = {}): Uint8Array {
  return Buffer.from(JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json', verificationMaterial: { publicKey: { hint: trusted.hint } },
    dsseEnvelope: { payload: Buffer.from(bytes).toString('base64'), payloadType, signatures: [{ sig: signature }] },
  }));
}

export const exampleSignature = String(dig(readJson(signatureManifest), 'layers', 0, 'annotations', signatureAnnotation));
export const bundleSignature = String(dig(readJson(bundle), 'dsseEnvelope', 'signatures', 0, 'sig'));

export function legacy(bytes: Uint8Array, signature: string | undefined, keys: readonly PublicKey[] = [trusted], digest = exampleDigest): Judgement {
  return judgeLegacy({ payload: bytes, signature, certificate: false, digest, keys });
}

export function bundled(bytes: Uint8Array, keys: readonly PublicKey[] = [trusted], digest = exampleDigest): Judgement {
  return judgeBundle({ bytes, digest, keys });
}

/** A judgement is trust or a fault, never both, never neither. */
export function trustOf(judgement: Judgement): boolean {
  if ((judgement.signer === undefined) === (judgement.fault === undefined)) throw new Error(`neither trusted nor refused: ${JSON.stringify(judgement)}`);
  if (judgement.signer === undefined && Object.keys(judgement.annotations).length > 0) throw new Error('annotations of something nobody signed');
  return judgement.signer !== undefined;
}
