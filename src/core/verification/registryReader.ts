// What verification reads from registries: the part of the registry client it depends on.
import type { Digest } from '../crypto/digest.ts';
import type { Descriptor } from '../oci/manifest.ts';
import type { Reference } from '../oci/reference.ts';

export type RepositoryName = Pick<Reference, 'registry' | 'repository'>;

export interface ManifestContent {
  readonly descriptor: Descriptor;
  /** Bounded, and proven to be what the descriptor's digest names. */
  readonly bytes: Uint8Array;
}

export type ReferrersAnswer =
  | { readonly kind: 'list'; readonly descriptors: readonly Descriptor[] }
  /** `host`: the registry software has no such route at all; `repository`: this repository says it has none. */
  | { readonly kind: 'unsupported'; readonly scope: 'host' | 'repository' };

export type ReferrersSupport = 'supported' | 'unsupported on host' | 'unknown';

/** Every failure is a thrown CosignError with its own code; only a plain "not found" is a value. */
export interface RegistryReader {
  /** @throws {CosignError} `IMAGE_NOT_FOUND` and every `REGISTRY_…` code */
  resolve(reference: Reference, signal: AbortSignal): Promise<Descriptor>;
  /** @returns undefined when the registry says it has no such manifest */
  manifest(repository: RepositoryName, tagOrDigest: string, signal: AbortSignal): Promise<ManifestContent | undefined>;
  blob(repository: RepositoryName, descriptor: Descriptor, signal: AbortSignal, limits: { readonly limitBytes: number }): Promise<Uint8Array>;
  referrers(repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<ReferrersAnswer>;
  /** One cheap question per host, shared; `unknown` on any failure. */
  probeReferrers(repository: RepositoryName, signal: AbortSignal): Promise<ReferrersSupport>;
}
