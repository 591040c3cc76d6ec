// The questions about a copy: which image, where to, which part of an index, and what of that which hangs on it.
import { childrenFirst, topsOf } from '../../core/copy/chosen.ts';
import { proofKinds, type CopyEngine, type CopyPlan, type CopyRequest, type CopySelection, type PlannedManifest, type ProofKind } from '../../core/copyEngine.ts';
import { sizeText } from '../../core/encoding/sizeText.ts';
import { CosignError, saidOf } from '../../core/errors.ts';
import type { ImageUse } from '../../core/dockerfile/images.ts';
import { canonicalRepository, familiarName, parseReference, type Reference } from '../../core/oci/reference.ts';
import { copyRemedy, kindWords, partQuestion, partRows, proofCounts, totalsWords } from '../../presentation/copyText.ts';
import { shortDigest } from '../../presentation/digestText.ts';
import { inWords } from '../../presentation/translate.ts';
import { labelText } from '../../presentation/untrustedText.ts';
import { t } from '../words.ts';
import { chooseSeveral } from './chooseSeveral.ts';
import { suggestDestinations } from './recentDestinations.ts';
import { runWithProgress } from './runWithProgress.ts';
import { back, enterOrChoose, type Step } from './steps.ts';

/** The image to copy, and the place in the Dockerfile that names it. */
export interface CopySource {
  readonly reference: Reference;
  readonly use?: ImageUse;
}

/** What the person said is to be done with the plan. */
export type CopyGoal = 'copy' | 'copy and update';

export interface CopyState {
  readonly source?: CopySource;
  readonly destination?: Reference;
  readonly plan?: CopyPlan;
  readonly selection: CopySelection;
  readonly goal?: CopyGoal;
}

export interface SourceChoices {
  /** Every use of the file, in its order. */
  readonly uses: readonly ImageUse[];
  /** The one under the cursor. */
  readonly at: ImageUse | undefined;
}

export function sourceStep({ uses, at }: SourceChoices): Step<CopyState> {
  const named = uses.flatMap((use) => (use.reference ? [{ use, reference: use.reference }] : []));
  const unique = named.filter(({ use }, index) => named.findIndex(({ use: other }) => other.text === use.text) === index);
  /** The place that a text stands for: the one under the cursor, or the only one. */
  const placeOf = (text: string): { readonly use?: ImageUse } => {
    if (at?.text === text) return { use: at };
    const [use, ...more] = uses.filter((candidate) => candidate.text === text);
    return use && more.length === 0 ? { use } : {};
  };
  return {
    applies: () => true,
    ask: async (state, place) => {
      const source = await enterOrChoose<CopySource>(place, {
        placeholder: t('Which image? Choose one of the file, or enter a reference'),
        value: state.source ? familiarName(state.source.reference) : at?.reference ? at.text : '',
        choices: unique.map(({ use, reference }) => ({ label: labelText(use.text, 300), description: t('line {0}', use.line + 1), value: { reference, ...placeOf(use.text) } })),
        parse: (text) => {
          const reference = parsed(text);
          return typeof reference === 'string' ? reference : { value: { reference, ...placeOf(text) } };
        },
      });
      return source === back ? back : { ...state, source };
    },
  };
}

/** The plan is made at once, so that a mistake in the name is seen before anything else is asked. */
export function destinationStep(copying: CopyEngine, recent: readonly Reference[], rules: Omit<CopyRequest, 'source' | 'destination'>): Step<CopyState> {
  return {
    applies: () => true,
    ask: async (state, place) => {
      const source = state.source?.reference;
      if (!source) return state;
      const destination = await enterOrChoose<Reference>(place, {
        placeholder: t('Where to? Like registry.example.com/app:1.0; no tag: the one of the source'),
        value: state.destination ? familiarName(state.destination) : '',
        choices: suggestDestinations(recent, source).map(({ text, kind }) => ({
          label: labelText(text, 300), description: kind === 'place' ? t('beside the last copies') : t('used before'), value: parseReference(text),
        })),
        parse: (text) => destinationOf(text, source),
      });
      if (destination === back) return back;
      const plan = await runWithProgress(t('Looking at {0} and {1}', familiarName(source), familiarName(destination)), (signal) => copying.plan({ source, destination, ...rules }, signal))
        .catch((error: unknown) => { throw withCopyRemedy(error, { source, destination }); });
      // Another tree: what was chosen of the last one means nothing here.
      const selection = state.plan?.root.digest === plan.root.digest ? state.selection : {};
      return { ...state, destination, plan, selection };
    },
  };
}

