// What copying needs of the two registries, besides what verifying and signing need of one.
import type { BlobName } from '../oci/blobStream.ts';
import type { BlobTransfer } from '../oci/blobUpload.ts';
import type { Digest } from '../crypto/digest.ts';
import type { ManifestContent } from '../oci/registryClient.ts';
import type { Clock } from '../oci/transport.ts';
import type { RegistryWriter } from '../signing/registryWriter.ts';
import type { RegistryReader, RepositoryName } from '../verification/registryReader.ts';

export interface CopySource extends RegistryReader {
  blobExists(repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<boolean>;
  /** Hashed on the way; ends with an error rather than with other bytes than the digest names. */
  blobStream(repository: RepositoryName, blob: BlobName): { read(start: number, end: number, signal: AbortSignal): AsyncIterable<Uint8Array> };
  /** What stands under a tag in each of the places where an image's signatures lie, the one that cosign would take first. Absent: there is one place. */
  manifestsUnder?(repository: RepositoryName, tag: string, signal: AbortSignal): Promise<readonly ManifestContent[]>;
}

/** Logs in for pushing whatever it asks: what cannot be pushed to may be hidden. */
export interface CopyDestination extends RegistryWriter {
  blobExists(repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<boolean>;
  /** @returns false when the registry would rather get the bytes */
  mountBlob(repository: RepositoryName, digest: Digest, from: string, signal: AbortSignal): Promise<boolean>;
  sendBlob(transfer: BlobTransfer, signal: AbortSignal): Promise<void>;
}

export interface CopySides {
  readonly source: CopySource;
  readonly destination: CopyDestination;
  readonly clock: Clock;
  /** From 0 (inclusive) to 1, for spreading retries. */
  readonly random: () => number;
}

/** How many small questions, layers and manifests are under way at a time. */
export const atOnce = { looking: 16, sending: 4, mounting: 8, pushing: 6 } as const;

export function isSameRepository(a: RepositoryName, b: RepositoryName): boolean {
  return a.registry === b.registry && a.repository === b.repository;
}
