// What is known about one image use → lens title, icon and short words. The sentences of diagnostics are in diagnosticText.ts.
import type { Evidence } from '../core/policy/verdict.ts';
import { shortReason } from './failureText.ts';
import { awaitedNames, progressOf } from './policyWords.ts';
import { keyChoice, signerNames, unsatisfied, everyKeyPolicy } from './signatureWords.ts';
import type { Translate } from './translate.ts';
import { labelText, labelLimit, type plainText } from './untrustedText.ts';
import type { UseState, UseWithState, WaitingFor } from './useState.ts';

/** Codicon name of a state. Different for each kind, so that colour never carries the meaning alone. */
export function stateIcon(state: UseState): string {
  switch (state.kind) {
    case 'pending': return 'sync';
    case 'waiting': return 'circle-outline';
    case 'no keys': return 'key';
    case 'unresolved': return 'symbol-variable';
    case 'verified': return 'verified-filled';
    case 'unsigned': return 'warning';
    case 'untrusted': return 'error';
    case 'unchecked': return 'question';
    case 'uncovered': return 'dash';
  }
}

/** Icon and words of the one lens of a reference; it has these words from the first moment, so that no line moves. */
export function lensTitle({ use, state }: UseWithState, t: Translate): string {
  return lensText(stateIcon(state), stateWords({ use, state }, t, labelText));
}

/** The space after the icon of a lens does not break: the editor drops another one there. */
export function lensText(icon: string, words: string): string {
  return `$(${icon})\u00a0${words}`;
}

/**
 * A few words for lens, tooltip and picker. They begin with the verdict; only `verified` says "Signed by".
 * @param safe makes foreign text fit for the surface
 */
export function stateWords({ use, state }: UseWithState, t: Translate, safe: typeof plainText = labelText): string {
  switch (state.kind) {
    case 'pending': return t('Verifying…');
    case 'waiting': return waitingWords(state.for, t);
    case 'no keys': return t('Not verified: add a trusted key');
    case 'unresolved':
      return use.missing.length === 0
        ? t('Unresolved: not a valid image reference')
        : t('Unresolved: no value for {0}', safe(use.missing.join(', '), labelLimit));
    case 'verified': {
      const signers = signerNames(state, t, safe);
      return state.platform === undefined ? t('Signed by {0}', signers) : t('Signed by {0} ({1} only)', signers, safe(state.platform, labelLimit));
    }
    case 'unsigned': return t('Unsigned: no signature found');
    case 'untrusted': return untrustedWords(state, t, safe);
    case 'unchecked': return t('Could not check: {0}', shortReason(state.reason.code, t));
    case 'uncovered': return state.acceptedBy === undefined ? t('Not covered by any policy') : t('No signature asked for by policy {0}', safe(state.acceptedBy, labelLimit));
  }
}

function waitingWords(reason: WaitingFor, t: Translate): string {
  switch (reason) {
    case 'save': return t('Not verified yet: waits for the file to be saved');
    case 'manual': return t('Not verified yet');
    case 'cancelled': return t('Not verified: cancelled');
  }
}

function untrustedWords(evidence: Evidence, t: Translate, safe: typeof plainText): string {
  const against = unsatisfied(evidence);
  const [only] = against;
  if (against.length !== 1 || only === undefined) return t('Untrusted: {0} policies not satisfied', against.length);
  const progress = progressOf(only);
  if (progress) {
    const awaited = awaitedNames(only, t, safe);
    const words = t('Untrusted: {0} of {1} signers', progress.present, progress.required);
    return awaited === '' ? words : t('{0}, {1} missing', words, awaited);
  }
  if (only.kind === 'reject') return t('Untrusted: policy {0} rejects it', safe(only.policy, labelLimit));
  if (evidence.signatures.every(({ fault }) => fault === 'other-key') && only.keys.length <= 3) {
    return t('Untrusted: signed, but not by {0}', keyChoice(only.keys, t, safe));
  }
  if (evidence.signatures.some(({ fault }) => fault === 'annotations')) return t('Untrusted: required annotations are missing');
  return only.policy === everyKeyPolicy
    ? t('Untrusted: no signature by a trusted key')
    : t('Untrusted: policy {0} not satisfied', safe(only.policy, labelLimit));
}
