// A registry client that asks where docker and podman would: the real location of a name, and its mirrors for images; never a mirror for what proves them.
import { isDigest, type Digest } from '../crypto/digest.ts';
import { CosignError, rethrowIfCancelled } from '../errors.ts';
import { said } from '../said.ts';
import type { BlobName } from './blobStream.ts';
import type { BlobTransfer } from './blobUpload.ts';
import type { RepositoryName } from './exchange.ts';
import type { Descriptor } from './manifest.ts';
import { canonicalRepository, type Reference } from './reference.ts';
import type { ReferrersAnswer } from './referrers.ts';
import type { ManifestContent, ReferrersSupport, RegistryClient } from './registryClient.ts';
import type { ManifestPush, PushedManifest } from './upload.ts';

/** A repository where it really is. */
export interface Located {
  readonly repository: RepositoryName;
  /** Plain http and any certificate are accepted. */
  readonly insecure: boolean;
}

export interface RegistryPlaces {
  readonly blocked: boolean;
  readonly origin: Located;
  /** In the order they are asked in. */
  readonly mirrors: readonly (Located & { readonly pulls: 'all' | 'digest-only' | 'tag-only' })[];
}

export interface LocatedOptions {
  /** What the machine's files say about a repository. */
  readonly places: (repository: RepositoryName, signal: AbortSignal) => Promise<RegistryPlaces>;
  readonly strict: RegistryClient;
  /** Accepts plain http and any certificate. */
  readonly insecure: RegistryClient;
  /** False: mirrors are not asked for anything, for whoever writes. */
  readonly useMirrors: boolean;
}

/** Whether a mirror is asked for what is named by its digest, or else by a tag. */
export const isAsked = (pulls: RegistryPlaces['mirrors'][number]['pulls'], byDigest: boolean): boolean => pulls === 'all' || (pulls === 'digest-only') === byDigest;

/** @param name of the registry or repository, for the message */
export function blocked(name: string): CosignError {
  return new CosignError('REGISTRY_BLOCKED', said`"${name}" is blocked in the registries.conf of this machine.`, { remedy: said`Use an image from another registry, or ask whoever set this machine up.` });
}

interface Way { readonly client: RegistryClient; readonly at: RepositoryName }

/**
 * Names stay what they are for policies and signatures. Tags are resolved and manifests read by digest at the mirrors first, and at the
 * real location when no mirror has them. Signatures, referrers and blobs are read, and everything is written, at the real location alone:
 * what a mirror lacks proves nothing.
 */
export class LocatedRegistry {
  readonly #options: LocatedOptions;

  constructor(options: LocatedOptions) {
    this.#options = options;
  }

  resolve(reference: Reference, signal: AbortSignal): Promise<Descriptor> {
    return this.#pull(reference, reference.digest !== undefined, signal, ({ client, at }) => client.resolve({ ...reference, ...at }, signal));
  }

  async manifest(repository: RepositoryName, tagOrDigest: string, signal: AbortSignal): Promise<ManifestContent | undefined> {
    // Tags that are read as manifests are those of signatures and referrers: lists, which a mirror may have an old copy of.
    if (!isDigest(tagOrDigest)) return this.#origin(repository, signal).then(({ client, at }) => client.manifest(at, tagOrDigest, signal));
    return this.#pull(repository, true, signal, ({ client, at }) => client.manifest(at, tagOrDigest, signal));
  }

  async blob(repository: RepositoryName, descriptor: Descriptor, signal: AbortSignal, limits: { readonly limitBytes: number }): Promise<Uint8Array> {
    const { client, at } = await this.#origin(repository, signal);
    return client.blob(at, descriptor, signal, limits);
  }

  async referrers(repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<ReferrersAnswer> {
    const { client, at } = await this.#origin(repository, signal);
    return client.referrers(at, digest, signal);
  }

  async probeReferrers(repository: RepositoryName, signal: AbortSignal): Promise<ReferrersSupport> {
    const { client, at } = await this.#origin(repository, signal);
    return client.probeReferrers(at, signal);
  }

  async blobExists(repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<boolean> {
    const { client, at } = await this.#origin(repository, signal);
    return client.blobExists(at, digest, signal);
  }

  blobStream(repository: RepositoryName, blob: BlobName): { read(start: number, end: number, signal: AbortSignal): AsyncIterable<Uint8Array> } {
    let stream: ReturnType<RegistryClient['blobStream']> | undefined;
    const origin = (signal: AbortSignal): Promise<Way> => this.#origin(repository, signal);
    return {
      read: async function* (start, end, signal) {
        const { client, at } = await origin(signal);
        stream ??= client.blobStream(at, blob);
        yield* stream.read(start, end, signal);
      },
    };
  }

  async mountBlob(repository: RepositoryName, digest: Digest, from: string, signal: AbortSignal): Promise<boolean> {
    const [to, source] = [await this.#origin(repository, signal), await this.#origin({ registry: repository.registry, repository: from }, signal)];
    return to.at.registry === source.at.registry && to.client.mountBlob(to.at, digest, source.at.repository, signal);
  }

  async sendBlob(transfer: BlobTransfer, signal: AbortSignal): Promise<void> {
    const { client, at } = await this.#origin(transfer.repository, signal);
    return client.sendBlob({ ...transfer, repository: at }, signal);
  }

  async pushBlob(repository: RepositoryName, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const { client, at } = await this.#origin(repository, signal);
    return client.pushBlob(at, bytes, signal);
  }

  async pushManifest(repository: RepositoryName, tagOrDigest: string, bytes: Uint8Array, mediaType: string, signal: AbortSignal, options?: ManifestPush): Promise<PushedManifest> {
    const { client, at } = await this.#origin(repository, signal);
    return client.pushManifest(at, tagOrDigest, bytes, mediaType, signal, options);
  }

  /** The mirrors, then the real location; what a mirror does not have or cannot give is asked for at the next. */
  async #pull<T>(repository: RepositoryName, byDigest: boolean, signal: AbortSignal, ask: (way: Way) => Promise<T>): Promise<T> {
    const places = await this.#places(repository, signal);
    const failures: CosignError[] = [];
    const mirrors = this.#options.useMirrors ? places.mirrors.filter(({ pulls }) => isAsked(pulls, byDigest)) : [];
    for (const mirror of mirrors) {
      try {
        const found = await ask(this.#way(mirror));
        if (found !== undefined) return found;
      } catch (error) {
        rethrowIfCancelled(signal);
        if (!(error instanceof CosignError)) throw error;
        failures.push(error);
      }
    }
    try {
      return await ask(this.#way(places.origin));
    } catch (error) {
      rethrowIfCancelled(signal);
      const [first] = failures;
      if (!(error instanceof CosignError) || !first) throw error;
      throw new CosignError(error.code, said`${error.said} A mirror was asked before: ${first.said}`, { cause: error, ...(error.remedy === undefined ? {} : { remedy: error.remedy }) });
    }
  }

  async #origin(repository: RepositoryName, signal: AbortSignal): Promise<Way> {
    return this.#way((await this.#places(repository, signal)).origin);
  }

  async #places({ registry, repository }: RepositoryName, signal: AbortSignal): Promise<RegistryPlaces> {
    const places = await this.#options.places({ registry, repository }, signal);
    if (!places.blocked) return places;
    throw blocked(canonicalRepository({ registry, repository }));
  }

  #way({ repository, insecure }: Located): Way {
    return { client: insecure ? this.#options.insecure : this.#options.strict, at: repository };
  }
}
