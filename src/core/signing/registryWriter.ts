// What signing needs of a registry besides reading: the push half of the registry client.
import type { Digest } from '../crypto/digest.ts';
import type { ManifestContent, RegistryReader, RepositoryName } from '../verification/registryReader.ts';

export interface PushedManifest {
  readonly digest: Digest;
  /** The `OCI-Subject` header: the registry itself lists this manifest as a referrer. */
  readonly subject?: string;
  readonly etag?: string;
}

export interface RegistryWriter extends RegistryReader {
  manifest(repository: RepositoryName, tagOrDigest: string, signal: AbortSignal): Promise<(ManifestContent & { readonly etag?: string }) | undefined>;
  /** Uploads unless the registry has it already. */
  pushBlob(repository: RepositoryName, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /**
   * @param options.ifMatch the ETag the tag must still have
   * @throws {CosignError} `REGISTRY_CONFLICT` when it has another by now
   */
  pushManifest(repository: RepositoryName, tagOrDigest: string, bytes: Uint8Array, mediaType: string, signal: AbortSignal, options?: { readonly ifMatch?: string }): Promise<PushedManifest>;
}
