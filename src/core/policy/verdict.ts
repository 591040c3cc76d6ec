// What can be said about one image. Only `verified` may ever be drawn as trusted.
import type { Digest } from '../crypto/digest.ts';
import type { CosignError } from '../errors.ts';
import type { Said } from '../said.ts';
import type { PolicyOrigin } from './demand.ts';

/** In which of cosign's two formats a signature was written. */
export type SignatureFormat = 'legacy' | 'bundle';

/** Where it was found. */
export type SignatureStore = 'signature tag' | 'referrers API' | 'referrers tag';

/** Why a signature does not count. Closed list; words for each are in `presentation`. */
export type SignatureFault =
  | 'other-key'            // well-formed, but by none of the keys that count here
  | 'wrong-digest'         // signs another digest
  | 'annotations'          // right key and digest, but a required annotation is missing or different
  | 'identity'             // right key and digest, but the signed name is not the one the policy asks for
  | 'format'               // right key and digest, but the policy's program does not read this format
  | 'certificate'          // keyless or certificate-signed: no public key of ours can check it
  | 'malformed'            // payload, bundle or envelope cannot be read
  | 'unsupported'          // newer bundle version, unknown payload type
  | 'no-signature';        // a layer or envelope without a signature

/** One signature that was found for a digest, and its fate. Text in it is the registry's: hostile until escaped. */
export interface SignatureReport {
  readonly format: SignatureFormat;
  readonly store: SignatureStore;
  /** The manifest that lists it, and the blob that holds it. */
  readonly manifest: Digest;
  readonly blob: Digest;
  /** Legacy: the signed bytes, as stored; there with {@link signedBy} only. */
  readonly payload?: Uint8Array;
  /** Which trusted key it verifies with: only set when the signature, the digest claim and the annotations all passed. */
  readonly signedBy?: TrustedSigner;
  readonly fault?: SignatureFault;
  /** More about the fault, one sentence. */
  readonly detail?: Said;
  /** String annotations inside the signed payload; shown only as far as the signature itself is good. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Bundles: the in-toto predicate type. */
  readonly predicateType?: string;
  /** Bundles: the key hint; informational. */
  readonly keyHint?: string;
  /** Legacy: `critical.identity.docker-reference`; informational unless a policy file has a rule for it. */
  readonly identity?: string;
  /** Set when it lies in another repository than the image: `registry/repository`. */
  readonly repository?: string;
}

export interface TrustedSigner {
  /** Name of the key in `countersign.keys`. */
  readonly key: string;
  /** `SHA256:` and the base64 digest of the SPKI DER, without padding. */
  readonly fingerprint: string;
}

/** What became of a demand, or a part of one; `unknown` is never to be read as either of the others. */
export type DemandState = 'satisfied' | 'unsatisfied' | 'unknown';

/** One of the keys that a policy names. */
export interface SignerOutcome {
  readonly key: string;
  /**
   * `invalid`: the key did sign, but its signature does not count (annotations, identity, format, another digest).
   * `unreadable`: the key could not be loaded, so whether it signed is not known.
   */
  readonly state: 'present' | 'missing' | 'invalid' | 'unreadable';
  /** Of the public key that signed, or of the only one behind the name. */
  readonly fingerprint?: string;
  /** Why it does not count; may quote signed text, hostile until escaped. */
  readonly detail?: Said;
}

/** What became of one rule of a policy. */
export interface RuleOutcome {
  readonly kind: 'signers' | 'any' | 'all' | 'accept' | 'reject' | 'unsupported';
  readonly state: DemandState;
  /** Name of the authority, where the format has one; for `any` that of the alternative that decided. */
  readonly authority?: string;
  /** How many signers are wanted: for `any` the fewest that suffice, for `all` those of all parts. */
  readonly required: number;
  /** Every key that the rule and its parts name. */
  readonly signers: readonly SignerOutcome[];
  readonly annotations: Readonly<Record<string, string>>;
  /** Why it is accepted, rejected or not known: one sentence, may quote the policy's text. */
  readonly reason?: Said;
  /** Of `any` and `all`. */
  readonly parts?: readonly RuleOutcome[];
}

/** Which policies an image had to satisfy. */
export interface PolicyOutcome extends Partial<Omit<RuleOutcome, 'annotations'>> {
  /** Name, or `policies[2]` for one without; `all keys` when no policy is configured. */
  readonly policy: string;
  readonly satisfied: boolean;
  readonly severity?: PolicySeverity;
  /** Names of the keys of which {@link required} must sign; undefined: any one. */
  readonly keys: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  /** Where it was written. */
  readonly origin?: PolicyOrigin;
}

export type PolicySeverity = 'error' | 'warning' | 'information' | 'hint';

export interface Evidence {
  /** The digest that the reference named or resolved to. */
  readonly digest: Digest;
  /** The digest whose signatures decided: {@link digest}, or the child manifest for {@link platform} of an unsigned index. */
  readonly decidedBy: Digest;
  /** Set when `decidedBy` is the child manifest for this platform. */
  readonly platform?: string;
  readonly signatures: readonly SignatureReport[];
  readonly policies: readonly PolicyOutcome[];
  /** What was looked at but could not be read; empty for `unsigned` and `untrusted` by construction. */
  readonly incomplete: readonly CosignError[];
  /** Milliseconds since the epoch. */
  readonly checkedAt: number;
  /** Verified only: the registry was not asked now; these signatures, read from the disk and verified, are what it listed then (milliseconds since the epoch). */
  readonly storedAt?: number;
}

export type Verdict =
  /** Every policy that covers the image is satisfied, and at least one signature passed fully. */
  | ({ readonly kind: 'verified' } & Evidence)
  /** Both stores were looked at without any failure and hold no signature. */
  | ({ readonly kind: 'unsigned' } & Evidence)
  /** Signatures were found, everything was readable, and they do not satisfy. */
  | ({ readonly kind: 'untrusted' } & Evidence)
  /** Could not find out. Never to be read as unsigned. */
  | { readonly kind: 'unchecked'; readonly reason: CosignError; readonly digest?: Digest; readonly evidence?: Evidence; readonly checkedAt: number }
  /**
   * Nothing is asked of this image: no policy covers it, or {@link acceptedBy} names the policy that accepts it without a signature.
   * Says nothing about who signed it.
   */
  | { readonly kind: 'uncovered'; readonly acceptedBy?: string };
