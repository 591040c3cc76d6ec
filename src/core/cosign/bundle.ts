// Sigstore bundles as far as keys go: parse 0.1–0.3, write 0.3 (`cosign.md` §3.2, §3.4; sigstore protobuf-specs v0.5).
import { decodeBase64, encodeBase64 } from '../encoding/base64.ts';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import { inTotoPayloadType } from './dsse.ts';
import { encodeProtoJson, type GoValue } from './goJson.ts';
import { JsonShape, type JsonObject } from '../encoding/jsonShape.ts';

export type BundleContent =
  | {
    readonly kind: 'dsse';
    readonly payloadType: string;
    /** The signed payload as stored. */
    readonly payload: Uint8Array;
    /** Empty when the envelope has none. */
    readonly signature: Uint8Array;
  }
  | {
    readonly kind: 'message';
    /** Missing members of cosign 3.1's `"messageDigest":{}` are undefined. */
    readonly digestAlgorithm: string | undefined;
    readonly digest: Uint8Array | undefined;
    readonly signature: Uint8Array;
  };

/** A bundle's shape was checked, nothing in it was verified. */
export interface Bundle {
  /** `0.3`. */
  readonly version: '0.1' | '0.2' | '0.3';
  /** What the bundle says signed it: a key (with its free-text hint) or a certificate. */
  readonly signer: { readonly kind: 'key'; readonly hint: string | undefined } | { readonly kind: 'certificate' };
  readonly content: BundleContent;
}

/** What cosign writes and every reader knows. */
export const bundleMediaType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
/** Layers with this prefix are bundles. */
export const bundleMediaTypePrefix = 'application/vnd.dev.sigstore.bundle';
export const maxBundleBytes = 10 * 1024 * 1024;
/** As sigstore-go: GHSA-cq38-jh5f-37mq. */
const maxLogEntries = 32;
const maxTimestamps = 32;

const shape = new JsonShape('BUNDLE_INVALID', said`the bundle`);

/**
 * Log entries and timestamps are counted and otherwise ignored: no claim is made about them.
 * @throws {CosignError} `BUNDLE_INVALID`, `BUNDLE_UNSUPPORTED` for version 0.4 and up, `COUNT_LIMIT`, `SIZE_LIMIT`
 */
export function parseBundle(bytes: Uint8Array, maxBytes = maxBundleBytes): Bundle {
  const root = shape.parse(bytes, maxBytes);
  const version = readVersion(shape.string(shape.member(root, 'mediaType'), '"mediaType"'));
  const material = shape.object(shape.member(root, 'verificationMaterial'), '"verificationMaterial"');
  checkCounts(material);
  return { version, signer: readSigner(material), content: readContent(root) };
}

/** The bundle `cosign sign` stores for an image: one envelope with one signature over `preAuthEncoding`. */
export function encodeImageBundle(hint: string, statement: Uint8Array, signature: Uint8Array): Uint8Array {
  return encodeBundle(hint, {
    dsseEnvelope: { payload: encodeBase64(statement), payloadType: inTotoPayloadType, signatures: [{ sig: encodeBase64(signature) }] },
  });
}

/** The bundle `cosign sign-blob` writes. @param sha256 of the file */
export function encodeBlobBundle(hint: string, sha256: Uint8Array, signature: Uint8Array): Uint8Array {
  return encodeBundle(hint, {
    messageSignature: { messageDigest: { algorithm: 'SHA2_256', digest: encodeBase64(sha256) }, signature: encodeBase64(signature) },
  });
}

function encodeBundle(hint: string, content: { readonly [key: string]: GoValue }): Uint8Array {
  return encodeProtoJson({ mediaType: bundleMediaType, verificationMaterial: { publicKey: { hint } }, ...content });
}

