// Image uses and verdicts for the tests of words.
import type { Digest } from '../../../src/core/crypto/digest.ts';
import type { ImageUse } from '../../../src/core/dockerfile/images.ts';
import { CosignError } from '../../../src/core/errors.ts';
import { said } from '../../../src/core/said.ts';
import type { Evidence, PolicyOutcome, SignatureReport } from '../../../src/core/policy/verdict.ts';
import type { Severities } from '../../../src/presentation/diagnosticText.ts';
import type { UseState } from '../../../src/presentation/useState.ts';

export const digest = (char: string): Digest => `sha256:${char.repeat(64)}` as Digest;

export const severities: Severities = {
  unsigned: 'warning', untrusted: 'error', unchecked: 'information', unresolved: 'warning', missingArgument: 'hint', dockerfile: 'warning', drift: 'information',
};

export function sampleUse(changes: Partial<ImageUse> = {}): ImageUse {
  return {
    kind: 'from', line: 0, range: { start: { line: 0, character: 5 }, end: { line: 0, character: 20 } },
    raw: 'ghcr.io/o/app:1', text: 'ghcr.io/o/app:1', reference: { registry: 'ghcr.io', repository: 'o/app', tag: '1' },
    missing: [], origins: [], ...changes,
  };
}

export function unresolvedUse(missing: readonly string[] = ['BASE']): ImageUse {
  return {
    kind: 'from', line: 0, range: sampleUse().range, raw: '${BASE}', text: '', missing, origins: [], unresolved: new CosignError('REFERENCE_INVALID', said`There is no image reference here.`),
  };
}

export function signature(changes: Partial<SignatureReport> = {}): SignatureReport {
  return { format: 'legacy', store: 'signature tag', manifest: digest('b'), blob: digest('c'), annotations: {}, ...changes };
}

export const good = (key: string, changes: Partial<SignatureReport> = {}): SignatureReport => signature({ signedBy: { key, fingerprint: `SHA256:${key}Fingerprint` }, ...changes });

export const policy = (changes: Partial<PolicyOutcome> = {}): PolicyOutcome => ({ policy: 'all keys', satisfied: false, keys: ['release'], annotations: {}, ...changes });

export function evidence(changes: Partial<Evidence> = {}): Evidence {
  return { digest: digest('a'), decidedBy: digest('a'), signatures: [], policies: [policy()], incomplete: [], checkedAt: Date.UTC(2026, 10, 22, 18, 3, 10), ...changes };
}

export const timeout = new CosignError('REGISTRY_TIMEOUT', said`ghcr.io did not answer within 30 s.`);

export const states = {
  pending: { kind: 'pending' },
  waiting: { kind: 'waiting', for: 'manual' },
  cancelled: { kind: 'waiting', for: 'cancelled' },
  noKeys: { kind: 'no keys' },
  unresolved: { kind: 'unresolved', error: new CosignError('REFERENCE_INVALID', said`There is no image reference here.`) },
  verified: { kind: 'verified', ...evidence({ signatures: [good('release')], policies: [policy({ satisfied: true })] }) },
  unsigned: { kind: 'unsigned', ...evidence() },
  untrusted: { kind: 'untrusted', ...evidence({ signatures: [signature({ fault: 'other-key' })] }) },
  unchecked: { kind: 'unchecked', reason: timeout, checkedAt: 0 },
  uncovered: { kind: 'uncovered' },
} as const satisfies Record<string, UseState>;
