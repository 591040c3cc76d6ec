// Verifies a file with the signatures that lie beside it (`cosign.md` §4.1). "Could not check" is never "unsigned".
import { stat } from 'node:fs/promises';
import { judgeBlobBundle, judgeBlobSignature, startBlobCheck, type BlobFault, type BlobJudgement } from '../core/cosign/blobSignature.ts';
import { maxBundleBytes } from '../core/cosign/bundle.ts';
import { hexOf, type Digest } from '../core/crypto/digest.ts';
import { startDigests, type MessageDigests } from '../core/crypto/signatures.ts';
import { CosignError, toCosignError } from '../core/errors.ts';
import { said, type Said } from '../core/said.ts';
import type { Clock } from '../core/oci/transport.ts';
import type { KeySource } from '../core/policy/keySource.ts';
import { keyIdentity, type KeySetting, type TrustSettings } from '../core/policy/trustPolicy.ts';
import type { FileSignature, FileSignatureReport, FileVerdict, Progress } from '../core/signingEngine.ts';
import { loadKeys, ParsedKeys, type KeyRing } from '../core/verification/keyLoader.ts';
import { FileProblem, readBoundedFile } from './boundedFile.ts';
import { FileBytes } from './fileBytes.ts';

export interface FileVerifierOptions {
  readonly keySource: KeySource;
  readonly clock: Clock;
}

interface Read extends FileSignature {
  readonly bytes: Uint8Array;
}

const endings: readonly (readonly [string, FileSignature['format']])[] = [['.sig', 'signature'], ['.sigstore.json', 'bundle'], ['.bundle', 'legacy bundle']];

const faults: Readonly<Record<BlobFault, Said>> = {
  'other-key': said`It is not by one of the trusted keys, or not over these contents.`,
  'wrong-digest': said`It is for other contents.`,
  'foreign-key': said`It brings its own key, which is none of the trusted ones.`,
  certificate: said`It was made with a certificate, which no trusted key can check.`,
  malformed: said`It cannot be read.`,
  unsupported: said`It is of a kind that is not supported.`,
  'no-signature': said`It holds no signature.`,
};

/** The signatures beside a file. @throws {CosignError} `FILE_UNREADABLE` when that cannot be found out */
export async function signaturesBeside(file: string, signal: AbortSignal): Promise<readonly FileSignature[]> {
  signal.throwIfAborted();
  const found = await Promise.all(endings.map(async ([ending, format]) => {
    const path = file + ending;
    try {
      return (await stat(path)).isDirectory() ? [] : [{ path, format }];
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
      if (code === 'ENOENT' || code === 'ENOTDIR') return [];
      throw new CosignError('FILE_UNREADABLE', said`"${path}" cannot be looked at (${code}).`, { cause: error });
    }
  }));
  signal.throwIfAborted();
  return found.flat();
}

/** @throws only the signal's reason */
export async function verifyFile(options: FileVerifierOptions, file: string, trust: TrustSettings, onProgress: Progress, signal: AbortSignal, only?: readonly FileSignature[]): Promise<FileVerdict> {
  const checkedAt = options.clock.now();
  try {
    return await verdictOf(options, file, trust, onProgress, signal, only);
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'unchecked', reason: toCosignError(error), checkedAt };
  }
}

/**
 * Where only the digest of a file is known. What that does not suffice for is unchecked, never untrusted.
 * @throws only the signal's reason
 */
export async function verifyDigest(options: FileVerifierOptions, digest: Digest, trust: TrustSettings, signatures: readonly FileSignature[], signal: AbortSignal): Promise<FileVerdict> {
  const sha256 = Buffer.from(hexOf(digest), 'hex');
  const contents: Contents = {
    sizeBytes: 0,
    digests: () => Promise.resolve({ sha256 }),
    again: (judgements) => Promise.resolve(judgements),
  };
  try {
    return await judgeContents(options, contents, trust, signatures, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'unchecked', reason: toCosignError(error), checkedAt: options.clock.now() };
  }
}

/** What was signed, as far as judging needs it. */
interface Contents {
  readonly sizeBytes: number;
  digests(): Promise<MessageDigests>;
  /** Decides what digests could not. */
  again(judgements: readonly BlobJudgement[]): Promise<readonly BlobJudgement[]>;
}

async function verdictOf(options: FileVerifierOptions, path: string, trust: TrustSettings, onProgress: Progress, signal: AbortSignal, only?: readonly FileSignature[]): Promise<FileVerdict> {
  const file = await FileBytes.open(path, signal);
  try {
    const signatures = only ?? await signaturesBeside(path, signal);
    if (signatures.length === 0) return { kind: 'unsigned', checkedAt: options.clock.now() };
    const contents: Contents = {
      sizeBytes: file.sizeBytes, digests: () => digestsOf(file, onProgress, signal), again: (judgements) => readAgain(file, judgements, onProgress, signal),
    };
    return await judgeContents(options, contents, trust, signatures, signal);
  } finally {
    await file.close();
  }
}

