// The evidence behind a verdict as Markdown: what was found, who signed, what was looked at, and what was not.
import type { ImageUse, ValueOrigin } from '../core/dockerfile/images.ts';
import type { Evidence, SignatureReport } from '../core/policy/verdict.ts';
import { timeText } from './digestText.ts';
import { driftSentences } from './driftText.ts';
import { failureText } from './failureText.ts';
import { storedWords } from './storedWords.ts';
import { progressWords, signerLines } from './policyWords.ts';
import { annotationList, demand, everyKeyPolicy, faultWords, formatWords, storeWords } from './signatureWords.ts';
import { inWords, type Translate } from './translate.ts';
import { escapeMarkdown } from './untrustedText.ts';
import type { UseWithState } from './useState.ts';
import { stateIcon, stateWords } from './verdictText.ts';

const maxSignatures = 10;
const maxPolicies = 5;
const maxOrigins = 10;
const maxFailures = 5;

/** A link at the end of the hover: a `command:` URI that the face allows, or a page. */
export interface HoverLink {
  readonly title: string;
  readonly uri: string;
}

export interface HoverOptions {
  readonly links?: readonly HoverLink[];
  /** Why the image cannot be pinned although it is verified: a sentence. */
  readonly notPinnable?: string;
  /** Minutes east of UTC for the times shown; default: the machine's zone. */
  readonly offsetMinutes?: number;
}

/**
 * Markdown with codicons (`supportThemeIcons`), without HTML. Everything that others wrote is escaped and bounded; digests stand in full.
 */
