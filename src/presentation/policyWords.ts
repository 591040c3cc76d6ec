// What policies ask for and how far it is fulfilled, in words: who must sign, who has, and whose signature is still awaited.
import type { Evidence, PolicyOutcome, SignerOutcome } from '../core/policy/verdict.ts';
import { everyKeyPolicy, demand, unsatisfied, type Safe } from './signatureWords.ts';
import { enumeration, inWords, type Translate } from './translate.ts';
import { labelLimit, plainText } from './untrustedText.ts';

const maxSigners = 10;

export interface Progress {
  /** Of {@link required}; a signer beyond that does not count. */
  readonly present: number;
  readonly required: number;
}

/** Undefined where a policy wants one signer at most: there is nothing in between. */
export function progressOf({ required = 1, signers = [] }: PolicyOutcome): Progress | undefined {
  if (required < 2) return undefined;
  return { required, present: Math.min(required, signers.filter(({ state }) => state === 'present').length) };
}

/** `1 of 2 signatures`; empty where one suffices. */
export function progressWords(policy: PolicyOutcome, t: Translate): string {
  const progress = progressOf(policy);
  return progress ? t('{0} of {1} signatures', progress.present, progress.required) : '';
}

/** Signers worth naming one by one: all where several must sign, else those about whom there is something to say. */
export function tellingSigners(policy: PolicyOutcome): readonly SignerOutcome[] {
  const signers = policy.signers ?? [];
  return progressOf(policy) ? signers : policy.satisfied ? [] : signers.filter(({ state }) => state === 'invalid' || state === 'unreadable');
}

/** `release: missing`. */
export function signerWords({ key, state, detail }: SignerOutcome, t: Translate, safe: Safe = plainText): string {
  const name = safe(key, labelLimit);
  const why = detail === undefined ? '' : ` (${safe(inWords(detail, t))})`;
  switch (state) {
    case 'present': return t('{0}: present', name);
    case 'missing': return t('{0}: missing', name) + why;
    case 'invalid': return t('{0}: invalid', name) + why;
    case 'unreadable': return t('{0}: not known, as the key cannot be read', name);
  }
}

/** Codicon of a signer's state; each another shape. */
export function signerIcon(state: SignerOutcome['state']): string {
  switch (state) {
    case 'present': return 'pass';
    case 'missing': return 'circle-outline';
    case 'invalid': return 'error';
    case 'unreadable': return 'question';
  }
}

/** `Policy "x" asks for … 1 of 2 signatures: a: present; b: missing.` */
export function policySentence(policy: PolicyOutcome, t: Translate): string {
  const asks = t('Policy "{0}" asks for {1}.', plainText(policy.policy, 80), demand(policy, t));
  const signers = tellingSigners(policy);
  if (signers.length === 0) return asks;
  const list = signers.slice(0, maxSigners).map((signer) => signerWords(signer, t)).join('; ') + (signers.length > maxSigners ? '; …' : '');
  const progress = progressWords(policy, t);
  return progress === '' ? `${asks} ${t('Signers: {0}.', list)}` : `${asks} ${t('{0}: {1}.', progress, list)}`;
}

/** Policies whose wanted signers have signed in part. */
export function isPartlySigned(evidence: Evidence): boolean {
  return unsatisfied(evidence).some((policy) => (progressOf(policy)?.present ?? 0) > 0);
}

/** True where a signature by somebody named in a policy is still awaited. */
export function awaitsSigner(evidence: Evidence): boolean {
  return unsatisfied(evidence).some(({ policy, signers = [] }) => policy !== everyKeyPolicy && signers.some(({ state }) => state === 'missing' || state === 'invalid'));
}

/** Markdown lines below a policy's own: one per signer. */
export function signerLines(policy: PolicyOutcome, t: Translate, safe: Safe): readonly string[] {
  const signers = tellingSigners(policy);
  const rest = signers.length - maxSigners;
  return [
    ...signers.slice(0, maxSigners).map((signer) => `$(${signerIcon(signer.state)}) ${signerWords(signer, t, safe)}`),
    ...(rest > 0 ? [t('and {0} more', rest)] : []),
  ];
}

/** The names that are still missing, where everybody who is missing is needed: `qa and security`; else empty. */
export function awaitedNames(policy: PolicyOutcome, t: Translate, safe: Safe): string {
  const progress = progressOf(policy);
  const missing = (policy.signers ?? []).filter(({ state }) => state !== 'present');
  return progress && missing.length === progress.required - progress.present ? enumeration(missing.map(({ key }) => safe(key, labelLimit)), t, 2) : '';
}
