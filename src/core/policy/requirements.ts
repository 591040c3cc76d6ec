// What an image must satisfy: the policies and policy files that speak about it, or "any trusted key" where there are none.
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import type { Reference } from '../oci/reference.ts';
import type { Demand, DemandRule, SignerRule } from './demand.ts';
import { coversImage, parseImagePattern } from './imagePattern.ts';
import { thresholdOf, type KeySetting, type TrustPolicy, type TrustSettings } from './trustPolicy.ts';

/** The name shown where no policy is configured. */
export const everyKey = 'all keys';

/**
 * All of these must be satisfied (policies that cover the same image add up, as ClusterImagePolicies do); empty when there are
 * policies and none covers the image. What only adds demands ({@link TrustPolicy.demandsOnly}) never counts as "there are policies".
 * @throws {CosignError} `POLICY_INVALID` for a pattern that is none and for a key that is not there
 */
export function demandsFor(reference: Reference, trust: TrustSettings): readonly Demand[] {
  const { keys, policies, files = [] } = trust;
  const decides = [...policies, ...files].some(({ demandsOnly }) => demandsOnly !== true);
  const implicit: Demand = {
    policy: everyKey, origin: { kind: 'settings' },
    rule: { kind: 'signers', keys, threshold: 1, annotations: {} },
  };
  return [
    ...(decides ? [] : [implicit]),
    ...policies.filter((policy) => policyCovers(policy, reference)).map((policy) => demandOf(policy, keys)),
    ...files.flatMap((file) => file.demandsFor(reference).map((demand): Demand => (file.demandsOnly === true ? { ...demand, demandsOnly: true } : demand))),
  ];
}

/** @throws {CosignError} `POLICY_INVALID` for a pattern that is none */
export function policyCovers({ images }: Pick<TrustPolicy, 'images'>, reference: Reference): boolean {
  return coversImage(images.map(parseImagePattern), reference);
}

/** Every signers rule in a rule, in the order written. */
export function signerRulesIn(rule: DemandRule): readonly SignerRule[] {
  switch (rule.kind) {
    case 'signers': return [rule];
    case 'any': case 'all': return rule.rules.flatMap(signerRulesIn);
    case 'accept': case 'reject': case 'unsupported': return [];
  }
}

function demandOf(policy: TrustPolicy, keys: readonly KeySetting[]): Demand {
  const { name, annotations, severity, origin, demandsOnly } = policy;
  return {
    policy: name,
    origin: origin ?? { kind: 'settings' },
    rule: { kind: 'signers', keys: policy.keys.map((key) => keyNamed(key, keys, name)), threshold: thresholdOf(policy), annotations },
    ...(severity === undefined ? {} : { severity }),
    ...(demandsOnly === true ? { demandsOnly } : {}),
  };
}

function keyNamed(name: string, keys: readonly KeySetting[], policy: string): KeySetting {
  const key = keys.find((candidate) => candidate.name === name);
  if (!key) throw new CosignError('POLICY_INVALID', said`The policy "${policy}" names the key "${name}", which countersign.keys does not have.`, { remedy: said`Correct it in the settings.` });
  return key;
}
