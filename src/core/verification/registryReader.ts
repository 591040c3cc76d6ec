// What verification reads from registries: the part of the registry client it depends on.
import type { Digest } from '../crypto/digest.ts';
import type { Descriptor } from '../oci/manifest.ts';
import type { RepositoryName } from '../oci/exchange.ts';
import type { Reference } from '../oci/reference.ts';
import type { ReferrersAnswer } from '../oci/referrers.ts';
import type { ManifestContent, ReferrersSupport } from '../oci/registryClient.ts';

export type { ManifestContent, ReferrersAnswer, ReferrersSupport, RepositoryName };

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
