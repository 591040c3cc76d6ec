// What `dockerfile verify --output json` says about one reference: what `dockerfile images` says, and the verdict.
import type { ImageUse } from '../core/dockerfile/images.ts';
import type { CosignError, ErrorCode } from '../core/errors.ts';
import type { Evidence, SignatureFault, SignatureFormat, SignatureReport, SignatureStore } from '../core/policy/verdict.ts';
import { faultWords } from '../presentation/signatureWords.ts';
import { english } from '../presentation/translate.ts';
import { imageRecord, type ImageRecord } from './imageLine.ts';
import type { Outcome } from './verdictExit.ts';

export interface SignatureRecord {
  readonly format: SignatureFormat;
  readonly store: SignatureStore;
  /** As it was named by `--key` or in the policy; null when the signature does not count. */
  readonly key: string | null;
  readonly fingerprint: string | null;
  /** Why it does not count; null when it does. */
  readonly reason: { readonly fault: SignatureFault; readonly message: string } | null;
  readonly annotations: Readonly<Record<string, string>>;
  readonly predicateType: string | null;
}

export interface PolicyRecord {
  readonly policy: string;
  readonly satisfied: boolean;
  readonly keys: readonly string[];
}

export interface VerdictRecord extends ImageRecord {
  /** The digest that the reference names or resolved to; null when that is not known. */
  readonly digest: string | null;
  /** The manifest whose signatures decided, when it is not {@link digest}: the image for {@link platform} of an unsigned index. */
  readonly decidedBy: string | null;
  readonly verdict: Outcome['kind'];
  /** Why it could not be checked; null where it could. */
  readonly reason: { readonly code: ErrorCode; readonly message: string } | null;
  readonly signatures: readonly SignatureRecord[];
  readonly policies: readonly PolicyRecord[];
}

export function verdictRecord(use: ImageUse, outcome: Outcome): VerdictRecord {
  const evidence = evidenceOf(outcome);
  const digest = evidence?.digest ?? (outcome.kind === 'unchecked' ? outcome.digest : undefined) ?? use.reference?.digest;
  return {
    ...imageRecord(use),
    digest: digest ?? null,
    decidedBy: evidence && evidence.decidedBy !== evidence.digest ? evidence.decidedBy : null,
    verdict: outcome.kind,
    reason: reasonRecord(outcome.kind === 'unchecked' ? outcome.reason : outcome.kind === 'unresolved' ? outcome.error : undefined),
    signatures: evidence?.signatures.map(signatureRecord) ?? [],
    policies: evidence?.policies.map(({ policy, satisfied, keys }) => ({ policy, satisfied, keys })) ?? [],
  };
}

function evidenceOf(outcome: Outcome): Evidence | undefined {
  switch (outcome.kind) {
    case 'verified': case 'unsigned': case 'untrusted': return outcome;
    case 'unchecked': return outcome.evidence;
    case 'uncovered': case 'unresolved': return undefined;
  }
}

function signatureRecord({ format, store, signedBy, fault, detail, annotations, predicateType }: SignatureReport): SignatureRecord {
  return {
    format, store, key: signedBy?.key ?? null, fingerprint: signedBy?.fingerprint ?? null,
    reason: fault ? { fault, message: detail?.toString() ?? faultWords(fault, english) } : null,
    annotations, predicateType: predicateType ?? null,
  };
}

function reasonRecord(error: CosignError | undefined): VerdictRecord['reason'] {
  return error ? { code: error.code, message: error.message } : null;
}
