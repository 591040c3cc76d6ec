// The questions about what is signed: image, format, annotations, and whether all images of an index are.
import * as vscode from 'vscode';
import { saidOf } from '../../core/errors.ts';
import { isIndexMediaType } from '../../core/oci/manifest.ts';
import { familiarName, parseReference, type Reference } from '../../core/oci/reference.ts';
import type { FormatChoice, SigningPlan } from '../../core/signing/signImage.ts';
import type { SigningEngine } from '../../core/signingEngine.ts';
import { annotationList } from '../../presentation/signatureWords.ts';
import { inWords } from '../../presentation/translate.ts';
import { labelText } from '../../presentation/untrustedText.ts';
import { propose } from '../messages.ts';
import { t } from '../words.ts';
import type { PrivateKeyState } from './privateKeySteps.ts';
import { askPatience, back, choose, enter, enterOrChoose, type Step, type StepPlace } from './steps.ts';

export interface SignImageState extends PrivateKeyState {
  readonly reference?: Reference;
  /** What the tag stood for when it was resolved: from there on only the digest counts. */
  readonly first?: SigningPlan;
  readonly format?: FormatChoice;
  readonly annotations: Readonly<Record<string, string>>;
  readonly recursive: boolean;
}

export interface ImageChoices {
  /** References of the file, as they stand there. */
  readonly images: readonly { readonly text: string; readonly reference: Reference; readonly line: number }[];
  /** What stands under the cursor. */
  readonly prefilled?: string;
}

/** Resolved at once, so that a mistake in the name is seen before anything else is asked. */
export function imageStep(signing: SigningEngine, { images, prefilled }: ImageChoices): Step<SignImageState> {
  return {
    applies: () => true,
    ask: async (state, place) => {
      const unique = images.filter(({ text }, index) => images.findIndex((other) => other.text === text) === index);
      const reference = await enterOrChoose<Reference>(place, {
        placeholder: t('Which image? Choose one of the file, or enter a reference'),
        value: state.reference ? familiarName(state.reference) : prefilled ?? '',
        choices: unique.map(({ text, reference: value, line }) => ({ label: labelText(text, 300), description: t('line {0}', line + 1), value })),
        parse: parsed,
      });
      if (reference === back) return back;
      const first = await askPatience(place.title, t('Looking up {0}', labelText(familiarName(reference), 300)), (signal) => signing.planImage({ reference, format: 'both', recursive: false }, signal));
      return { ...state, reference, first };
    },
  };
}

function parsed(text: string): { readonly value: Reference } | string {
  try {
    return { value: parseReference(text) };
  } catch (error) {
    return inWords(saidOf(error), t);
  }
}

export function formatStep(preferred: FormatChoice): Step<SignImageState> {
  return {
    applies: () => true,
    ask: async (state, place) => {
      const format = await choose<FormatChoice>(place, t('In which format?'), [
        { label: t('Both'), detail: t('every verifier of today can read one of them'), value: 'both' },
        { label: t('Legacy Signature'), detail: t('under the tag sha256-….sig, which every version of cosign reads'), value: 'legacy' },
        { label: t('Sigstore Bundle'), detail: t('among the referrers of the image, as cosign 3 writes it'), value: 'bundle' },
      ], state.format ?? preferred);
      return format === back ? back : { ...state, format };
    },
  };
}

/** One after another, until nothing more is entered. */
export const annotationsStep: Step<SignImageState> = {
  applies: () => true,
  ask: async (state, place) => {
    let annotations = state.annotations;
    for (;;) {
      const text = await enter(place, { prompt: annotationPrompt(annotations), placeholder: 'env=prod', validate: (value) => Promise.resolve(annotationProblem(value, annotations)) });
      if (text === back) return back;
      if (text.trim() === '') return { ...state, annotations };
      const at = text.indexOf('=');
      annotations = { ...annotations, [text.slice(0, at).trim()]: text.slice(at + 1) };
    }
  },
};

function annotationPrompt(annotations: Readonly<Record<string, string>>): string {
  const named = annotationList(annotations, t);
  return named === '' ? t('An annotation to sign as well (name=value); leave it empty to go on') : t('So far: {0}. Another annotation (name=value); leave it empty to go on', named);
}

function annotationProblem(text: string, annotations: Readonly<Record<string, string>>): string | { readonly note: string } | undefined {
  if (text.trim() === '') return undefined;
  const at = text.indexOf('=');
  if (at < 0) return t('Write it as name=value.');
  const name = text.slice(0, at).trim();
  if (name === '' || name === '__proto__') return t('Write a name in front of the =.');
  return Object.hasOwn(annotations, name) ? { note: t('Replaces the value that {0} has so far.', name) } : undefined;
}

export const recursionStep: Step<SignImageState> = {
  applies: ({ first }) => first !== undefined && first.manifests.some(({ descriptor }) => isIndexMediaType(descriptor.mediaType)),
  ask: async (state, place: StepPlace) => {
    const recursive = await choose(place, t('This is an index of several images. What is signed?'), [
      { label: t('The Index'), detail: t('covers all its images for those who pull by the tag'), value: false },
      { label: t('The Index and All It Lists'), detail: t('each image can be verified on its own as well'), value: true },
    ], state.recursive);
    return recursive === back ? back : { ...state, recursive };
  },
};

/** The references of a file, and the one at a place. */
export function imageChoices(uses: readonly { readonly use: { readonly text: string; readonly reference?: Reference; readonly range: { readonly start: { readonly line: number } } } }[], prefilled: string | undefined): ImageChoices {
  const images = uses.flatMap(({ use: { text, reference, range } }) => (reference ? [{ text, reference, line: range.start.line }] : []));
  return { images, ...(prefilled === undefined ? {} : { prefilled }) };
}

/** @throws {vscode.CancellationError} unless the person says yes */
export async function confirmSigning(name: string, detail: string): Promise<void> {
  const yes = t('Sign');
  const answer = await propose(t('Sign {0}?', name), detail, yes);
  if (answer !== yes) throw new vscode.CancellationError();
}
