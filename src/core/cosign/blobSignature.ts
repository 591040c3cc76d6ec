// Whether a signature beside a file counts: `.sig`, `.sigstore.json`, and the old `.bundle` JSON (`cosign.md` §4.1).
import { type PublicKey, parsePublicKeys } from '../crypto/publicKey.ts';
import { startPureCheck, verifyDigests, type MessageDigests } from '../crypto/signatures.ts';
import { decodeBase64, encodeBase64 } from '../encoding/base64.ts';
import { CosignError } from '../errors.ts';
import { said, type Said } from '../said.ts';
import { bundleMediaTypePrefix, maxBundleBytes, parseBundle, type BundleContent } from './bundle.ts';
import { JsonShape } from '../encoding/jsonShape.ts';

export type BlobFault =
  | 'other-key'      // by none of the trusted keys, or over other contents: the two cannot be told apart
  | 'wrong-digest'   // the bundle names the digest of another file, or names none
  | 'foreign-key'    // the key that the bundle brings along is none of the trusted ones
  | 'certificate'    // no public key of ours can check it
  | 'malformed'
  | 'unsupported'
  | 'no-signature';

/** Exactly one of the three is set. */
export type BlobJudgement =
  | { readonly signer: PublicKey }
  | { readonly fault: BlobFault; readonly detail?: Said }
  /** These digests do not suffice for these keys: the file must be read once more, through {@link startBlobCheck}. */
  | { readonly needsMessage: { readonly signature: Uint8Array; readonly keys: readonly PublicKey[] } };

export interface BlobInput {
  /** The bytes of the signature file. */
  readonly file: Uint8Array;
  /** Of the signed file, from reading it once. */
  readonly digests: MessageDigests;
  readonly keys: readonly PublicKey[];
}

/** Feeds the file once more to the keys that need it whole. */
export interface BlobCheck {
  update(piece: Uint8Array): void;
  /** The verdict after the last piece. */
  finish(): BlobJudgement;
}

/** `base64Signature` and whatever key or certificate lies beside it: cosign's old `--bundle` JSON. */
export interface LegacyBlobBundle {
  readonly signature: Uint8Array;
  /** The PEM inside `cert`. It never adds to the trusted keys. */
  readonly cert: Uint8Array | undefined;
}

const maxSignatureFile = 16 * 1024;
const legacyShape = new JsonShape('BUNDLE_INVALID', said`the signature bundle`);

/** The text of the file `cosign sign-blob --output-signature` writes: base64, without a line feed. */
export function encodeBlobSignature(signature: Uint8Array): string {
  return encodeBase64(signature);
}

/** A `.sig` file: base64 with or without a line feed, or the raw signature. */
export function judgeBlobSignature({ file, digests, keys }: BlobInput): BlobJudgement {
  if (file.length === 0) return { fault: 'no-signature' };
  if (file.length > maxSignatureFile) return { fault: 'malformed', detail: said`The signature file is too large to be one.` };
  const text = new TextDecoder('utf-8').decode(file).trim();
  return decide(keys, digests, decodeBase64(text) ?? file);
}

/** A bundle file of either kind. Never throws. */
export function judgeBlobBundle(input: BlobInput): BlobJudgement {
  try {
    return isNewBundle(input.file) ? judgeNewBundle(input) : judgeLegacyBundle(input);
  } catch (thrown) {
    if (!(thrown instanceof CosignError)) return { fault: 'malformed', detail: said`It cannot be read.` };
    return { fault: thrown.code === 'BUNDLE_UNSUPPORTED' ? 'unsupported' : 'malformed', detail: thrown.said };
  }
}

/** @throws {CosignError} `BUNDLE_INVALID`, `SIZE_LIMIT` */
export function parseLegacyBlobBundle(bytes: Uint8Array): LegacyBlobBundle {
  const root = legacyShape.parse(bytes, maxBundleBytes);
  const signature = decodeBase64(legacyShape.string(legacyShape.member(root, 'base64Signature'), '"base64Signature"'));
  const certText = legacyShape.optionalString(legacyShape.member(root, 'cert'), '"cert"');
  const cert = certText === undefined || certText === '' ? undefined : decodeBase64(certText);
  if (!signature) throw legacyShape.fail(said`"base64Signature" is not base64`);
  if (certText && !cert) throw legacyShape.fail(said`"cert" is not base64`);
  return { signature, cert };
}

