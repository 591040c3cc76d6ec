// One document about one image: from the reference to the digest, the policies, each signature and its fate, and the verdict.
import type { ImageUse, ValueOrigin } from '../core/dockerfile/images.ts';
import { canonicalName } from '../core/oci/reference.ts';
import type { Demand, DemandMatch } from '../core/policy/demand.ts';
import type { PolicyCoverage } from '../core/policy/coverage.ts';
import type { DemandState, Evidence, PolicyOutcome, RuleOutcome, SignatureReport, SignerOutcome } from '../core/policy/verdict.ts';
import { timeText } from './digestText.ts';
import { failureText } from './failureText.ts';
import { annotationList, everyKeyPolicy, faultWords, formatWords, storeWords } from './signatureWords.ts';
import { storedWords } from './storedWords.ts';
import { inWords, type Translate } from './translate.ts';
import { escapeMarkdown } from './untrustedText.ts';
import type { UseWithState } from './useState.ts';
import { stateWords } from './verdictText.ts';

export interface ExplanationSubject {
  readonly item: UseWithState;
  /** Path of the Dockerfile as people know it. */
  readonly file: string;
  /** Every policy of the settings; empty where there is none. */
  readonly coverage: readonly PolicyCoverage[];
  /** Policy files that count here, each with its demands on the image. */
  readonly policyFiles: readonly { readonly name: string; readonly demands: readonly Pick<Demand, 'policy' | 'match'>[] }[];
  /** Names of the trusted keys. */
  readonly keys: readonly string[];
}

const maxRows = 200;

/** Markdown without HTML. Whatever others wrote is escaped; digests stand in full. */
export function trustExplanation(subject: ExplanationSubject, t: Translate, offsetMinutes?: number): string {
  const { item } = subject;
  const { use, state } = item;
  const name = use.text === '' ? use.raw : use.text;
  const evidence = evidenceOf(item);
  const sections: readonly (readonly [string, readonly string[]])[] = [
    [t('Reference'), referenceLines(use, subject.file, t)],
    [t('Digest'), digestLines(item, t)],
    [t('Policies'), policyLines(subject, evidence, t)],
    [t('Signatures'), signatureLines(evidence, t)],
    ...(evidence && evidence.incomplete.length > 0 ? [[t('What could not be read'), evidence.incomplete.slice(0, maxRows).map((error) => bullet(escapeMarkdown(failureText(error, t).text, 1000)))] as const] : []),
    [t('Verdict'), verdictLines(item, t, offsetMinutes)],
  ];
  const body = sections.map(([title, lines], index) => `## ${index + 1}. ${title}\n\n${lines.join('\n')}`);
  return [`# ${t('Trust of {0}', escapeMarkdown(name, 300))}`, `**${stateWords({ use, state }, t, escapeMarkdown)}**`, ...body].join('\n\n') + '\n';
}

function evidenceOf({ state }: UseWithState): Evidence | undefined {
  switch (state.kind) {
    case 'verified': case 'unsigned': case 'untrusted': return state;
    case 'unchecked': return state.evidence;
    case 'pending': case 'waiting': case 'no keys': case 'unresolved': case 'uncovered': return undefined;
  }
}

function referenceLines(use: ImageUse, file: string, t: Translate): readonly string[] {
  return [
    bullet(t('Written as {0} in line {1} of {2}', escapeMarkdown(use.raw, 300), use.line + 1, escapeMarkdown(file, 300))),
    ...use.origins.map((origin) => bullet(originWords(origin, t))),
    ...(use.reference ? [bullet(t('Stands for {0}', code(canonicalName(use.reference))))] : []),
    ...(use.platform ? [bullet(t('For the platform {0}', escapeMarkdown(use.platform, 80)))] : []),
  ];
}

function originWords({ kind, name, value, range }: ValueOrigin, t: Translate): string {
  const [shownName, shownValue] = [escapeMarkdown(name, 80), escapeMarkdown(value)];
  switch (kind) {
    case 'arg': return t('{0} is "{1}", the default in line {2}', shownName, shownValue, (range?.start.line ?? 0) + 1);
    case 'setting': return t('{0} is "{1}", from countersign.dockerfile.buildArgs', shownName, shownValue);
    case 'platform': return t('{0} is "{1}", set by the platform', shownName, shownValue);
    case 'missing': return t('{0} has no value', shownName);
  }
}

