// One row of the trust tree in words: label, description, icon, tooltip and what a screen reader says. Registry text is escaped here.
import type { AttachedProof, ContainedManifest } from '../core/contentsEngine.ts';
import type { ProofKind } from '../core/copyEngine.ts';
import { sizeText } from '../core/encoding/sizeText.ts';
import type { CosignError } from '../core/errors.ts';
import type { DemandState, PolicyOutcome, RuleOutcome, SignatureReport, SignerOutcome } from '../core/policy/verdict.ts';
import { shortDigest } from './digestText.ts';
import { failureText } from './failureText.ts';
import { annotationList, demand, everyKeyPolicy, faultWords, formatWords, storeWords } from './signatureWords.ts';
import { summarize } from './summary.ts';
import { inWords, type Translate } from './translate.ts';
import { escapeMarkdown, plainText } from './untrustedText.ts';
import type { UseWithState } from './useState.ts';
import { stateIcon, stateWords } from './verdictText.ts';

/** Meaning for a colour; the icon says it too. */
export type RowTone = 'good' | 'bad' | 'warning' | 'neutral';

export interface TreeRow {
  readonly label: string;
  readonly description?: string;
  /** Codicon name. */
  readonly icon: string;
  readonly tone: RowTone;
  /** Markdown with codicons; foreign text is escaped. */
  readonly tooltip: string;
  readonly accessibilityLabel: string;
}

const rowLimit = 160;

/** `description` first says the verdict of the file, as the status bar does. */
export function fileRow(name: string, folder: string, items: readonly UseWithState[], failure: CosignError | undefined, t: Translate): TreeRow {
  const summary = summarize(items, t);
  const words = failure ? failureText(failure, t).text : summary.words;
  const tone = { ok: 'good', error: 'bad', warning: 'warning', busy: 'neutral', neutral: 'neutral' } as const;
  return {
    label: plainText(name, rowLimit),
    description: [words, plainText(folder, rowLimit)].filter((part) => part !== '').join(' · '),
    icon: failure ? 'question' : summary.icon,
    tone: failure ? 'warning' : tone[summary.severity],
    tooltip: failure ? escapeMarkdown(words, 1000) : summary.tooltip,
    accessibilityLabel: `${plainText(name, rowLimit)}, ${plainText(folder, rowLimit)}, ${failure ? words : summary.accessibilityLabel}`,
  };
}

/** @param tooltip the evidence as the hover shows it */
export function imageRow(item: UseWithState, tooltip: string, t: Translate): TreeRow {
  const label = plainText(item.use.text === '' ? item.use.raw : item.use.text, rowLimit);
  const words = stateWords(item, t, plainText);
  return {
    label, description: words, icon: stateIcon(item.state), tone: imageTone(item), tooltip,
    accessibilityLabel: t('{0}, {1}, line {2}', label, words, item.use.line + 1),
  };
}

function imageTone({ state }: UseWithState): RowTone {
  switch (state.kind) {
    case 'verified': return 'good';
    case 'untrusted': return 'bad';
    case 'unsigned': case 'unresolved': return 'warning';
    // Neither good nor bad: nothing is known.
    case 'unchecked': case 'pending': case 'waiting': case 'no keys': case 'uncovered': return 'neutral';
  }
}

export function policyRow(outcome: PolicyOutcome, t: Translate): TreeRow {
  const name = outcome.policy === everyKeyPolicy ? t('Every trusted key') : plainText(outcome.policy, rowLimit);
  const state = outcome.state ?? (outcome.satisfied ? 'satisfied' : 'unsatisfied');
  const words = [stateOfDemand(state, t), ...signedOf(outcome, t)].join(' · ');
  const label = t('Policy: {0}', name);
  return {
    label, description: words, ...demandLook(state),
    tooltip: t('{0} asks for {1}', escapeMarkdown(name), demand(outcome, t, escapeMarkdown)),
    accessibilityLabel: `${label}, ${words}`,
  };
}

