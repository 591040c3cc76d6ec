// Which images a policy speaks about: the globs of ClusterImagePolicy, with `!` to take images out again.
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import { matchesTokens, tokenizeGlob, type GlobToken } from './globTokens.ts';
import { canonicalName, canonicalRepository, type Reference } from '../oci/reference.ts';

const dockerHub = 'index.docker.io/';
const library = 'index.docker.io/library/';

/** One glob, ready to match. */
export interface ImagePattern {
  /** As written. */
  readonly text: string;
  /** `!` in front: takes out what the others let in. */
  readonly negative: boolean;
  readonly tokens: readonly GlobToken[];
}

/**
 * `*` stands for any run of characters but `/`, `**` for any run at all; the whole name must match. `*` alone means Docker Hub's
 * official images and `*` `/` `*` its other ones, as in policy-controller (`pkg/apis/glob`).
 * @throws {CosignError} `POLICY_INVALID`, quoting the pattern
 */
export function parseImagePattern(text: string): ImagePattern {
  const negative = text.startsWith('!');
  const glob = negative ? text.slice(1) : text;
  if (glob.length > 1024 || !/^[a-zA-Z0-9\-_:/*.@[\]]+$/.test(glob)) {
    throw new CosignError('POLICY_INVALID', said`"${text.slice(0, 100)}" is not an image pattern.`, {
      remedy: said`Use letters, digits and - _ . : / @, with * for a part of a name and ** for anything, such as ghcr.io/my-org/**.`,
    });
  }
  return { text, negative, tokens: tokenizeGlob(glob) };
}

/** True when at least one pattern matches and no `!` pattern does. */
export function coversImage(patterns: readonly ImagePattern[], reference: Reference): boolean {
  const names = spellings(reference);
  const matches = (pattern: ImagePattern): boolean => names.some((name) => matchesTokens(pattern.tokens, name));
  return patterns.some((pattern) => !pattern.negative && matches(pattern)) && !patterns.some((pattern) => pattern.negative && matches(pattern));
}

/**
 * The names a pattern may match: canonical with tag or digest as ggcr's `Name()`, with the tag when both were written, and the bare
 * repository, so that `ghcr.io/o/app` covers every tag. Docker Hub names also as `docker.io/…` and as people shorten them,
 * however the Dockerfile spells them, so that a spelling can never step around a policy.
 */
function spellings(reference: Reference): readonly string[] {
  const repository = canonicalRepository(reference);
  const names = [canonicalName(reference), repository];
  if (reference.tag !== undefined) names.push(`${repository}:${reference.tag}`);
  if (!repository.startsWith(dockerHub)) return names;
  const short = (name: string): string => (name.startsWith(library) ? name.slice(library.length) : name.slice(dockerHub.length));
  return names.flatMap((name) => [name, name.replace('index.', ''), short(name)]);
}