function digestLines({ use, state }: UseWithState, t: Translate): readonly string[] {
  const evidence = evidenceOf({ use, state });
  const digest = evidence?.digest ?? (state.kind === 'unchecked' ? state.digest : undefined);
  if (digest === undefined) return [use.reference?.digest === undefined ? t('The reference was not resolved to a digest.') : bullet(t('Named by the reference: {0}', code(use.reference.digest)))];
  return [
    bullet(use.reference?.digest === undefined ? t('The registry resolved the tag to {0}', code(digest)) : t('Named by the reference: {0}', code(digest))),
    ...(evidence?.platform === undefined ? [] : [bullet(t('The index itself has no signature; its manifest for {0} decided: {1}', escapeMarkdown(evidence.platform, 80), code(evidence.decidedBy)))]),
  ];
}

function policyLines({ coverage, policyFiles, keys }: ExplanationSubject, evidence: Evidence | undefined, t: Translate): readonly string[] {
  const none = coverage.length === 0 && policyFiles.length === 0;
  return [
    ...(none ? [bullet(keys.length === 0 ? t('There is no policy and no trusted key.') : t('There is no policy: a signature by any trusted key suffices.'))] : []),
    ...coverage.slice(0, maxRows).map((policy) => bullet(coverageWords(policy, t))),
    ...policyFiles.slice(0, maxRows).flatMap((file) => policyFileLines(file, t)),
    ...(policyFiles.length > 0 && policyFiles.every(({ demands }) => demands.length === 0) ? [bullet(t('A cluster with these policies refuses such an image, unless the no-match-policy of its policy-controller says otherwise'))] : []),
    ...(evidence?.policies ?? []).slice(0, maxRows).flatMap((outcome) => outcomeLines(outcome, t)),
  ];
}

/** One line for each reason; two requirements of one scope are one. */
function policyFileLines({ name, demands }: ExplanationSubject['policyFiles'][number], t: Translate): readonly string[] {
  const file = escapeMarkdown(name, 300);
  if (demands.length === 0) return [bullet(t('The file {0} does not speak about the image', file))];
  return [...new Set(demands.map(({ policy, match }) => bullet(matchWords(file, policy, match, t))))].slice(0, maxRows);
}

function matchWords(file: string, policy: string, match: DemandMatch | undefined, t: Translate): string {
  const text = escapeMarkdown(match?.text ?? '', 300);
  switch (match?.kind) {
    case 'glob': return t('The file {0} speaks about the image: the glob {1} of its policy {2} matches', file, text, escapeMarkdown(policy, 80));
    case 'scope': return t('The file {0} speaks about the image: {1} is its most specific scope that covers it', file, text === '' ? '""' : text);
    case 'default': return t('The file {0} speaks about the image: no scope of it covers the image, so that its default counts', file);
    case undefined: return t('The file {0} speaks about the image', file);
  }
}

function coverageWords({ policy, covers, pattern, excludedBy }: PolicyCoverage, t: Translate): string {
  const name = escapeMarkdown(policy, 80);
  if (covers) return t('{0} covers the image: it matches {1}', name, escapeMarkdown(pattern ?? '', 300));
  if (excludedBy !== undefined) return t('{0} does not cover the image: it matches {1}, but {2} takes it out again', name, escapeMarkdown(pattern ?? '', 300), escapeMarkdown(excludedBy, 300));
  return t('{0} does not cover the image: none of its patterns matches', name);
}

function outcomeLines(outcome: PolicyOutcome, t: Translate): readonly string[] {
  const { policy, origin } = outcome;
  const name = policy === everyKeyPolicy ? t('Any trusted key') : escapeMarkdown(policy, 80);
  const place = origin?.uri === undefined ? [] : [t('written in {0}, line {1}', escapeMarkdown(fileName(origin.uri), 300), (origin.range?.start.line ?? 0) + 1)];
  const state = outcome.state ?? (outcome.satisfied ? 'satisfied' : 'unsatisfied');
  return ['', `### ${name}: ${demandStateWords(state, t)}`, '', ...place.map(bullet), ...ruleLines({ signers: [], ...outcome, state, kind: outcome.kind ?? 'signers', required: outcome.required ?? 1 }, 0, t)];
}

function ruleLines(rule: RuleOutcome, depth: number, t: Translate): readonly string[] {
  const pad = '  '.repeat(depth);
  const authority = rule.authority === undefined ? '' : `${escapeMarkdown(rule.authority, 80)}: `;
  const own = `${pad}${bullet(`${authority}${ruleWords(rule, t)} (${demandStateWords(rule.state, t)})${rule.reason === undefined ? '' : `: ${escapeMarkdown(inWords(rule.reason, t), 500)}`}`)}`;
  const parts = (rule.parts ?? []).slice(0, maxRows);
  const signers = parts.length > 0 ? [] : rule.signers.slice(0, maxRows).map((signer) => `${pad}  ${bullet(signerWords(signer, t))}`);
  return [own, ...parts.flatMap((part) => ruleLines(part, depth + 1, t)), ...signers];
}

