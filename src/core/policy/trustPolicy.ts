// Which keys an image must be signed by: the shape of `countersign.keys` and `countersign.policies`, checked.
import type { CosignError } from '../errors.ts';
import type { PolicyFile, PolicyOrigin } from './demand.ts';
import type { PolicySeverity } from './verdict.ts';

/** A public key a person trusts: a name and where the key is. */
export interface KeySetting {
  readonly name: string;
  /** A PEM file path (relative to {@link baseDirectory}), an inline PEM, `env://NAME` or `https://…`. */
  readonly reference: string;
  /** Absolute folder that relative paths start from; undefined where there is no folder. */
  readonly baseDirectory?: string;
  /** Of several keys in the file only the first counts, as for podman. */
  readonly firstOnly?: boolean;
  /** A Kubernetes secret must hold this one entry and no other, as for policy-controller. */
  readonly onlyEntry?: boolean;
}

export interface TrustPolicy {
  /** For people: the policy's `name`, or `policies[2]`. */
  readonly name: string;
  /** Globs as in ClusterImagePolicy, `!` in front takes images out again; at least one without `!`. */
  readonly images: readonly string[];
  /** Names in `countersign.keys`. */
  readonly keys: readonly string[];
  /** How many of the keys must have signed; undefined: `any`, one of them. A number is from 1 to how many {@link keys} there are. */
  readonly require?: 'any' | 'all' | number;
  /** Each must be in the signed payload with exactly this value. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly severity?: PolicySeverity;
  /** Where it is written, as far as known. */
  readonly origin?: PolicyOrigin;
  /** Set for policies of an untrusted workspace: they add to what is asked, stand in for nothing, and never make an image verified. */
  readonly demandsOnly?: boolean;
}

/** What a folder's settings say about trust. */
export interface TrustSettings {
  readonly keys: readonly KeySetting[];
  readonly policies: readonly TrustPolicy[];
  /** ClusterImagePolicies and containers policies that count here, beside {@link policies}. */
  readonly files?: readonly PolicyFile[];
  /** Entries that could not be read, one error each (`SETTING_INVALID`, `POLICY_INVALID`). */
  readonly problems: readonly CosignError[];
}

/** What tells keys apart: two policy files may each have an `authority-0`. */
export function keyIdentity({ name, reference, baseDirectory, firstOnly, onlyEntry }: KeySetting): string {
  return JSON.stringify([name, reference, baseDirectory ?? null, firstOnly === true, onlyEntry === true]);
}

/** How many of its keys a policy wants to have signed. */
export function thresholdOf({ keys, require = 'any' }: Pick<TrustPolicy, 'keys' | 'require'>): number {
  if (require === 'all') return keys.length;
  return require === 'any' ? 1 : require;
}
