// What can be said about one image. Only `verified` may ever be drawn as trusted.
import type { Digest } from '../crypto/digest.ts';
import type { CosignError } from '../errors.ts';

/** In which of cosign's two formats a signature was written. */
export type SignatureFormat = 'legacy' | 'bundle';

/** Where it was found. */
export type SignatureStore = 'signature tag' | 'referrers API' | 'referrers tag';

/** Why a signature does not count. Closed list; words for each are in `presentation`. */
export type SignatureFault =
  | 'other-key'            // well-formed, but by none of the keys that count here
  | 'wrong-digest'         // signs another digest
  | 'annotations'          // right key and digest, but a required annotation is missing or different
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
  /** Which trusted key it verifies with: only set when the signature, the digest claim and the annotations all passed. */
  readonly signedBy?: TrustedSigner;
  readonly fault?: SignatureFault;
  /** More about the fault, one sentence. */
  readonly detail?: string;
  /** String annotations inside the signed payload; shown only as far as the signature itself is good. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Bundles: the in-toto predicate type. */
  readonly predicateType?: string;
  /** Bundles: the key hint; informational. */
  readonly keyHint?: string;
  /** Legacy: `critical.identity.docker-reference`; informational, never a failure. */
  readonly identity?: string;
}

export interface TrustedSigner {
  /** Name of the key in `countersign.keys`. */
  readonly key: string;
  /** `SHA256:` and the base64 digest of the SPKI DER, without padding. */
  readonly fingerprint: string;
}

/** Which policies an image had to satisfy. */
export interface PolicyOutcome {
  /** Name, or `policies[2]` for one without; `all keys` when no policy is configured. */
  readonly policy: string;
  readonly satisfied: boolean;
  readonly severity?: PolicySeverity;
  /** Names of the keys of which any one suffices. */
  readonly keys: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
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
}

export type Verdict =
  /** At least one signature passed fully for every policy that covers the image. */
  | ({ readonly kind: 'verified' } & Evidence)
  /** Both stores were looked at without any failure and hold no signature. */
  | ({ readonly kind: 'unsigned' } & Evidence)
  /** Signatures were found, everything was readable, and they do not satisfy. */
  | ({ readonly kind: 'untrusted' } & Evidence)
  /** Could not find out. Never to be read as unsigned. */
  | { readonly kind: 'unchecked'; readonly reason: CosignError; readonly digest?: Digest; readonly evidence?: Evidence; readonly checkedAt: number }
  /** Policies are configured and none covers this image. Nothing was asked. */
  | { readonly kind: 'uncovered' };
