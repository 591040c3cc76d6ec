// What signing needs of a registry besides reading: the push half of the registry client.
import type { ManifestPush, PushedManifest } from '../oci/upload.ts';
import type { RegistryReader, RepositoryName } from '../verification/registryReader.ts';

export interface RegistryWriter extends RegistryReader {
  /** Uploads unless the registry has it already. */
  pushBlob(repository: RepositoryName, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /**
   * @throws {CosignError} `REGISTRY_CONFLICT` when it has another by now
   */
  pushManifest(repository: RepositoryName, tagOrDigest: string, bytes: Uint8Array, mediaType: string, signal: AbortSignal, options?: ManifestPush): Promise<PushedManifest>;
}
