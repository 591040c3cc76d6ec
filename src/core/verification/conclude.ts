// From what was found to the verdict: the one place where it is chosen.
import type { Digest } from '../crypto/digest.ts';
import type { CosignError } from '../errors.ts';
import type { Evidence, Verdict } from '../policy/verdict.ts';
import type { Evaluation } from './evaluate.ts';

export interface Judged {
  /** Whose signatures were looked for. */
  readonly digest: Digest;
  readonly incomplete: readonly CosignError[];
  readonly evaluation: Evaluation;
}

export interface Circumstances {
  /** What the reference named or resolved to. */
  readonly digest: Digest;
  readonly platform: string | undefined;
  /** An entry of the settings that cannot be read, and may be the key that signed. */
  readonly problem: CosignError | undefined;
  readonly checkedAt: number;
  /** Set when the signatures are stored ones: when the registry listed them. */
  readonly storedAt?: number | undefined;
}

/** Anything that could not be looked at, and anything that is not known of a demand, forbids "unsigned" and "untrusted". */
export function conclude({ digest: decidedBy, incomplete, evaluation }: Judged, { digest, platform, problem, checkedAt, storedAt }: Circumstances): Verdict {
  const { signatures, policies, verified, satisfied, unknown } = evaluation;
  const evidence: Evidence = { digest, decidedBy, signatures, policies, incomplete, checkedAt, ...(platform === undefined ? {} : { platform }), ...(storedAt === undefined ? {} : { storedAt }) };
  if (verified) return { kind: 'verified', ...evidence };
  if (satisfied) return accepted(evaluation);
  const reason = unknown ?? incomplete[0] ?? (signatures.length === 0 ? undefined : problem);
  if (reason) return { kind: 'unchecked', reason, digest, evidence, checkedAt };
  return { kind: signatures.length === 0 ? 'unsigned' : 'untrusted', ...evidence };
}

/** Every demand is satisfied without a signature. */
export function accepted({ acceptedBy }: Evaluation): Verdict {
  return { kind: 'uncovered', ...(acceptedBy === undefined ? {} : { acceptedBy }) };
}