/** A part of a policy: one of its authorities or requirements. */
export function ruleRow(outcome: RuleOutcome, t: Translate): TreeRow {
  const label = outcome.authority === undefined ? t('One part of the policy') : plainText(outcome.authority, rowLimit);
  const description = [stateOfDemand(outcome.state, t), ...signedOf(outcome, t), ...(outcome.reason === undefined ? [] : [plainText(inWords(outcome.reason, t), rowLimit)])].join(' · ');
  return { label, description, ...demandLook(outcome.state), tooltip: `${escapeMarkdown(label)}  \n${escapeMarkdown(outcome.reason === undefined ? stateOfDemand(outcome.state, t) : inWords(outcome.reason, t), 500)}`, accessibilityLabel: `${label}, ${description}` };
}

/** One of those who must sign. */
export function signerRow({ key, state, fingerprint, detail }: SignerOutcome, t: Translate): TreeRow {
  const words = { present: t('has signed'), missing: t('has not signed yet'), invalid: t('has signed, but it does not count'), unreadable: t('not known: the key could not be read') }[state];
  const icon = { present: 'pass', missing: 'circle-outline', invalid: 'circle-slash', unreadable: 'question' }[state];
  const label = plainText(key, rowLimit);
  return {
    label, description: words, icon, tone: state === 'present' ? 'good' : state === 'unreadable' ? 'neutral' : 'warning',
    tooltip: [`${escapeMarkdown(label)}: ${words}`, ...(fingerprint === undefined ? [] : [t('Fingerprint: {0}', escapeMarkdown(fingerprint, 80))]), ...(detail === undefined ? [] : [escapeMarkdown(inWords(detail, t), 500)])].join('  \n'),
    accessibilityLabel: `${label}, ${words}`,
  };
}

/** `1 of 2 signers`; nothing where one signature suffices. */
function signedOf({ required = 1, signers = [], parts = [] }: Partial<RuleOutcome>, t: Translate): readonly string[] {
  if (parts.length > 0 || required < 2) return [];
  return [t('{0} of {1} signers', Math.min(required, signers.filter(({ state }) => state === 'present').length), required)];
}

function stateOfDemand(state: DemandState, t: Translate): string {
  switch (state) {
    case 'satisfied': return t('satisfied');
    case 'unsatisfied': return t('not satisfied');
    case 'unknown': return t('not known');
  }
}

function demandLook(state: DemandState): Pick<TreeRow, 'icon' | 'tone'> {
  switch (state) {
    case 'satisfied': return { icon: 'pass', tone: 'good' };
    case 'unsatisfied': return { icon: 'circle-slash', tone: 'warning' };
    case 'unknown': return { icon: 'question', tone: 'neutral' };
  }
}

export function signatureRow(report: SignatureReport, t: Translate): TreeRow {
  const { signedBy, fault } = report;
  const label = signedBy ? t('Signed by {0}', plainText(signedBy.key, 80)) : t('Signature that does not count: {0}', faultWords(fault ?? 'malformed', t));
  const place = `${formatWords(report.format, t)} · ${storeWords(report.store, t)}`;
  // Annotations of a signature that proves nothing are anybody's words.
  const annotations = signedBy || fault === 'annotations' ? annotationList(report.annotations, t, escapeMarkdown) : '';
  const lines = [
    escapeMarkdown(label),
    ...(signedBy ? [t('Fingerprint: {0}', escapeMarkdown(signedBy.fingerprint, 80))] : []),
    place,
    ...(annotations === '' ? [] : [t('Annotations: {0}', annotations)]),
    ...(report.detail === undefined ? [] : [escapeMarkdown(inWords(report.detail, t), 500)]),
    t('Manifest: {0}', `\`${report.manifest}\``),
    t('Payload: {0}', `\`${report.blob}\``),
  ];
  return { label, description: place, icon: signedBy ? 'pass' : 'circle-slash', tone: signedBy ? 'good' : 'warning', tooltip: lines.join('  \n'), accessibilityLabel: `${label}, ${place}` };
}