/** Begins the second reading that a `needsMessage` judgement asks for. */
export function startBlobCheck({ signature, keys }: { readonly signature: Uint8Array; readonly keys: readonly PublicKey[] }): BlobCheck {
  const checks = keys.flatMap((key) => {
    const check = startPureCheck(key, signature);
    return check ? [{ key, check }] : [];
  });
  return {
    update: (piece) => { for (const { check } of checks) check.update(piece); },
    finish: () => {
      const found = checks.find(({ check }) => check.verify());
      return found ? { signer: found.key } : { fault: 'other-key' };
    },
  };
}

function judgeNewBundle({ file, digests, keys }: BlobInput): BlobJudgement {
  const { signer, content } = parseBundle(file);
  if (content.kind !== 'message') return { fault: 'unsupported', detail: said`The bundle holds an attestation, not a signature over a file.` };
  if (content.signature.length === 0) return { fault: 'no-signature' };
  if (signer.kind === 'certificate') return { fault: 'certificate' };
  const fault = digestFault(content, digests, keys);
  return fault ?? decide(keys, digests, content.signature);
}

function judgeLegacyBundle({ file, digests, keys }: BlobInput): BlobJudgement {
  const { signature, cert } = parseLegacyBlobBundle(file);
  if (signature.length === 0) return { fault: 'no-signature' };
  if (cert === undefined) return decide(keys, digests, signature);
  const own = readOwnKey(cert);
  if (own === 'certificate') return { fault: 'certificate' };
  // The key a bundle brings along vouches for nothing: it must be one that is trusted already.
  const trusted = keys.filter((key) => key.fingerprint === own.fingerprint);
  return trusted.length === 0 ? { fault: 'foreign-key', detail: said`It brings its own key, ${own.fingerprint}.` } : decide(trusted, digests, signature);
}

function readOwnKey(pem: Uint8Array): PublicKey | 'certificate' {
  try {
    const [key, second] = parsePublicKeys(pem);
    if (key && !second) return key;
  } catch (thrown) {
    if (thrown instanceof CosignError && thrown.code === 'KEY_IS_CERTIFICATE') return 'certificate';
    throw thrown;
  }
  throw legacyShape.fail(said`"cert" holds more than one key`);
}

function digestFault({ digestAlgorithm, digest, signature }: Extract<BundleContent, { kind: 'message' }>, digests: MessageDigests, keys: readonly PublicKey[]): BlobJudgement | undefined {
  if (digest === undefined || digest.length === 0) return { fault: 'wrong-digest', detail: said`The bundle does not say which contents it is for.` };
  const known = new Map([['SHA2_256', digests.sha256], ['SHA2_384', digests.sha384], ['SHA2_512', digests.sha512]]);
  if (!known.has(digestAlgorithm ?? '')) return { fault: 'unsupported', detail: said`The bundle names the contents by an unknown digest algorithm.` };
  const actual = known.get(digestAlgorithm ?? '');
  if (!actual) return { needsMessage: { signature, keys } };
  return Buffer.from(digest).equals(actual) ? undefined : { fault: 'wrong-digest', detail: said`The bundle is for other contents.` };
}

function decide(keys: readonly PublicKey[], digests: MessageDigests, signature: Uint8Array): BlobJudgement {
  const outcomes = keys.map((key) => ({ key, outcome: verifyDigests(key, digests, signature) }));
  const verified = outcomes.find(({ outcome }) => outcome === 'verified');
  if (verified) return { signer: verified.key };
  const undecided = outcomes.filter(({ outcome }) => outcome === 'needs-message').map(({ key }) => key);
  return undecided.length > 0 ? { needsMessage: { signature, keys: undecided } } : { fault: 'other-key' };
}

function isNewBundle(file: Uint8Array): boolean {
  const root = legacyShape.parse(file, maxBundleBytes);
  const mediaType = legacyShape.member(root, 'mediaType');
  if (mediaType !== undefined && legacyShape.member(root, 'base64Signature') !== undefined) throw legacyShape.fail(said`there is a signature of each of both formats`);
  return typeof mediaType === 'string' && mediaType.startsWith(bundleMediaTypePrefix);
}
