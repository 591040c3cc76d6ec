// What is known about one image use → the Problems entry: message, severity, stable code and what it points at.
import type { DockerfileProblem, ImageUse, TextRange } from '../core/dockerfile/images.ts';
import type { CosignError } from '../core/errors.ts';
import type { PolicyOrigin } from '../core/policy/demand.ts';
import type { Evidence, PolicyOutcome, PolicySeverity } from '../core/policy/verdict.ts';
import { shortDigest } from './digestText.ts';
import type { DiagnosticCode } from './documentation.ts';
import { driftSentences } from './driftText.ts';
import { failureText, type FailureText } from './failureText.ts';
import { isPartlySigned, policySentence } from './policyWords.ts';
import { everyKeyPolicy, faultCounts, foreignKeyHints, keyChoice, signatureCount, unsatisfied } from './signatureWords.ts';
import { enumeration, inWords, type Translate } from './translate.ts';
import { plainText } from './untrustedText.ts';
import type { UseWithState } from './useState.ts';

export type Severity = PolicySeverity | 'off';

/** `countersign.diagnostics.*`. A policy's own severity comes first for what the policy judges. */
export interface Severities {
  readonly unsigned: Severity;
  readonly untrusted: Severity;
  readonly unchecked: Severity;
  readonly unresolved: Severity;
  readonly missingArgument: Severity;
  readonly dockerfile: Severity;
  readonly drift: Severity;
}

/** What "related information" says and where it leads. */
export interface RelatedText {
  readonly message: string;
  readonly target: { readonly kind: 'range'; readonly range: TextRange } | { readonly kind: 'place'; readonly uri: string; readonly range?: TextRange } | { readonly kind: 'policy'; readonly policy: string; readonly origin?: PolicyOrigin };
}

export interface DiagnosticText {
  readonly code: DiagnosticCode;
  readonly severity: PolicySeverity;
  /** What happened, on what, what to do next. */
  readonly message: string;
  readonly related: readonly RelatedText[];
}

/** Everything the Problems panel says about one use, the verdict first; empty where there is nothing to say. */
export function diagnosticTexts(item: UseWithState, severities: Severities, t: Translate): readonly DiagnosticText[] {
  return [verdictDiagnostic(item, severities, t), missingArgumentDiagnostic(item.use, severities, t), driftDiagnostic(item, severities, t)].filter((text) => text !== undefined);
}

/** The diagnostic of the state itself; undefined for a state that is no problem, or that is switched off. */
export function verdictDiagnostic({ use, state }: UseWithState, severities: Severities, t: Translate): DiagnosticText | undefined {
  switch (state.kind) {
    case 'pending': case 'waiting': case 'no keys': case 'verified': case 'uncovered':
      return undefined;
    case 'unresolved':
      return made('unresolved', severities.unresolved, unresolvedMessage(use, failureText(state.error, t), t), missingRelated(use, t));
    case 'unsigned':
      return made('unsigned', strictest(state, severities.unsigned), unsignedMessage(use, state, t), policyRelated(state, t));
    case 'untrusted':
      return made('untrusted', strictest(state, severities.untrusted), untrustedMessage(use, state, t), policyRelated(state, t));
    case 'unchecked': {
      const { text } = failureText(state.reason, t);
      const message = t('Could not check who signed {0}: {1} Whether it is signed is not known.', imageName(use), text);
      // A policy that asks for what is not checked here is why; leads to its line.
      const open = (state.evidence?.policies ?? []).filter((policy) => policy.state === 'unknown');
      return made('unchecked', severities.unchecked, message, [...placeRelated(state.reason, t), ...relatedTo(open, t)]);
    }
  }
}

/** Said beside the verdict when an argument without a value took part in a reference that is valid all the same. */
export function missingArgumentDiagnostic(use: ImageUse, severities: Severities, t: Translate): DiagnosticText | undefined {
  if (use.missing.length === 0 || use.reference === undefined) return undefined;
  const names = enumeration(use.missing.map((name) => plainText(name, 80)), t);
  const message = use.missing.length === 1
    ? t('The build argument {0} has no value, so the build pulls {1}, and that is what is verified. Give it a default in its ARG line, or a value in countersign.dockerfile.buildArgs.', names, imageName(use))
    : t('The build arguments {0} have no value, so the build pulls {1}, and that is what is verified. Give them defaults in their ARG lines, or values in countersign.dockerfile.buildArgs.', names, imageName(use));
  return made('missing-argument', severities.missingArgument, message, missingRelated(use, t));
}

/** The tag beside a pinned digest leads elsewhere now, and it is known what to think of that. */
export function driftDiagnostic(item: UseWithState, severities: Severities, t: Translate): DiagnosticText | undefined {
  if (item.drift?.kind !== 'moved' || item.drift.verdict === undefined) return undefined;
  return made('pin-drift', severities.drift, driftSentences(item, t).join(' '), []);
}