function ruleWords({ kind, required, signers, annotations }: RuleOutcome, t: Translate): string {
  const carried = annotationList(annotations, t, escapeMarkdown);
  const withThem = carried === '' ? '' : ` ${t('with {0}', carried)}`;
  switch (kind) {
    case 'signers': return (signers.length > 1 ? t('asks for {0} of {1} signers', required, signers.length) : t('asks for one signature')) + withThem;
    case 'any': return t('one of these suffices');
    case 'all': return t('all of these are needed');
    case 'accept': return t('asks for no signature');
    case 'reject': return t('accepts no image');
    case 'unsupported': return t('asks for what Countersign does not check');
  }
}

function signerWords({ key, state, fingerprint, detail }: SignerOutcome, t: Translate): string {
  const words = { present: t('has signed'), missing: t('has not signed'), invalid: t('has signed, but the signature does not count'), unreadable: t('could not be read, so whether it signed is not known') };
  const more = [...(fingerprint === undefined ? [] : [escapeMarkdown(fingerprint, 80)]), ...(detail === undefined ? [] : [escapeMarkdown(inWords(detail, t), 300)])];
  return [`${escapeMarkdown(key, 80)} ${words[state]}`, ...more].join(' · ');
}

function demandStateWords(state: DemandState, t: Translate): string {
  switch (state) {
    case 'satisfied': return t('satisfied');
    case 'unsatisfied': return t('not satisfied');
    case 'unknown': return t('not known');
  }
}

function signatureLines(evidence: Evidence | undefined, t: Translate): readonly string[] {
  if (!evidence) return [t('No signature was looked for.')];
  const { signatures, incomplete } = evidence;
  if (signatures.length === 0) return [incomplete.length === 0 ? t('There is none: neither under the signature tag nor among the referrers.') : t('None was found, but not every place could be read.')];
  return signatures.slice(0, maxRows).flatMap((signature) => signatureBlock(signature, t));
}

function signatureBlock(signature: SignatureReport, t: Translate): readonly string[] {
  const { signedBy, fault, detail, annotations } = signature;
  const fate = signedBy ? t('counts: signed by {0}', `**${escapeMarkdown(signedBy.key, 80)}**`) : t('does not count: {0}', faultWords(fault ?? 'malformed', t));
  // Annotations of a signature that proves nothing are anybody's words.
  const carried = signedBy || fault === 'annotations' ? annotationList(annotations, t, escapeMarkdown) : '';
  const facts = [
    ...(signedBy ? [t('Fingerprint: {0}', escapeMarkdown(signedBy.fingerprint, 80))] : []),
    ...(detail === undefined ? [] : [escapeMarkdown(inWords(detail, t), 500)]),
    ...(carried === '' ? [] : [t('Annotations: {0}', carried)]),
    t('Manifest: {0}', code(signature.manifest)), t('Payload: {0}', code(signature.blob)),
  ];
  return [bullet(`${formatWords(signature.format, t)}, ${storeWords(signature.store, t)}: ${fate}`), ...facts.map((fact) => `  ${bullet(fact)}`)];
}

function verdictLines(item: UseWithState, t: Translate, offsetMinutes: number | undefined): readonly string[] {
  const { state } = item;
  const checked = 'checkedAt' in state ? [bullet(t('Checked: {0}', timeText(state.checkedAt, offsetMinutes)))] : [];
  const why = state.kind === 'unchecked' ? [bullet(escapeMarkdown(failureText(state.reason, t).text, 1000)), bullet(t('Whether the image is signed is not known.'))]
    : state.kind === 'unresolved' ? [bullet(escapeMarkdown(failureText(state.error, t).text, 1000))] : [];
  const stored = state.kind === 'verified' ? storedWords(state, t, offsetMinutes).map(bullet) : [];
  return [`**${stateWords(item, t, escapeMarkdown)}**`, '', ...why, ...checked, ...stored, bullet(t('No transparency log was consulted.'))];
}

const bullet = (text: string): string => `- ${text}`;
const code = (text: string): string => `\`${text}\``;
const fileName = (uri: string): string => uri.split('/').at(-1) ?? uri;
