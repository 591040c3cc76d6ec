// What is said about the tag beside a pinned digest: whether it leads elsewhere now, and what that other image is worth.
import type { Evidence, Verdict } from '../core/policy/verdict.ts';
import { shortDigest } from './digestText.ts';
import { shortReason } from './failureText.ts';
import { signerNames } from './signatureWords.ts';
import type { Translate } from './translate.ts';
import { plainText } from './untrustedText.ts';
import type { UseState, UseWithState } from './useState.ts';

/** Sentences for the hover and, where the tag has moved, for the Problems panel; none where nothing was asked. */
export function driftSentences({ use: { reference }, state, drift }: UseWithState, t: Translate): readonly string[] {
  if (!drift || reference?.tag === undefined || reference.digest === undefined) return [];
  const tag = plainText(reference.tag, 128);
  switch (drift.kind) {
    case 'in place': return [t('The tag {0} still leads to the pinned digest.', tag)];
    case 'unknown': return [t('Could not check whether the tag {0} has moved: {1}.', tag, shortReason(drift.reason.code, t))];
    case 'moved': return [t('The tag {0} has moved.', tag), ...newImage(drift.verdict, state, t), t('The pin is {0}, the tag leads to {1} now.', shortDigest(reference.digest), shortDigest(drift.digest))];
  }
}

function newImage(verdict: Verdict | undefined, pinned: UseState, t: Translate): readonly string[] {
  switch (verdict?.kind) {
    case undefined: return [t('Who signed the new image is being checked.')];
    case 'verified': return [signedWords(verdict, pinned, t), t('The pin can be moved.')];
    case 'unsigned': return [t('The new image is unsigned: stay with the pinned one.')];
    case 'untrusted': return [t('The new image is signed, but not as it must be: stay with the pinned one.')];
    case 'unchecked': return [t('Whether the new image is signed could not be checked: {0}.', shortReason(verdict.reason.code, t))];
    case 'uncovered': return [t('No policy covers the new image, so nothing is known about its signatures.')];
  }
}

function signedWords(verdict: Evidence, pinned: UseState, t: Translate): string {
  const signers = signerNames(verdict, t, plainText);
  if (pinned.kind !== 'verified') return t('The new image is signed by {0}.', signers);
  return same(fingerprints(verdict), fingerprints(pinned))
    ? t('The new image is signed by the same keys: {0}.', signers)
    : t('The new image is signed by {0}, the pinned one by {1}.', signers, signerNames(pinned, t, plainText));
}

const fingerprints = ({ signatures }: Evidence): ReadonlySet<string> => new Set(signatures.flatMap(({ signedBy }) => (signedBy ? [signedBy.fingerprint] : [])));
const same = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean => a.size === b.size && [...a].every((one) => b.has(one));