/** BuildKit would refuse the file. */
export function dockerfileDiagnostic(problem: DockerfileProblem, severities: Severities, t: Translate): DiagnosticText | undefined {
  const message = t('A build refuses this Dockerfile: {0} Correct it; the images that can still be read are verified.', withStop(plainText(inWords(problem.message, t), 300)));
  return made('dockerfile-invalid', severities.dockerfile, message, []);
}

function made(code: DiagnosticCode, severity: Severity, message: string, related: readonly RelatedText[]): DiagnosticText | undefined {
  return severity === 'off' ? undefined : { code, severity, message, related };
}

function unresolvedMessage(use: ImageUse, failure: FailureText, t: Translate): string {
  if (use.missing.length === 0) return t('No image can be verified here: {0}', failure.text);
  const names = enumeration(use.missing.map((name) => plainText(name, 80)), t);
  return t('No image can be verified here, because {0} has no value. {1} Give it a default in its ARG line, or a value in countersign.dockerfile.buildArgs.', names, failure.message);
}

function unsignedMessage(use: ImageUse, evidence: Evidence, t: Translate): string {
  const looked = evidence.platform === undefined
    ? t('Unsigned: {0} ({1}) has no signature, neither under its signature tag nor among its referrers.', imageName(use), shortDigest(evidence.digest))
    : t('Unsigned: {0} ({1}) has no signature, neither under its signature tag nor among its referrers, and its manifest for {2} has none either.', imageName(use), shortDigest(evidence.digest), plainText(evidence.platform, 80));
  return `${looked} ${demands(evidence, t)} ${t('Use an image that is signed, or ask its publisher to sign it.')}`;
}

function untrustedMessage(use: ImageUse, evidence: Evidence, t: Translate): string {
  const { signatures } = evidence;
  const faults = faultCounts(signatures, t);
  const partly = isPartlySigned(evidence);
  const found = partly && faults === ''
    ? t('Untrusted: {0} ({1}) has {2}, and that is not all that is asked for.', imageName(use), shortDigest(evidence.decidedBy), signatureCount(signatures, t))
    : t('Untrusted: {0} ({1}) has {2}, and what is asked for is not among them: {3}.', imageName(use), shortDigest(evidence.decidedBy), signatureCount(signatures, t), faults || t('signed by other trusted keys'));
  const remedy = partly
    ? t('Ask those who are missing to sign it; if you are one of them, use "Add My Signature…".')
    : t('Use an image that satisfies this, or add the right key with "Add Trusted Key…" if you trust who signed.');
  const hints = foreignKeyHints(signatures);
  const hinted = hints.length === 0 ? [] : [t('Key hints of the other signatures: {0}.', enumeration(hints.map((hint) => plainText(hint, 64)), t, 3))];
  return [found, ...hinted, demands(evidence, t), remedy].join(' ');
}

/** Which keys were asked, by which policy. */
function demands(evidence: Evidence, t: Translate): string {
  const against = unsatisfied(evidence);
  const policies = against.length > 0 ? against : evidence.policies;
  return policies.slice(0, 3).map((policy) => (policy.policy === everyKeyPolicy
    ? t('Trusted keys: {0}.', keyChoice(policy.keys, t))
    : policySentence(policy, t))).join(' ');
}

const order: readonly Severity[] = ['off', 'hint', 'information', 'warning', 'error'];

/** The strictest severity among the policies that are not satisfied; the setting stands in for policies without one. */
function strictest(evidence: Evidence, setting: Severity): Severity {
  const all = unsatisfied(evidence).map(({ severity }) => severity ?? setting);
  return all.reduce<Severity | undefined>((worst, next) => (worst === undefined || order.indexOf(next) > order.indexOf(worst) ? next : worst), undefined) ?? setting;
}

function policyRelated(evidence: Evidence, t: Translate): readonly RelatedText[] {
  return relatedTo(unsatisfied(evidence), t);
}

/** Where the mistake is that keeps everything from being checked. */
function placeRelated({ place }: CosignError, t: Translate): readonly RelatedText[] {
  if (!place) return [];
  return [{ message: t('This is where it is written.'), target: { kind: 'place', uri: place.uri, ...(place.range ? { range: place.range } : {}) } }];
}

function relatedTo(policies: readonly PolicyOutcome[], t: Translate): readonly RelatedText[] {
  return policies.slice(0, 10).map((policy) => ({
    message: policy.policy === everyKeyPolicy
      ? t('Every key in countersign.keys is trusted for every image.')
      : policySentence(policy, t),
    target: { kind: 'policy', policy: policy.policy, ...(policy.origin ? { origin: policy.origin } : {}) },
  }));
}

function missingRelated(use: ImageUse, t: Translate): readonly RelatedText[] {
  return use.origins.flatMap((origin) => (origin.kind === 'missing' && origin.range
    ? [{ message: t('{0} is declared here without a value.', plainText(origin.name, 80)), target: { kind: 'range' as const, range: origin.range } }]
    : []));
}

const imageName = (use: ImageUse): string => plainText(use.text);
const withStop = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);
