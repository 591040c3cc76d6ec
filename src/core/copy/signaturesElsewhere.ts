// An image whose signatures lie in a repository of their own (COSIGN_REPOSITORY): read as if everything lay beside the image.
import { isDigest, type Digest } from '../crypto/digest.ts';
import type { BlobName } from '../oci/blobStream.ts';
import type { ManifestContent } from '../oci/registryClient.ts';
import type { ReferrersAnswer, RepositoryName } from '../verification/registryReader.ts';
import type { CopySource } from './sides.ts';
import { listReferrers } from './sourceTree.ts';

/** @param signatures where signatures lie, besides beside the image; of two equal tags, that there comes first, as in cosign */
export function withSignaturesFrom(source: CopySource, signatures: RepositoryName): CopySource {
  const has = async (repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<RepositoryName> =>
    (await source.blobExists(repository, digest, signal) ? repository : signatures);
  const allOf = async (places: readonly RepositoryName[], tag: string, signal: AbortSignal): Promise<readonly ManifestContent[]> =>
    (await Promise.all(places.map((place) => source.manifest(place, tag, signal)))).flatMap((found) => found ?? []);
  return {
    manifestsUnder: (repository, tag, signal) => allOf([signatures, repository], tag, signal),
    resolve: (reference, signal) => source.resolve(reference, signal),
    manifest: async (repository, tagOrDigest, signal) => {
      const order = isDigest(tagOrDigest) || !/^sha256-[0-9a-f]{64}/.test(tagOrDigest) ? [repository, signatures] : [signatures, repository];
      for (const place of order) {
        const found = await source.manifest(place, tagOrDigest, signal);
        if (found) return found;
      }
      return undefined;
    },
    blob: async (repository, descriptor, signal, limits) => source.blob(await has(repository, descriptor.digest, signal), descriptor, signal, limits),
    blobExists: async (repository, digest, signal) => await source.blobExists(repository, digest, signal) || source.blobExists(signatures, digest, signal),
    blobStream: (repository, blob) => new FoundStream(source, [repository, signatures], blob),
    referrers: async (repository, digest, signal) => both(await Promise.all([repository, signatures].map((place) => listReferrers(source, place, digest, signal)))),
    // Whatever the registries can: what is listed comes from each in the way that it has.
    probeReferrers: () => Promise.resolve('supported'),
  };
}

/** Each place with its own fallback index: one tag cannot be read from two places. */
function both(places: readonly Awaited<ReturnType<typeof listReferrers>>[]): ReferrersAnswer {
  const descriptors = [...new Map(places.flatMap((place) => place.descriptors).map((each) => [each.digest, each])).values()];
  const otherDigests = [...new Set(places.flatMap((place) => place.otherDigests))];
  return { kind: 'list', descriptors, ...(otherDigests.length === 0 ? {} : { otherDigests }) };
}

/** Finds out where a blob is when its first byte is wanted. */
class FoundStream {
  readonly #source: CopySource;
  readonly #places: readonly [RepositoryName, RepositoryName];
  readonly #blob: BlobName;
  #stream: ReturnType<CopySource['blobStream']> | undefined;

  constructor(source: CopySource, places: readonly [RepositoryName, RepositoryName], blob: BlobName) {
    this.#source = source;
    this.#places = places;
    this.#blob = blob;
  }

  async *read(start: number, end: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const [image, signatures] = this.#places;
    const stream = this.#stream ?? this.#source.blobStream(await this.#source.blobExists(image, this.#blob.digest, signal) ? image : signatures, this.#blob);
    this.#stream = stream;
    yield* stream.read(start, end, signal);
  }
}