export function hoverMarkdown(item: UseWithState, t: Translate, options: HoverOptions = {}): string {
  const { use, state } = item;
  const title = `**$(${stateIcon(state)}) ${stateWords(item, t, escapeMarkdown)}**`;
  const blocks = [title, paragraph(imageLines(use, t)), ...stateBlocks(item, t, options), ...pinBlocks(item, t, options), paragraph(originLines(use, t)), links(options.links ?? [])];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function stateBlocks({ use, state }: UseWithState, t: Translate, options: HoverOptions): readonly string[] {
  const at = (checkedAt: number): string => t('Checked: {0}', timeText(checkedAt, options.offsetMinutes));
  switch (state.kind) {
    case 'verified': case 'unsigned': case 'untrusted':
      return [paragraph(storedWords(state, t, options.offsetMinutes)), ...evidenceBlocks(state, t), paragraph([at(state.checkedAt), ...notChecked(use, t)])];
    case 'unchecked': {
      const { text } = failureText(state.reason, t);
      const said = [escapeMarkdown(text, 1000), t('Whether the image is signed is not known.')];
      const digest = state.digest !== undefined && state.evidence === undefined ? [t('Digest: {0}', code(state.digest))] : [];
      const found = state.evidence ? [t('Found before that:'), ...evidenceBlocks(state.evidence, t)] : [];
      return [paragraph([...said, ...digest]), ...found, paragraph([at(state.checkedAt)])];
    }
    case 'unresolved': return [escapeMarkdown(failureText(state.error, t).text, 1000)];
    case 'uncovered': return [state.acceptedBy === undefined
      ? t('No policy is for this image, so nothing was asked.')
      : t('The policy {0} accepts this image without a signature. Nothing is said about who signed it.', escapeMarkdown(state.acceptedBy, 80))];
    case 'no keys': return [t('Nothing was asked. Images are verified as soon as there is a key you trust.')];
    case 'pending': case 'waiting': return [t('Nothing is known about its signatures yet.')];
  }
}

/** What there is to say about the pin, or about pinning. */
function pinBlocks(item: UseWithState, t: Translate, { notPinnable }: HoverOptions): readonly string[] {
  const moved = driftSentences(item, t).map((sentence) => escapeMarkdown(sentence, 500)).join(' ');
  return [moved, notPinnable === undefined ? '' : escapeMarkdown(t('Cannot be pinned by itself: {0}', notPinnable), 500)];
}

function imageLines(use: ImageUse, t: Translate): readonly string[] {
  return [
    ...(use.text === '' ? [] : [t('Image: {0}', escapeMarkdown(use.text, 500))]),
    ...(use.platform === undefined || use.platform === '' ? [] : [t('Platform: {0}', escapeMarkdown(use.platform, 80))]),
  ];
}

function evidenceBlocks(evidence: Evidence, t: Translate): readonly string[] {
  const platform = evidence.platform;
  const digests = [
    t('Digest: {0}', code(evidence.digest)),
    ...(platform === undefined ? [] : [t('Decided by its manifest for {0}, as the index itself has no signature: {1}', escapeMarkdown(platform, 80), code(evidence.decidedBy))]),
  ];
  return [paragraph(digests), signatureBlock(evidence.signatures, t), policyBlock(evidence, t), failureBlock(evidence, t)];
}

function signatureBlock(signatures: readonly SignatureReport[], t: Translate): string {
  if (signatures.length === 0) return t('No signature under the signature tag, none among the referrers.');
  // What counts comes first, so that a flood of worthless signatures cannot push it out.
  const sorted = [...signatures.filter(({ signedBy }) => signedBy), ...signatures.filter(({ signedBy }) => !signedBy)];
  const rest = sorted.length - maxSignatures;
  return list(t('Signatures: {0}', signatures.length), sorted.slice(0, maxSignatures).map((signature) => signatureLine(signature, t)), rest, t);
}

function signatureLine(signature: SignatureReport, t: Translate): string {
  const { signedBy, fault } = signature;
  const who = signedBy
    ? `$(pass) ${t('signed by {0}', `**${escapeMarkdown(signedBy.key, 80)}**`)} (${escapeMarkdown(signedBy.fingerprint, 80)})`
    : `$(circle-slash) ${faultWords(fault ?? 'malformed', t)}`;
  // Annotations of a signature that proves nothing are anybody's words.
  const annotations = signedBy || fault === 'annotations' || fault === 'identity' || fault === 'format' ? annotationList(signature.annotations, t, escapeMarkdown) : '';
  return [
    who,
    formatWords(signature.format, t),
    storeWords(signature.store, t),
    ...(annotations === '' ? [] : [t('annotations {0}', annotations)]),
    ...(signature.predicateType === undefined ? [] : [t('predicate type {0}', escapeMarkdown(signature.predicateType))]),
    ...(signature.keyHint === undefined || signedBy ? [] : [t('key hint {0}', escapeMarkdown(signature.keyHint, 80))]),
    ...(signature.repository === undefined ? [] : [t('in {0}', escapeMarkdown(signature.repository))]),
    ...(signature.identity === undefined || !signedBy ? [] : [t('signed as {0}', escapeMarkdown(signature.identity))]),
    ...(signature.detail === undefined ? [] : [escapeMarkdown(inWords(signature.detail, t))]),
  ].join(' · ');
}

function policyBlock({ policies }: Evidence, t: Translate): string {
  const lines = policies.slice(0, maxPolicies).map((policy) => {
    const verdict = policy.satisfied ? `$(pass) ${t('satisfied')}` : policy.state === 'unknown' ? `$(question) ${t('not known')}` : `$(circle-slash) ${t('not satisfied')}`;
    const name = policy.policy === everyKeyPolicy ? t('every trusted key, as there is no policy') : escapeMarkdown(policy.policy, 80);
    const progress = progressWords(policy, t);
    const head = `${verdict}: ${t('{0} asks for {1}', name, demand(policy, t, escapeMarkdown))}${progress === '' ? '' : ` · **${progress}**`}`;
    return [head, ...signerLines(policy, t, escapeMarkdown).map((line) => `  - ${line}`)].join('\n');
  });
  return list(t('Policies: {0}', policies.length), lines, policies.length - maxPolicies, t);
}

function failureBlock({ incomplete }: Evidence, t: Translate): string {
  const lines = incomplete.slice(0, maxFailures).map((error) => escapeMarkdown(failureText(error, t).text, 500));
  return list(t('Could not be read: {0}', incomplete.length), lines, incomplete.length - maxFailures, t);
}

/** What the verdict does not claim. */
function notChecked(use: ImageUse, t: Translate): readonly string[] {
  const moves = use.reference?.digest === undefined;
  return [
    t('No transparency log was consulted.'),
    ...(moves ? [t('A tag can move: this is about the digest it stood for at that time.')] : []),
  ];
}

function originLines(use: ImageUse, t: Translate): readonly string[] {
  return use.origins.slice(0, maxOrigins).map((origin) => originLine(origin, t));
}

function originLine(origin: ValueOrigin, t: Translate): string {
  const name = escapeMarkdown(origin.name, 80);
  const value = escapeMarkdown(origin.value);
  const line = (origin.range?.start.line ?? 0) + 1;
  switch (origin.kind) {
    case 'arg': return t('{0} is "{1}", the default in line {2}', name, value, line);
    case 'setting': return t('{0} is "{1}", from countersign.dockerfile.buildArgs', name, value);
    case 'platform': return t('{0} is "{1}", set by the platform', name, value);
    case 'missing': return origin.range ? t('{0} has no value: line {1} gives no default', name, line) : t('{0} has no value: it is not declared before the first FROM', name);
  }
}

function links(items: readonly HoverLink[]): string {
  return items.map(({ title, uri }) => `[${escapeMarkdown(title, 80)}](${uri.replace(/[()<>\s\\]/g, encodeURIComponent).replace(/[()]/g, (char) => (char === '(' ? '%28' : '%29'))})`).join(' · ');
}

/** A digest we checked the form of: no escaping needed, and easy to copy. */
const code = (digest: string): string => `\`${digest}\``;
/** Lines kept as lines. */
const paragraph = (lines: readonly string[]): string => lines.join('  \n');

function list(title: string, lines: readonly string[], rest: number, t: Translate): string {
  if (lines.length === 0) return '';
  const more = rest > 0 ? [t('and {0} more', rest)] : [];
  return `${title}\n\n${[...lines, ...more].map((line) => `- ${line}`).join('\n')}`;
}
