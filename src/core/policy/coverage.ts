// Why a policy of the settings speaks about an image, or does not: for explaining, never for judging.
import type { Reference } from '../oci/reference.ts';
import { coversImage, parseImagePattern } from './imagePattern.ts';
import type { TrustPolicy } from './trustPolicy.ts';

export interface PolicyCoverage {
  /** The policy's name. */
  readonly policy: string;
  readonly covers: boolean;
  /** The first pattern that matches, as written. */
  readonly pattern?: string;
  /** The first pattern with `!` that takes the image out again, as written. */
  readonly excludedBy?: string;
}

/** @throws {CosignError} `POLICY_INVALID` for a pattern that is none */
export function coverageOf({ name, images }: Pick<TrustPolicy, 'name' | 'images'>, reference: Reference): PolicyCoverage {
  const patterns = images.map(parseImagePattern);
  const matching = patterns.filter((pattern) => coversImage([{ ...pattern, negative: false }], reference));
  const pattern = matching.find(({ negative }) => !negative)?.text;
  const excludedBy = pattern === undefined ? undefined : matching.find(({ negative }) => negative)?.text;
  return {
    policy: name, covers: coversImage(patterns, reference),
    ...(pattern === undefined ? {} : { pattern }), ...(excludedBy === undefined ? {} : { excludedBy }),
  };
}