async function judgeContents({ keySource, clock }: FileVerifierOptions, contents: Contents, trust: TrustSettings, signatures: readonly FileSignature[], signal: AbortSignal): Promise<FileVerdict> {
  const keys = await loadKeys(keySource, new ParsedKeys(), trust.keys, false, signal);
  const [failure] = [...keys.failures, ...trust.problems];
  if (keys.keys.size === 0) throw failure ?? new CosignError('SETTING_INVALID', said`No trusted key is configured.`, { remedy: said`Add one with "Add Trusted Key…".` });
  const { read, unread } = await readSignatures(signatures, signal);
  const { reports, undecided } = await judgeAll(contents, read, trust.keys, keys.keys);
  const checkedAt = clock.now();
  const evidence = { signatures: [...reports, ...unread.map(({ signature: { path, format }, error }) => ({ path, format, fault: error.said }))], checkedAt, fileSizeBytes: contents.sizeBytes };
  if (reports.some(({ signedBy }) => signedBy !== undefined)) return { kind: 'verified', ...evidence };
  // A key or a signature that could not be read may be the very one.
  const reason = unread[0]?.error ?? failure ?? (undecided && fileNeeded(undecided));
  return reason ? { kind: 'unchecked', reason, checkedAt } : { kind: 'untrusted', ...evidence };
}

async function readSignatures(signatures: readonly FileSignature[], signal: AbortSignal): Promise<{ read: readonly Read[]; unread: readonly { signature: FileSignature; error: CosignError }[] }> {
  const read: Read[] = [];
  const unread: { signature: FileSignature; error: CosignError }[] = [];
  for (const signature of signatures) {
    try {
      read.push({ ...signature, bytes: signature.content ?? await readBoundedFile(signature.path, maxBundleBytes, signal) });
    } catch (error) {
      signal.throwIfAborted();
      unread.push({ signature, error: error instanceof FileProblem ? new CosignError('FILE_UNREADABLE', said`"${signature.path}" ${error.said}.`, { cause: error }) : toCosignError(error) });
    }
  }
  return { read, unread };
}

async function judgeAll(contents: Contents, signatures: readonly Read[], trusted: readonly KeySetting[], keys: KeyRing): Promise<{ readonly reports: readonly FileSignatureReport[]; readonly undecided: FileSignature | undefined }> {
  if (signatures.length === 0) return { reports: [], undecided: undefined };
  const digests = await contents.digests();
  const all = [...keys.values()].flat();
  const first = signatures.map(({ format, bytes }) => (format === 'signature' ? judgeBlobSignature : judgeBlobBundle)({ file: bytes, digests, keys: all }));
  const judged = await contents.again(first);
  return {
    reports: signatures.map(({ path, format }, index) => ({ path, format, ...outcome(judged[index], trusted, keys) })),
    undecided: signatures.find((_, index) => { const judgement = judged[index]; return judgement !== undefined && 'needsMessage' in judgement; }),
  };
}

function fileNeeded({ path }: FileSignature): CosignError {
  return new CosignError('FILE_NEEDED', said`The signature "${path}" cannot be checked over the SHA-256 digest of a file alone.`);
}

async function digestsOf(file: FileBytes, onProgress: Progress, signal: AbortSignal): Promise<MessageDigests> {
  const digests = startDigests();
  for await (const piece of file.pieces(onProgress, signal)) digests.update(piece);
  return digests.finish();
}

/** Pure Ed25519 signatures are over the file itself: it is read once more, for all of them together. */
async function readAgain(file: FileBytes, judgements: readonly BlobJudgement[], onProgress: Progress, signal: AbortSignal): Promise<readonly BlobJudgement[]> {
  const checks = new Map(judgements.flatMap((judgement, index) => ('needsMessage' in judgement ? [[index, startBlobCheck(judgement.needsMessage)] as const] : [])));
  if (checks.size === 0) return judgements;
  for await (const piece of file.pieces(onProgress, signal)) for (const check of checks.values()) check.update(piece);
  return judgements.map((judgement, index) => checks.get(index)?.finish() ?? judgement);
}

function outcome(judgement: BlobJudgement | undefined, trusted: readonly KeySetting[], keys: KeyRing): Pick<FileSignatureReport, 'signedBy' | 'fault'> {
  if (judgement && 'signer' in judgement) {
    const { fingerprint } = judgement.signer;
    const name = trusted.find((setting) => keys.get(keyIdentity(setting))?.some((key) => key.fingerprint === fingerprint))?.name;
    if (name !== undefined) return { signedBy: { key: name, fingerprint } };
  }
  if (judgement && 'fault' in judgement) return { fault: judgement.detail ?? faults[judgement.fault] };
  return { fault: faults['other-key'] };
}
