// What an image must satisfy: the policies that cover it, or "any trusted key" where no policy is configured.
import { coversImage, parseImagePattern } from './imagePattern.ts';
import type { Reference } from '../oci/reference.ts';
import type { TrustPolicy, TrustSettings } from './trustPolicy.ts';
import type { PolicySeverity } from './verdict.ts';

/** One demand; a signature satisfies it when any one of the keys made it and it carries every annotation. */
export interface Requirement {
  readonly policy: string;
  readonly keys: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly severity?: PolicySeverity;
}

/** The name shown where no policy is configured. */
export const everyKey = 'all keys';

/**
 * All of these must be satisfied (policies that cover the same image add up, as ClusterImagePolicies do); empty when policies are
 * configured and none covers the image.
 * @throws {CosignError} `POLICY_INVALID` for a pattern that is none
 */
export function requirementsFor(reference: Reference, trust: TrustSettings): readonly Requirement[] {
  if (trust.policies.length === 0) {
    return [{ policy: everyKey, keys: trust.keys.map(({ name }) => name), annotations: {} }];
  }
  return trust.policies.filter((policy) => covers(policy, reference)).map(({ name, keys, annotations, severity }) => ({
    policy: name, keys, annotations, ...(severity ? { severity } : {}),
  }));
}

function covers(policy: TrustPolicy, reference: Reference): boolean {
  return coversImage(policy.images.map(parseImagePattern), reference);
}
