// What became of pinning or unpinning the images of a file, and why of some nothing did.
import type { PinPlan, RefusedUse } from '../core/rewriting/pinning.ts';
import { refusalWords } from './rewritingText.ts';
import { enumeration, type Translate } from './translate.ts';
import { plainText } from './untrustedText.ts';
import type { UseWithState } from './useState.ts';
import { stateWords } from './verdictText.ts';

const maxNamed = 3;

export function pinnedWords(items: readonly UseWithState[], { changed, refused }: PinPlan, t: Translate): string {
  const done = changed.length === 1 ? t('Pinned 1 reference to its verified digest.') : t('Pinned {0} references to their verified digests.', changed.length);
  const left = items.filter(({ use }) => !changed.includes(use) && !use.reference?.digest);
  if (changed.length > 0 && left.length === 0) return done;
  if (items.length === 0) return t('No image was pinned: there is no image in this file.');
  if (left.length === 0) return t('No image was pinned: every image has a digest already.');
  const names = enumeration(left.map((item) => t('{0} ({1})', name(item.use.text === '' ? item.use.raw : item.use.text), why(item, refused, t))), t, maxNamed);
  return changed.length > 0 ? `${done} ${t('Not pinned: {0}.', names)}` : t('No image was pinned: {0}.', names);
}

/** @param left those that were not asked about, because they cannot be unpinned */
export function unpinnedWords({ changed }: PinPlan, left: readonly RefusedUse[], t: Translate): string {
  const done = changed.length === 1 ? t('1 reference has only its tag now.') : t('{0} references have only their tags now.', changed.length);
  return left.length === 0 ? done : `${done} ${t('Still pinned: {0}.', refusedWords(left, t))}`;
}

/** Why no image of the file can be unpinned. */
export function notUnpinnedWords({ refused }: PinPlan, t: Translate): string {
  if (refused.length === 0) return t('No image of this file is pinned.');
  return t('No image was unpinned: {0}.', refusedWords(refused, t));
}

function refusedWords(refused: readonly RefusedUse[], t: Translate): string {
  return enumeration(refused.map(({ use, refusal }) => t('{0} ({1})', name(use.text), withoutStop(refusalWords(refusal, t)))), t, maxNamed);
}

function why(item: UseWithState, refused: readonly RefusedUse[], t: Translate): string {
  const refusal = refused.find(({ use }) => use === item.use)?.refusal;
  return refusal ? withoutStop(refusalWords(refusal, t)) : stateWords(item, t, plainText);
}

const name = (text: string): string => plainText(text.replace(/@sha256:[0-9a-f]{64}$/, ''), 80);
const withoutStop = (sentence: string): string => sentence.replace(/\.$/, '');
