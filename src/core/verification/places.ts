// Where the signatures of an image are looked for: its own repository, or the ones that settings and policies name.
import type { RepositoryName } from '../oci/exchange.ts';
import { canonicalRepository } from '../oci/reference.ts';
import type { Demand, SignerRule } from '../policy/demand.ts';
import { signerRulesIn } from '../policy/requirements.ts';

/**
 * Whose signatures count where the reference names an index: the index's, those of the platform's image, or the index's and, where it
 * has none at all, those of the platform's image.
 */
export type SignedSubject = 'named' | 'platform' | 'either';

export interface SignaturePlace {
  /** Where the signatures are. */
  readonly repository: RepositoryName;
  /** Where the image is. */
  readonly image: RepositoryName;
  readonly subject: SignedSubject;
  readonly looksHere: (rule: SignerRule) => boolean;
}

/** Most repositories looked at for one image, so that a hostile policy file cannot send anybody around the world. */
export const maxPlaces = 20;

/** @param usual for every rule that says nothing about its place; empty: where the image is */
export function placesOf(image: RepositoryName, demands: readonly Demand[], usual: readonly RepositoryName[]): readonly SignaturePlace[] {
  const own = nameOnly(image);
  const everyday = usual.length === 0 ? [own] : usual.map(nameOnly);
  const placesFor = (rule: SignerRule | undefined): readonly Place[] => {
    const repositories = rule?.repository ? [nameOnly(rule.repository)] : rule?.besideImage === true ? [own] : everyday;
    return repositories.map((repository) => ({ repository, subject: rule?.ofPlatform === true ? 'platform' : rule?.asNamed === true ? 'named' : 'either' }));
  };
  const wanted = demands.flatMap(({ rule }): readonly Place[] => {
    const rules = signerRulesIn(rule);
    return rules.length === 0 ? placesFor(undefined) : rules.flatMap(placesFor);
  });
  const unique = new Map(wanted.map((place) => [nameOf(place), place]));
  return [...unique].map(([name, place]) => ({ ...place, image: own, looksHere: (rule) => placesFor(rule).some((other) => nameOf(other) === name) }));
}

type Place = Pick<SignaturePlace, 'repository' | 'subject'>;

const nameOf = ({ repository, subject }: Place): string => `${canonicalRepository(repository)} ${subject}`;
const nameOnly = ({ registry, repository }: RepositoryName): RepositoryName => ({ registry, repository });
