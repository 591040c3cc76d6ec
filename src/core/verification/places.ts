// Where the signatures of an image are looked for: its own repository, or the ones that settings and policies name.
import type { RepositoryName } from '../oci/exchange.ts';
import { canonicalRepository } from '../oci/reference.ts';
import type { Demand, SignerRule } from '../policy/demand.ts';
import { signerRulesIn } from '../policy/requirements.ts';

export interface SignaturePlace {
  /** Where the signatures are. */
  readonly repository: RepositoryName;
  /** Where the image is. */
  readonly image: RepositoryName;
  /** Those of the platform's image, when what was asked for is an index. */
  readonly ofPlatform: boolean;
  readonly looksHere: (rule: SignerRule) => boolean;
}

/** Most repositories looked at for one image, so that a hostile policy file cannot send anybody around the world. */
export const maxPlaces = 20;

/** @param usual for every rule that names no place of its own; empty: where the image is */
export function placesOf(image: RepositoryName, demands: readonly Demand[], usual: readonly RepositoryName[]): readonly SignaturePlace[] {
  const own = nameOnly(image);
  const everyday = usual.length === 0 ? [own] : usual.map(nameOnly);
  const placesFor = (rule: SignerRule | undefined): readonly Place[] =>
    (rule?.repository ? [nameOnly(rule.repository)] : everyday).map((repository) => ({ repository, ofPlatform: rule?.ofPlatform === true }));
  const wanted = demands.flatMap(({ rule }): readonly Place[] => {
    const rules = signerRulesIn(rule);
    return rules.length === 0 ? placesFor(undefined) : rules.flatMap(placesFor);
  });
  const unique = new Map(wanted.map((place) => [nameOf(place), place]));
  return [...unique].map(([name, place]) => ({ ...place, image: own, looksHere: (rule) => placesFor(rule).some((other) => nameOf(other) === name) }));
}

type Place = Pick<SignaturePlace, 'repository' | 'ofPlatform'>;

const nameOf = ({ repository, ofPlatform }: Place): string => `${canonicalRepository(repository)}${ofPlatform ? ' of the platform' : ''}`;
const nameOnly = ({ registry, repository }: RepositoryName): RepositoryName => ({ registry, repository });
