// Signatures, stores and policies in words: the parts that messages, lenses and hovers share.
import type { Evidence, PolicyOutcome, SignatureFault, SignatureFormat, SignatureReport, SignatureStore } from '../core/policy/verdict.ts';
import { alternatives, enumeration, inWords, type Translate } from './translate.ts';
import { labelLimit, plainText } from './untrustedText.ts';

/** What the core calls the one policy there is where none is configured. */
export const everyKeyPolicy = 'all keys';

/** Makes foreign text fit for the surface at hand: {@link plainText}, `labelText` or `escapeMarkdown`. */
export type Safe = (text: string, limit?: number) => string;

/** Names of the keys that signed and count, once each, in the order found. */
export function signersOf(evidence: Evidence): readonly string[] {
  return [...new Set(evidence.signatures.flatMap(({ signedBy }) => (signedBy ? [signedBy.key] : [])))];
}

/** `release`, `release and qa`, `a, b, c and 2 more`. */
export function signerNames(evidence: Evidence, t: Translate, safe: Safe = plainText, limit = 3): string {
  return enumeration(signersOf(evidence).map((name) => safe(name, labelLimit)), t, limit);
}

/** The policies that decided against the image. */
export function unsatisfied(evidence: Evidence): readonly PolicyOutcome[] {
  return evidence.policies.filter(({ satisfied }) => !satisfied);
}

/** Names of keys of which any one suffices: `release`, `release or qa`. */
export function keyChoice(keys: readonly string[], t: Translate, safe: Safe = plainText): string {
  return keys.length === 0 ? t('no key at all') : alternatives(keys.map((name) => safe(name, labelLimit)), t);
}

type Asked = Pick<PolicyOutcome, 'keys' | 'annotations' | 'required' | 'kind' | 'reason'>;

/** What a policy asks for: `a signature by release or qa with env=prod`, `signatures by 2 of a, b and c`. */
export function demand(policy: Asked, t: Translate, safe: Safe = plainText): string {
  const reason = safe(inWords(policy.reason ?? '', t), 300).replace(/[.]$/, '');
  if (policy.kind === 'accept') return t('no signature');
  if (policy.kind === 'reject') return t('what no signature can give ({0})', reason);
  if (policy.kind === 'unsupported') return t('what is not checked here ({0})', reason);
  const signatures = signaturesBy(policy, t, safe);
  const annotations = annotationList(policy.annotations, t, safe);
  return annotations === '' ? signatures : t('{0} with {1}', signatures, annotations);
}

function signaturesBy({ keys, required = 1 }: Asked, t: Translate, safe: Safe): string {
  if (required < 2 || keys.length < 2) return t('a signature by {0}', keyChoice(keys, t, safe));
  const names = enumeration(keys.map((name) => safe(name, labelLimit)), t);
  return required >= keys.length ? t('signatures by all of {0}', names) : t('signatures by {0} of {1}', required, names);
}

/** `env=prod, team=a and 3 more`; empty when there are none. */
export function annotationList(annotations: Readonly<Record<string, string>>, t: Translate, safe: Safe = plainText): string {
  return enumeration(Object.entries(annotations).map(([name, value]) => `${safe(name, 80)}=${safe(value, 80)}`), t, 10);
}

/** `1 legacy signature`, `3 signatures (2 legacy, 1 bundle)`. */
export function signatureCount(signatures: readonly SignatureReport[], t: Translate): string {
  const legacy = signatures.filter(({ format }) => format === 'legacy').length;
  const bundles = signatures.length - legacy;
  if (legacy > 0 && bundles > 0) return t('{0} signatures ({1} legacy, {2} in bundles)', signatures.length, legacy, bundles);
  if (bundles > 0) return bundles === 1 ? t('1 signature in a bundle') : t('{0} signatures in bundles', bundles);
  return legacy === 1 ? t('1 legacy signature') : t('{0} legacy signatures', legacy);
}

/** Why signatures do not count, most frequent first: `2 by other keys, 1 for another digest`. */
export function faultCounts(signatures: readonly SignatureReport[], t: Translate): string {
  const counts = new Map<SignatureFault, number>();
  for (const { fault } of signatures) if (fault) counts.set(fault, (counts.get(fault) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([fault, count]) => faultCount(fault, count, t)).join(', ');
}

function faultCount(fault: SignatureFault, count: number, t: Translate): string {
  switch (fault) {
    case 'other-key': return count === 1 ? t('1 by another key') : t('{0} by other keys', count);
    case 'wrong-digest': return count === 1 ? t('1 for another digest') : t('{0} for other digests', count);
    case 'annotations': return t('{0} without the required annotations', count);
    case 'identity': return count === 1 ? t('1 for another name') : t('{0} for other names', count);
    case 'format': return t('{0} in a format the policy does not count', count);
    case 'certificate': return t('{0} made with a certificate, which no public key can verify', count);
    case 'malformed': return t('{0} malformed', count);
    case 'unsupported': return t('{0} in a form that is not supported', count);
    case 'no-signature': return count === 1 ? t('1 entry without a signature') : t('{0} entries without a signature', count);
  }
}

/** Why one signature does not count. */
export function faultWords(fault: SignatureFault, t: Translate): string {
  switch (fault) {
    case 'other-key': return t('by a key that does not count here');
    case 'wrong-digest': return t('signs another digest');
    case 'annotations': return t('lacks the required annotations');
    case 'identity': return t('signs another name than the policy asks for');
    case 'format': return t('in a format the policy does not count');
    case 'certificate': return t('made with a certificate, which no public key can verify');
    case 'malformed': return t('malformed');
    case 'unsupported': return t('in a form that is not supported');
    case 'no-signature': return t('holds no signature');
  }
}

/** In which of cosign's formats. */
export function formatWords(format: SignatureFormat, t: Translate): string {
  switch (format) {
    case 'legacy': return t('legacy signature');
    case 'bundle': return t('Sigstore bundle');
  }
}

/** Where it was found. */
export function storeWords(store: SignatureStore, t: Translate): string {
  switch (store) {
    case 'signature tag': return t('signature tag');
    case 'referrers API': return t('referrers');
    case 'referrers tag': return t('referrers tag');
  }
}

/** Key hints of the bundles that others signed, once each: what helps to find out whose key it is. */
export function foreignKeyHints(signatures: readonly SignatureReport[]): readonly string[] {
  return [...new Set(signatures.flatMap(({ fault, keyHint }) => (fault === 'other-key' && keyHint ? [keyHint] : [])))];
}
