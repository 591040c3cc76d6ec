// What the trust tree asks of a registry: what one manifest is, what hangs on it, and its very bytes. Nothing here is a verdict.
import type { ProofKind } from './copyEngine.ts';
import type { Digest } from './crypto/digest.ts';
import type { CosignError } from './errors.ts';
import type { RepositoryName } from './oci/exchange.ts';
import type { Descriptor } from './oci/manifest.ts';
import type { Reference } from './oci/reference.ts';

/** Something that hangs on a manifest, as its own manifest describes it. All texts are the registry's. */
export interface AttachedProof {
  readonly kind: ProofKind;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** A tag made of the subject's digest, or the list of referrers. */
  readonly place: { readonly kind: 'tag'; readonly tag: string } | { readonly kind: 'referrer' };
  readonly artifactType?: string;
  readonly predicateType?: string;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ContainedManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** `linux/arm64/v8`; undefined where the index names none. */
  readonly platform?: string;
}

/** One manifest and what is directly below and beside it. */
export interface ManifestContents {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** What an index lists, in its order; empty for an image. */
  readonly manifests: readonly ContainedManifest[];
  /** Layers of an image with its config; empty for an index. */
  readonly blobs: readonly Descriptor[];
  readonly proofs: readonly AttachedProof[];
  /** Listed referrers beyond those that are read. */
  readonly notRead: number;
  /** What could not be read: while there is one, "nothing hangs on it" cannot be said. */
  readonly incomplete: readonly CosignError[];
}

export interface StoredText {
  /** Exactly as stored; its digest was checked. */
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** For reading: JSON in lines, else unchanged; undefined for what is no text. */
  readonly text?: string;
}

export interface ContentsEngine {
  /** @throws {CosignError} `IMAGE_NOT_FOUND`, every `REGISTRY_…` code */
  resolve(reference: Reference, signal: AbortSignal): Promise<Digest>;
  /** One level; at most {@link contentsLimits.referrers} referrers are read. @throws {CosignError} `IMAGE_NOT_FOUND`, `MANIFEST_INVALID`, every `REGISTRY_…` code */
  read(repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<ManifestContents>;
  /** @throws {CosignError} `IMAGE_NOT_FOUND`, every `REGISTRY_…` code */
  manifest(repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<StoredText>;
  /**
   * A layer of a manifest, at most {@link contentsLimits.payloadBytes}.
   * @throws {CosignError} `IMAGE_NOT_FOUND`, `MANIFEST_INVALID` when the manifest has no such layer, `SIZE_LIMIT`, every `REGISTRY_…` code
   */
  payload(repository: RepositoryName, manifest: Digest, layer: Digest, signal: AbortSignal): Promise<StoredText>;
}

export const contentsLimits = { referrers: 200, payloadBytes: 8 * 1024 * 1024 } as const;
