// Whether one signature of an image counts, and why not. The only place that decides this.
import type { Digest } from '../crypto/digest.ts';
import type { PublicKey } from '../crypto/publicKey.ts';
import { verifyBytes } from '../crypto/signatures.ts';
import { decodeBase64 } from '../encoding/base64.ts';
import { CosignError } from '../errors.ts';
import { said, type Said } from '../said.ts';
import type { SignatureFault, SignatureReport } from '../policy/verdict.ts';
import { parseBundle, type Bundle } from './bundle.ts';
import { inTotoPayloadType, preAuthEncoding } from './dsse.ts';
import { noAnnotations } from '../encoding/jsonShape.ts';
import { parsePayload } from './simpleSigning.ts';
import { findSubject, parseStatement } from './statement.ts';

/**
 * Exactly one of `signer` and `fault` is set. Required annotations are the caller's to check: `annotations` is empty unless there is
 * a signer, and has no prototype; `predicateType` and `identity` are there only when the signature itself is good.
 */
export interface Judgement extends Pick<SignatureReport, 'fault' | 'detail' | 'annotations' | 'predicateType' | 'keyHint' | 'identity'> {
  /** The key the signature verifies with over the stored bytes, which claim the digest asked about. */
  readonly signer?: PublicKey;
  /** The key that made a signature with the fault `wrong-digest`: to tell whose it is, never to count it. */
  readonly author?: PublicKey;
}

export interface LegacyInput {
  /** The layer's bytes exactly as stored. */
  readonly payload: Uint8Array;
  /** The annotation's text; undefined when there is none. */
  readonly signature: string | undefined;
  /** Whether a certificate is attached. */
  readonly certificate: boolean;
  /** What must have been signed. */
  readonly digest: Digest;
  readonly keys: readonly PublicKey[];
}

export interface BundleInput {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly keys: readonly PublicKey[];
}

/** More base64 than any signature needs. */
const maxSignatureText = 8192;

/** Judges a simple-signing layer (`cosign.md` §2.6). Never throws: all of it is the registry's text. */
export function judgeLegacy(input: LegacyInput): Judgement {
  return guarded(() => {
    const text = input.signature;
    if (text === undefined || text === '') return faulty('no-signature', said`The layer has no signature.`);
    const signature = text.length > maxSignatureText ? undefined : decodeBase64(text);
    if (!signature) return faulty('malformed', said`The signature is not base64.`);
    const signer = findSigner(input.keys, input.payload, signature);
    if (!signer) return unknownSigner(input);
    const { digest, identity, annotations } = parsePayload(input.payload);
    const claimed = identity === undefined ? {} : { identity };
    if (digest !== input.digest) return { ...faulty('wrong-digest', said`It signs ${digest}.`), ...claimed, author: signer };
    return { signer, annotations, ...claimed };
  });
}

/** Judges a Sigstore bundle found for an image (`cosign.md` §3.4). Never throws: all of it is the registry's text. */
export function judgeBundle(input: BundleInput): Judgement {
  return guarded(() => {
    const bundle = parseBundle(input.bytes);
    return { ...judgeParsed(bundle, input), ...keyHint(bundle) };
  });
}

function judgeParsed({ version, signer: material, content }: Bundle, { digest, keys }: BundleInput): Judgement {
  if (version !== '0.3') return faulty('unsupported', said`Image bundles of version ${version} are not accepted; cosign reads 0.3.`);
  if (content.kind !== 'dsse') return faulty('unsupported', said`The bundle holds no DSSE envelope.`);
  if (content.payloadType !== inTotoPayloadType) return faulty('unsupported', said`The envelope holds no in-toto statement.`);
  if (content.signature.length === 0) return faulty('no-signature', said`The envelope has no signature.`);
  if (material.kind === 'certificate') return faulty('certificate');
  const signer = findSigner(keys, preAuthEncoding(content.payloadType, content.payload), content.signature);
  if (!signer) return faulty('other-key');
  const statement = parseStatement(content.payload);
  const subject = findSubject(statement, digest);
  const { predicateType } = statement;
  if (!subject) return { ...faulty('wrong-digest', said`None of the signed subjects is this digest.`), predicateType, author: signer };
  return { signer, annotations: subject.annotations, predicateType };
}

/** No key fits. A payload that nobody could have signed usefully is malformed; a certificate explains the rest. */
function unknownSigner({ payload, certificate }: LegacyInput): Judgement {
  if (certificate) return faulty('certificate');
  parsePayload(payload);
  return faulty('other-key');
}

function findSigner(keys: readonly PublicKey[], message: Uint8Array, signature: Uint8Array): PublicKey | undefined {
  return keys.find((key) => verifyBytes(key, message, signature));
}

function keyHint({ signer }: Bundle): { readonly keyHint?: string } {
  return signer.kind === 'key' && signer.hint !== undefined ? { keyHint: signer.hint.slice(0, 200) } : {};
}

function guarded(judge: () => Judgement): Judgement {
  try {
    return judge();
  } catch (thrown) {
    if (!(thrown instanceof CosignError)) return faulty('malformed', said`It cannot be read.`);
    return faulty(thrown.code === 'BUNDLE_UNSUPPORTED' ? 'unsupported' : 'malformed', thrown.said);
  }
}

function faulty(fault: SignatureFault, detail?: Said): Judgement {
  return { fault, annotations: noAnnotations, ...(detail === undefined ? {} : { detail }) };
}
