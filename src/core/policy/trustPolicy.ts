// Which keys an image must be signed by: the shape of `countersign.keys` and `countersign.policies`, checked.
import type { CosignError } from '../errors.ts';
import type { PolicyFile } from './demand.ts';
import type { PolicySeverity } from './verdict.ts';

/** A public key a person trusts: a name and where the key is. */
export interface KeySetting {
  readonly name: string;
  /** A PEM file path (relative to {@link baseDirectory}), an inline PEM, `env://NAME` or `https://…`. */
  readonly reference: string;
  /** Absolute folder that relative paths start from; undefined where there is no folder. */
  readonly baseDirectory?: string;
}

export interface TrustPolicy {
  /** For people: the policy's `name`, or `policies[2]`. */
  readonly name: string;
  /** Globs as in ClusterImagePolicy, `!` in front takes images out again; at least one without `!`. */
  readonly images: readonly string[];
  /** Names in `countersign.keys`; any one suffices. */
  readonly keys: readonly string[];
  /** Each must be in the signed payload with exactly this value. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly severity?: PolicySeverity;
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
