// Collects the image uses of a file and parses the reference each one comes to.
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import { parseReference, type Reference } from '../oci/reference.ts';
import type { ImageUse, ImageUseKind, TextRange } from './imageUse.ts';
import { quote, type Phase, type Problems } from './problems.ts';
import { provenanceOf, type VariableUse } from './variables.ts';

/** Digests BuildKit takes and this project does not verify. */
const otherDigest = /@sha(?:384:[0-9a-f]{96}|512:[0-9a-f]{128})$/;

/** An image named somewhere, before its reference is parsed. */
export interface NamedImage {
  readonly kind: ImageUseKind;
  /** First line of the instruction. */
  readonly line: number;
  readonly range: TextRange;
  readonly raw: string;
  /** After expansion. */
  readonly text: string;
  readonly variables?: readonly VariableUse[];
  readonly stage?: string | number | undefined;
  readonly platform?: string | undefined;
  /** The text could not be expanded. */
  readonly error?: CosignError | undefined;
  /** A text that is no reference refuses the file in this step; undefined: it does not refuse this build. */
  readonly phase?: Phase;
}

export class ImageUses {
  readonly #uses: ImageUse[] = [];
  readonly #parsed = new Map<string, Parsed>();
  readonly #problems: Problems;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  add(image: NamedImage): void {
    const { kind, line, range, raw, text, stage, platform, phase } = image;
    const { origins, missing } = provenanceOf(image.variables ?? []);
    const parsed = this.#parse(image, missing);
    if ('unresolved' in parsed && phase !== undefined && !otherDigest.test(text)) this.#problems.add(phase, range, parsed.unresolved.said);
    this.#uses.push({
      kind, line, range, raw, text, ...parsed, missing, origins,
      ...(stage === undefined ? {} : { stage }), ...(platform === undefined ? {} : { platform }),
    });
  }

  /** The same words come to the same answer: a file of nothing but bad references is not slow. */
  #parse({ raw, text, error }: NamedImage, missing: readonly string[]): Parsed {
    const key = [raw, text, error?.message ?? '', ...missing].join('\0');
    const known = this.#parsed.get(key);
    if (known) return known;
    const parsed = error ? explain(error, raw, text, missing) : referenceOf(raw, text, missing);
    this.#parsed.set(key, parsed);
    return parsed;
  }

  /** In document order. */
  get all(): readonly ImageUse[] {
    return this.#uses.sort((a, b) => a.range.start.line - b.range.start.line || a.range.start.character - b.range.start.character);
  }
}

type Parsed = { readonly reference: Reference } | { readonly unresolved: CosignError };

function referenceOf(raw: string, text: string, missing: readonly string[]): Parsed {
  try {
    return { reference: parseReference(text) };
  } catch (error) {
    if (!(error instanceof CosignError)) throw error;
    return explain(error, raw, text, missing);
  }
}

/** Names the arguments without a value when there are any: they are the likely cause. */
function explain(cause: CosignError, raw: string, text: string, missing: readonly string[]): Parsed {
  const [first] = missing;
  if (first === undefined) {
    const message = text === '' ? said`${quote(raw)} comes to no image reference: it is empty.` : cause.said;
    return { unresolved: new CosignError('REFERENCE_INVALID', message, { cause, ...(cause.remedy === undefined ? {} : { remedy: cause.remedy }) }) };
  }
  const names = missing.slice(0, 5).map(quote).join(', ');
  const which = missing.length === 1 ? said`the build argument ${names} has no value` : said`the build arguments ${names} have no value`;
  return {
    unresolved: new CosignError('REFERENCE_INVALID', said`${quote(raw)} comes to no image reference: ${which}.`, {
      cause, remedy: missing.length === 1
        ? said`Give it a default in an ARG line before the first FROM, or a value in the build arguments of the settings.`
        : said`Give them a default in an ARG line before the first FROM, or a value in the build arguments of the settings.`,
    }),
  };
}
