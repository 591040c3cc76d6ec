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

/** @param usual COSIGN_REPOSITORY: for every rule that names no place of its own */
export function placesOf(image: RepositoryName, demands: readonly Demand[], usual: RepositoryName | undefined): readonly SignaturePlace[] {
  const own = nameOnly(image);
  const placeOf = (rule: SignerRule | undefined): { readonly repository: RepositoryName; readonly ofPlatform: boolean } =>
    ({ repository: nameOnly(rule?.repository ?? usual ?? own), ofPlatform: rule?.ofPlatform === true });
  const nameOf = (rule: SignerRule | undefined): string => {
    const { repository, ofPlatform } = placeOf(rule);
    return `${canonicalRepository(repository)}${ofPlatform ? ' of the platform' : ''}`;
  };
  const wanted = demands.flatMap(({ rule }): readonly (SignerRule | undefined)[] => {
    const rules = signerRulesIn(rule);
    return rules.length === 0 ? [undefined] : rules;
  });
  const unique = new Map(wanted.map((rule) => [nameOf(rule), placeOf(rule)]));
  return [...unique].map(([name, place]) => ({ ...place, image: own, looksHere: (rule) => nameOf(rule) === name }));
}

const nameOnly = ({ registry, repository }: RepositoryName): RepositoryName => ({ registry, repository });