/** The manifest a reference stands for, or one that an index lists. */
export function manifestRow(manifest: Partial<ContainedManifest>, t: Translate): TreeRow {
  const { digest, platform, mediaType, sizeBytes } = manifest;
  const isUnknown = platform === undefined || platform === 'unknown/unknown';
  const name = digest === undefined ? t('Contents in the registry') : shortDigest(digest);
  const label = isUnknown ? name : plainText(platform, 80);
  const description = [...(isUnknown || digest === undefined ? [] : [shortDigest(digest)]), ...(sizeBytes === undefined ? [] : [sizeText(sizeBytes)])].join(' · ');
  return {
    label, description, icon: isUnknown ? 'package' : 'vm', tone: 'neutral',
    tooltip: [
      ...(digest === undefined ? [t('Asks the registry when it is opened.')] : [t('Digest: {0}', `\`${digest}\``)]),
      ...(isUnknown ? [] : [t('Platform: {0}', escapeMarkdown(platform, 80))]),
      ...(mediaType === undefined ? [] : [t('Media type: {0}', escapeMarkdown(mediaType))]),
    ].join('  \n'),
    accessibilityLabel: [label, description].filter((part) => part !== '').join(', '),
  };
}

export function proofRow(proof: AttachedProof, t: Translate): TreeRow {
  const label = proofName(proof.kind, t);
  const type = plainText(proof.predicateType ?? proof.artifactType ?? proof.layers[0]?.mediaType ?? '', rowLimit);
  const place = proof.place.kind === 'tag' ? t('tag {0}', plainText(proof.place.tag, rowLimit)) : t('referrer');
  const description = [proof.place.kind === 'tag' ? t('tag') : place, ...(type === '' ? [] : [type]), sizeText(proof.sizeBytes)].join(' · ');
  return {
    label, description, icon: proofIcon(proof.kind), tone: 'neutral',
    tooltip: [
      escapeMarkdown(label), t('Found as: {0}', escapeMarkdown(place)), t('Digest: {0}', `\`${proof.digest}\``), t('Media type: {0}', escapeMarkdown(proof.mediaType)),
      ...(proof.artifactType === undefined ? [] : [t('Artifact type: {0}', escapeMarkdown(proof.artifactType))]),
      ...(proof.predicateType === undefined ? [] : [t('Predicate type: {0}', escapeMarkdown(proof.predicateType))]),
      ...Object.entries(proof.annotations).slice(0, 10).map(([name, value]) => t('Annotation {0}: {1}', escapeMarkdown(name, 80), escapeMarkdown(value))),
      t('Nothing of this was verified; it is what the registry says.'),
    ].join('  \n'),
    accessibilityLabel: `${label}, ${place}, ${description}`,
  };
}

export function layerRow({ digest, mediaType, size }: AttachedProof['layers'][number], t: Translate): TreeRow {
  const type = plainText(mediaType, rowLimit);
  const label = type === '' ? t('layer') : type;
  return {
    label, description: `${shortDigest(digest)} · ${sizeText(size)}`, icon: 'file-code', tone: 'neutral',
    tooltip: [t('Digest: {0}', `\`${digest}\``), t('Media type: {0}', escapeMarkdown(mediaType))].join('  \n'),
    accessibilityLabel: `${label}, ${sizeText(size)}`,
  };
}

/** A failure in the place of what could not be read. */
export function failureRow(error: CosignError, t: Translate): TreeRow {
  const { text } = failureText(error, t);
  return { label: t('Could not be read'), description: plainText(text, rowLimit), icon: 'question', tone: 'warning', tooltip: escapeMarkdown(text, 1000), accessibilityLabel: t('Could not be read: {0}', plainText(text, 500)) };
}

/** A plain remark. */
export function noteRow(text: string): TreeRow {
  return { label: text, icon: 'info', tone: 'neutral', tooltip: escapeMarkdown(text, 500), accessibilityLabel: text };
}

/** The number on the view's icon: images that are signed by nobody, or not by whom it takes. Those that could not be checked are none of them. */
export function untrustedCount(items: readonly UseWithState[]): number {
  return items.filter(({ state }) => state.kind === 'unsigned' || state.kind === 'untrusted').length;
}

export function badgeWords(count: number, t: Translate): string {
  return count === 1 ? t('1 image is unsigned or untrusted') : t('{0} images are unsigned or untrusted', count);
}

function proofName(kind: ProofKind, t: Translate): string {
  switch (kind) {
    case 'signature': return t('Signature');
    case 'attestation': return t('Attestation');
    case 'sbom': return t('SBOM');
    case 'other': return t('Other referrer');
  }
}

function proofIcon(kind: ProofKind): string {
  switch (kind) {
    case 'signature': return 'edit';
    case 'attestation': return 'checklist';
    case 'sbom': return 'list-tree';
    case 'other': return 'link';
  }
}
