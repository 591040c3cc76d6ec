// What one policy asks of one image, wherever and in whatever format it was written: the shape that all policy formats are turned into.
import type { CosignError } from '../errors.ts';
import type { Said } from '../said.ts';
import type { RepositoryName } from '../oci/exchange.ts';
import type { Reference } from '../oci/reference.ts';
import type { TextRange } from '../textRange.ts';
import type { KeySetting } from './trustPolicy.ts';
import type { PolicySeverity, SignatureFormat } from './verdict.ts';

/** Where a policy was written, so that a person can be led to the line. */
export interface PolicyOrigin {
  readonly kind: 'settings' | 'cluster-image-policy' | 'containers-policy';
  /** The file's URI; undefined for settings that no file is known of. */
  readonly uri?: string;
  /** The policy, or the requirement, inside the file. */
  readonly range?: TextRange;
  /** Settings: the position in the list of policies, for finding the range later. */
  readonly index?: number;
}

/** Satisfied when {@link threshold} of the keys have each made a signature that passes in full. */
export interface SignerRule {
  readonly kind: 'signers';
  /** For people: the name of an authority, where the format has one. */
  readonly name?: string;
  readonly keys: readonly KeySetting[];
  /** 1 ≤ threshold ≤ keys.length; a signer counts once, however many signatures it made. */
  readonly threshold: number;
  /** While one of the keys cannot be read nothing is said, even if another has signed, as for podman. */
  readonly needsEveryKey?: boolean;
  /** Each must be in the signed payload with exactly this value. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Which formats count; undefined: both. */
  readonly formats?: readonly SignatureFormat[];
  /** What the signed `docker-reference` must be; undefined: anything. */
  readonly identity?: IdentityRule;
  /** What is signed must be the image of the platform: a signature of the index that lists it does not count, as for podman. */
  readonly ofPlatform?: boolean;
  /** What is signed must be what the reference names: where that is an index, a signature of an image in it does not count, as for policy-controller. */
  readonly asNamed?: boolean;
  /** Where the signatures lie, in place of the image's own repository. */
  readonly repository?: RepositoryName;
  /** Without a {@link repository} they lie beside the image, wherever the settings say that signatures are: who enforces the policy looks nowhere else. */
  readonly besideImage?: boolean;
}

/** `signedIdentity` of containers-policy.json(5). Names are as that format spells them (`docker.io/library/busybox`). */
export type IdentityRule =
  | { readonly kind: 'matchRepoDigestOrExact' | 'matchExact' | 'matchRepository' }
  | { readonly kind: 'exactReference'; readonly dockerReference: string }
  | { readonly kind: 'exactRepository'; readonly dockerRepository: string }
  | { readonly kind: 'remapIdentity'; readonly prefix: string; readonly signedPrefix: string };

export type DemandRule =
  | SignerRule
  /** Any one of them; never empty. {@link SignerRule.needsEveryKey}: the same for all keys of the parts, as for policy-controller. */
  | { readonly kind: 'any'; readonly rules: readonly DemandRule[]; readonly needsEveryKey?: boolean }
  /** Each of them; never empty. */
  | { readonly kind: 'all'; readonly rules: readonly DemandRule[] }
  /** Asks for no signature (`static: pass`, `insecureAcceptAnything`): satisfied, but never a reason to say "verified". */
  | { readonly kind: 'accept'; readonly reason: Said }
  /** Never satisfied, whatever is signed (`static: fail`, `reject`). */
  | { readonly kind: 'reject'; readonly reason: Said }
  /** What Countersign does not check yet (keyless, attestations, CUE, Rego): neither satisfied nor not. */
  | { readonly kind: 'unsupported'; readonly name?: string; readonly error: CosignError };

/** Why a policy speaks about an image: the glob or scope that matches, as written; `default` where no scope does. */
export interface DemandMatch {
  readonly kind: 'glob' | 'scope' | 'default';
  readonly text: string;
}

export interface Demand {
  /** For people: the policy's name. */
  readonly policy: string;
  /** Of policy files: for explaining, never for judging. */
  readonly match?: DemandMatch;
  readonly origin: PolicyOrigin;
  readonly severity?: PolicySeverity;
  readonly rule: DemandRule;
  /** As {@link PolicyFile.demandsOnly}: must be satisfied, but is never a reason to say "verified". */
  readonly demandsOnly?: boolean;
}

/** A policy file that was read and understood whole. All demands for an image must be satisfied. */
export interface PolicyFile {
  readonly uri: string;
  /**
   * Set for files that an untrusted workspace brings: what they demand counts on top of everything else, as if the file were not there
   * for all else, and satisfying it is never a reason to say "verified".
   */
  readonly demandsOnly?: boolean;
  /** Every key that it may ask for from another file: what to watch. */
  readonly keys?: readonly KeySetting[];
  /** The demands for one image; empty: the file does not speak about it. */
  demandsFor(reference: Reference): readonly Demand[];
}
