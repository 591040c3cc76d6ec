// A signature as it was found in a registry: bytes and where they came from, not yet judged.
import type { CosignError } from '../errors.ts';
import type { Digest } from '../crypto/digest.ts';
import type { SignatureStore } from '../policy/verdict.ts';

interface Found {
  readonly store: SignatureStore;
  readonly manifest: Digest;
  readonly manifestBytes: Uint8Array;
  readonly blob: Digest;
}

export type StoredSignature =
  | (Found & {
    readonly format: 'legacy';
    /** The payload exactly as stored. */
    readonly payload: Uint8Array;
    /** The layer's signature annotation, base64 as written. */
    readonly signature: string | undefined;
    /** The layer carries a certificate: signed keyless or with an X.509 key. */
    readonly certificate: boolean;
  })
  | (Found & { readonly format: 'bundle'; readonly bytes: Uint8Array });

/** All that both stores hold for one digest. */
export interface FoundSignatures {
  readonly signatures: readonly StoredSignature[];
  /** What could not be read; while this is not empty "no signature" cannot be said. */
  readonly incomplete: readonly CosignError[];
}