/** To copy needs more than to verify: what can be done about it is said so. */
export function withCopyRemedy(error: unknown, sides: Pick<CopyPlan, 'source' | 'destination'>): unknown {
  if (!(error instanceof CosignError)) return error;
  const remedy = copyRemedy(error.code, sides);
  return remedy === undefined ? error : error.advised(remedy);
}

function destinationOf(text: string, source: Reference): { readonly value: Reference } | string {
  const written = parsed(text);
  if (typeof written === 'string') return written;
  const hasTag = /:[^/:]+$/.test(text);
  const reference = hasTag || written.digest ? written : { ...written, tag: source.tag ?? 'latest' };
  if (canonicalRepository(reference) === canonicalRepository(source) && reference.tag === source.tag) return t('This is the source itself.');
  if (/^sha256-[0-9a-f]{64}/.test(reference.tag ?? '')) return t('Tags that begin with sha256- belong to signatures; choose another.');
  return { value: reference };
}

function parsed(text: string): Reference | string {
  try {
    return parseReference(text);
  } catch (error) {
    return inWords(saidOf(error), t);
  }
}

/** An index is copied whole; or some of its images are taken instead. */
export function partStep(copying: CopyEngine): Step<CopyState> {
  return {
    applies: ({ plan }) => plan?.root.kind === 'index' && plan.root.children.length > 0,
    ask: async (state, place) => {
      const { plan } = state;
      if (!plan) return state;
      const rows = partRows(plan.root, t);
      const chosen = topsOf(plan, state.selection);
      const tops = await chooseSeveral<PlannedManifest>(place, {
        choices: rows.map(({ manifest, depth, words }) => ({
          label: indented(depth, words),
          description: `${shortDigest(manifest.digest)}, ${totalsWords(copying.totals(plan, { tops: [manifest.digest] }), t)}`,
          detail: manifest.missing.length > 0 ? t('cannot be copied: not all that it lists can be')
            : depth === 0 ? t('all of it, with everything that hangs on it')
              : t('instead of the index; what hangs on the index stays behind'),
          value: manifest,
          picked: chosen.includes(manifest) && manifest.missing.length === 0,
        })),
        placeholder: (checked) => partQuestion(checked, plan.root, t),
        settle: withoutRelatives,
        atLeastOne: true,
      });
      if (tops === back) return back;
      const { kinds } = state.selection;
      return { ...state, selection: { ...(kinds ? { kinds } : {}), ...(tops.includes(plan.root) ? {} : { tops: tops.map(({ digest }) => digest) }) } };
    },
  };
}

/** What was checked last takes the place of what lists it, and of what it lists. */
function withoutRelatives(checked: readonly PlannedManifest[], added: readonly PlannedManifest[]): readonly PlannedManifest[] {
  const isIn = (one: PlannedManifest, other: PlannedManifest): boolean => one !== other && childrenFirst(other).includes(one);
  return checked.filter((one) => added.includes(one) || !added.some((other) => isIn(one, other) || isIn(other, one)));
}

export function kindsStep(copying: CopyEngine): Step<CopyState> {
  return {
    applies: ({ plan, selection }) => plan !== undefined && Object.values(proofCounts(topsOf(plan, selection))).some((count) => count > 0),
    ask: async (state, place) => {
      const { plan, selection } = state;
      if (!plan) return state;
      const counts = proofCounts(topsOf(plan, selection));
      const size = (kinds: CopySelection['kinds']): number => copying.totals(plan, { ...selection, ...(kinds ? { kinds } : {}) }).sizeBytes;
      const bare = size([]);
      const all = proofKinds.filter((kind) => counts[kind] > 0);
      const kinds = await chooseSeveral<ProofKind>(place, {
        placeholder: () => t('What is copied with the image?'),
        choices: all.map((kind) => ({
          label: kindWords(kind, t), description: `${counts[kind]}, ${sizeText(Math.max(0, size([kind]) - bare))}`,
          ...(kind === 'signature' ? { detail: t('without them the copy cannot be verified') } : {}),
          value: kind, picked: selection.kinds?.includes(kind) !== false,
        })),
      });
      if (kinds === back) return back;
      const { tops } = selection;
      return { ...state, selection: { ...(tops ? { tops } : {}), ...(all.every((kind) => kinds.includes(kind)) ? {} : { kinds }) } };
    },
  };
}

/** The editor draws spaces that do not break as they are, and reads over them. */
export function indented(depth: number, text: string): string {
  return '\u00a0'.repeat(Math.min(depth, 20) * 4) + labelText(text, 120);
}
