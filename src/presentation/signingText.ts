// Signing an image in words: what will be written, who had signed before, and how it went.
import type { KeyDescription } from '../core/crypto/keyDescription.ts';
import { canonicalRepository, familiarName } from '../core/oci/reference.ts';
import type { SignatureReport, Verdict } from '../core/policy/verdict.ts';
import type { SignedManifest, SigningPlan } from '../core/signing/signImage.ts';
import { shortDigest } from './digestText.ts';
import { failureText } from './failureText.ts';
import { annotationList, signerNames } from './signatureWords.ts';
import { enumeration, inWords, type Translate } from './translate.ts';
import { plainText } from './untrustedText.ts';

const maxPlaces = 8;

export interface SigningSummary {
  readonly plan: SigningPlan;
  readonly key: KeyDescription;
  readonly keyName: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly dockerMediaTypes: boolean;
  /** Who has signed the digest until now; an answer to {@link listedSigners}. */
  readonly before: Verdict;
}

/** The lines of the question before anything is pushed. The digest stands in full. */
export function signingSummary({ plan, key, keyName, annotations, dockerMediaTypes, before }: SigningSummary, t: Translate): string {
  const images = plan.manifests.length - 1;
  const written = plan.places.slice(0, maxPlaces).map((place) => `• ${plainText(inWords(place, t), 400)}`);
  const rest = plan.places.length - written.length;
  const named = annotationList(annotations, t);
  return [
    t('Digest: {0}', plan.digest),
    ...(images > 0 ? [t('The index and everything it lists: {0} manifests.', plan.manifests.length)] : []),
    t('Key: {0} ({1}, {2})', plainText(keyName, 80), key.algorithm, key.fingerprint),
    ...(named === '' ? [] : [t('Annotations: {0}', named)]),
    t('Will be written:'), ...written, ...(rest > 0 ? [`• ${t('and {0} more', rest)}`] : []),
    ...(dockerMediaTypes ? [t('With the media types of Docker.')] : []),
    t('Signed so far by: {0}', listedSigners(before, t)),
    t('Nothing is uploaded to a transparency log.'),
  ].join('\n');
}

/** `release (SHA256:…) and 1 signature by a key that is not known here`, `nobody`; what could not be found out is said so. */
export function listedSigners(verdict: Verdict, t: Translate): string {
  if (verdict.kind === 'uncovered') return t('not known');
  if (verdict.kind === 'unchecked') {
    const known = verdict.evidence ? `${knownSigners(verdict.evidence.signatures, t)}; ` : '';
    return `${known}${t('could not be read completely: {0}', failureText(verdict.reason, t).message)}`;
  }
  return knownSigners(verdict.signatures, t);
}

function knownSigners(signatures: readonly SignatureReport[], t: Translate): string {
  const names = [...new Set(signatures.flatMap(({ signedBy }) => (signedBy ? [`${plainText(signedBy.key, 40)} (${signedBy.fingerprint})`] : [])))];
  const others = signatures.filter(({ signedBy, fault }) => !signedBy && fault === 'other-key').length;
  const parts = [...names, ...(others === 0 ? [] : [others === 1 ? t('1 signature by a key that is not known here') : t('{0} signatures by keys that are not known here', others)])];
  return parts.length === 0 ? t('nobody') : enumeration(parts, t, 10);
}

export interface SigningOutcome {
  readonly plan: SigningPlan;
  readonly signed: readonly SignedManifest[];
  readonly before: Verdict;
  readonly after: Verdict;
  /** By the keys and policies of the settings; undefined where no key is trusted. */
  readonly verdict: Verdict | undefined;
  readonly signerTrusted: boolean;
}

/** What is signed, short enough for a title: the digest stands in full in the summary. */
export function planName({ reference, digest }: SigningPlan): string {
  return plainText(familiarName({ ...reference, digest }).replace(digest, shortDigest(digest)));
}

/** One message for how it went: what was pushed, who signs now, and what verification says. */
export function signingOutcome({ plan, signed, before, after, verdict, signerTrusted }: SigningOutcome, t: Translate): string {
  const name = planName(plan);
  const pushed = signed.filter(({ outcome }) => outcome === 'pushed').length;
  const head = pushed === 0
    ? t('{0} had been signed with this key already; nothing was written.', name)
    : pushed === 1 ? t('Signed {0}: 1 signature written.', name) : t('Signed {0}: {1} signatures written.', name, pushed);
  return [
    head,
    t('Signers before: {0}. Signers now: {1}.', listedSigners(before, t), listedSigners(after, t)),
    verdictSentence(verdict, t),
    ...(canonicalRepository(plan.repository) === canonicalRepository(plan.reference) ? [] : [t('The signatures are in {0}: who verifies with cosign needs COSIGN_REPOSITORY={0}.', canonicalRepository(plan.repository))]),
    ...(signerTrusted ? [] : [t('The key that signed is not among those you trust.')]),
  ].join(' ');
}

function verdictSentence(verdict: Verdict | undefined, t: Translate): string {
  switch (verdict?.kind) {
    case undefined: return t('Not verified: no key is trusted here yet.');
    case 'verified': return t('Verified: signed by {0}.', signerNames(verdict, t));
    case 'unsigned': return t('Not verified: the registry shows no signature.');
    case 'untrusted': return t('Untrusted: its signatures do not satisfy what you ask for.');
    case 'unchecked': return t('Could not check: {0}', failureText(verdict.reason, t).message);
    case 'uncovered': return t('Not verified: no policy covers this image.');
  }
}