function readVersion(mediaType: string): Bundle['version'] {
  // Up to 0.3 the version was a parameter; from 0.3 on it is part of the name.
  const parameter = /^application\/vnd\.dev\.sigstore\.bundle\+json;version=(\d{1,4}\.\d{1,4})$/.exec(mediaType)?.[1];
  const named = /^application\/vnd\.dev\.sigstore\.bundle\.v(\d{1,4}\.\d{1,4})(?:\.\d{1,4})?\+json$/.exec(mediaType)?.[1];
  if (parameter === '0.1' || parameter === '0.2' || parameter === '0.3') return parameter;
  if (named === '0.3') return named;
  const version = parameter ?? named;
  if (version === undefined || /^0\.[012]$/.test(version)) throw shape.fail(said`"mediaType" names no Sigstore bundle`);
  throw new CosignError('BUNDLE_UNSUPPORTED', said`The bundle is of version ${version}; versions 0.1 to 0.3 are read.`);
}

function checkCounts(material: JsonObject): void {
  const entries = shape.optionalArray(shape.member(material, 'tlogEntries'), '"tlogEntries"').length;
  const data = shape.optionalObject(shape.member(material, 'timestampVerificationData'), '"timestampVerificationData"');
  const timestamps = data ? shape.optionalArray(shape.member(data, 'rfc3161Timestamps'), '"rfc3161Timestamps"').length : 0;
  if (entries > maxLogEntries) throw new CosignError('COUNT_LIMIT', said`The bundle has ${entries} log entries; more than ${maxLogEntries} are not read.`);
  if (timestamps > maxTimestamps) throw new CosignError('COUNT_LIMIT', said`The bundle has ${timestamps} timestamps; more than ${maxTimestamps} are not read.`);
}

function readSigner(material: JsonObject): Bundle['signer'] {
  const kinds = ['publicKey', 'certificate', 'x509CertificateChain'].filter((name) => shape.optionalObject(shape.member(material, name), `"${name}"`));
  const [kind, second] = kinds;
  if (kind === undefined || second !== undefined) throw shape.fail(said`there is not exactly one of "publicKey" and a certificate`);
  if (kind !== 'publicKey') return { kind: 'certificate' };
  const key = shape.object(shape.member(material, 'publicKey'), '"publicKey"');
  return { kind: 'key', hint: shape.optionalString(shape.member(key, 'hint'), '"hint"') };
}

function readContent(root: JsonObject): BundleContent {
  const envelope = shape.optionalObject(shape.member(root, 'dsseEnvelope'), '"dsseEnvelope"');
  const message = shape.optionalObject(shape.member(root, 'messageSignature'), '"messageSignature"');
  if (envelope && !message) return readEnvelope(envelope);
  if (message && !envelope) return readMessage(message);
  throw shape.fail(said`there is not exactly one of "dsseEnvelope" and "messageSignature"`);
}

function readEnvelope(envelope: JsonObject): BundleContent {
  const signatures = shape.optionalArray(shape.member(envelope, 'signatures'), '"signatures"');
  if (signatures.length > 1) throw shape.fail(said`there are ${signatures.length} signatures instead of one`);
  const only = signatures.length === 0 ? undefined : shape.object(signatures[0], said`a signature`);
  return {
    kind: 'dsse',
    payloadType: shape.string(shape.member(envelope, 'payloadType'), '"payloadType"'),
    payload: readBase64(shape.member(envelope, 'payload'), '"payload"'),
    signature: optionalBase64(only && shape.member(only, 'sig'), '"sig"') ?? new Uint8Array(),
  };
}

function readMessage(message: JsonObject): BundleContent {
  const digest = shape.optionalObject(shape.member(message, 'messageDigest'), '"messageDigest"');
  return {
    kind: 'message',
    digestAlgorithm: digest && shape.optionalString(shape.member(digest, 'algorithm'), '"algorithm"'),
    digest: digest && optionalBase64(shape.member(digest, 'digest'), '"digest"'),
    signature: optionalBase64(shape.member(message, 'signature'), '"signature"') ?? new Uint8Array(),
  };
}

function optionalBase64(value: unknown, name: string): Uint8Array | undefined {
  return value === undefined || value === null ? undefined : readBase64(value, name);
}

function readBase64(value: unknown, name: string): Uint8Array {
  const bytes = decodeBase64(shape.string(value, name));
  if (!bytes) throw shape.fail(said`${name} is not base64`);
  return bytes;
}
