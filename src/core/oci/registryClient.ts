// Manifests, blobs and referrers of registries (OCI distribution-spec v1.1): bounded, hashed, and only then believed.
import { SharedLoads } from '../async/sharedLoads.ts';
import { digestOf, isDigest, type Digest } from '../crypto/digest.ts';
import { CosignError } from '../errors.ts';
import { readBody } from './boundedBody.ts';
import { Exchange, type ExchangeOptions, type RepositoryName } from './exchange.ts';
import { anyManifest, maxManifestBytes, type Descriptor } from './manifest.ts';
import { mediaTypeOf } from './mediaTypeOf.ts';
import { readReferrers, type ReferrersAnswer } from './referrers.ts';
import { canonicalRepository, type Reference } from './reference.ts';
import { registryError, single } from './registryError.ts';
import { pushBlob, pushManifest, type PushedManifest } from './upload.ts';

export interface ManifestContent {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly etag?: string;
}

export type ReferrersSupport = 'supported' | 'unsupported on host' | 'unknown';

/** The digest of no bytes at all: nobody's subject, so a cheap question. */
const nobody = digestOf(new Uint8Array());
const probeLifetimeMs = 10 * 60_000;

export class RegistryClient {
  readonly #exchange: Exchange;
  readonly #probes: SharedLoads<ReferrersSupport>;

  constructor(options: ExchangeOptions) {
    this.#exchange = new Exchange(options);
    this.#probes = new SharedLoads<ReferrersSupport>({ lifetimeMs: (support) => (support === 'unknown' ? 0 : probeLifetimeMs), capacity: 1000, now: () => options.clock.now() });
  }

  /**
   * Digest, size and media type of a manifest, without fetching it where the registry tells them in headers.
   * @throws {CosignError} `IMAGE_NOT_FOUND`, `DIGEST_MISMATCH`, and every `REGISTRY_…` code
   */
  async resolve(reference: Reference, signal: AbortSignal): Promise<Descriptor> {
    const name = reference.digest ?? reference.tag ?? 'latest';
    const answer = await this.#exchange.send({ repository: reference, method: 'HEAD', path: `manifests/${name}`, headers: { accept: anyManifest } }, signal);
    const { headers, status } = answer.response;
    answer.response.discard();
    if (status === 404) throw notFound(reference);
    const [digest, type, length] = [single(headers['docker-content-digest']), single(headers['content-type']), single(headers['content-length'])];
    if (status === 200 && isDigest(digest) && type !== undefined && length !== undefined && /^\d+$/.test(length)) {
      if (reference.digest && digest !== reference.digest) throw lied(reference, reference.digest, digest);
      return { digest, mediaType: type.split(';')[0]?.trim() ?? type, size: Number(length) };
    }
    // No usable headers, or no HEAD at all: fetch and hash.
    const content = await this.manifest(reference, name, signal);
    if (!content) throw notFound(reference);
    return content.descriptor;
  }

  /**
   * @returns undefined when the registry has no such manifest
   * @throws {CosignError} `DIGEST_MISMATCH` when the bytes are not what the digest, or the registry's own header, names; `SIZE_LIMIT`
   */
  async manifest(repository: RepositoryName, tagOrDigest: string, signal: AbortSignal): Promise<ManifestContent | undefined> {
    const request = { repository, method: 'GET', path: `manifests/${tagOrDigest}`, headers: { accept: anyManifest } } as const;
    const answer = await this.#exchange.send(request, signal);
    const { status, headers } = answer.response;
    if (status === 404) {
      answer.response.discard();
      return undefined;
    }
    if (status !== 200) throw registryError(await this.#exchange.failure(request, answer));
    const bytes = await readBody(answer.response, maxManifestBytes, `a manifest of ${canonicalRepository(repository)}`);
    const digest = digestOf(bytes);
    const promised = isDigest(tagOrDigest) ? tagOrDigest : single(headers['docker-content-digest']);
    if (promised !== undefined && promised !== digest && /^sha256:/.test(promised)) throw lied(repository, promised, digest);
    const etag = single(headers['etag']);
    return { bytes, descriptor: { digest, size: bytes.byteLength, mediaType: mediaTypeOf(bytes, single(headers['content-type'])) }, ...(etag === undefined ? {} : { etag }) };
  }

  /** @throws {CosignError} `DIGEST_MISMATCH`, `SIZE_LIMIT` (by the descriptor before anything is fetched), `REGISTRY_RESPONSE_INVALID` when it is gone */
  async blob(repository: RepositoryName, descriptor: Descriptor, signal: AbortSignal, limits: { readonly limitBytes: number }): Promise<Uint8Array> {
    const what = `a blob of ${canonicalRepository(repository)}`;
    if (descriptor.size > limits.limitBytes) {
      throw new CosignError('SIZE_LIMIT', `${what} is said to have ${descriptor.size} bytes; more than ${limits.limitBytes} are not read.`);
    }
    const request = { repository, method: 'GET', path: `blobs/${descriptor.digest}` } as const;
    const answer = await this.#exchange.send(request, signal);
    if (answer.response.status === 404) {
      answer.response.discard();
      throw new CosignError('REGISTRY_RESPONSE_INVALID', `The registry lists the blob ${descriptor.digest} of ${canonicalRepository(repository)}, but does not have it.`);
    }
    if (answer.response.status !== 200) throw registryError(await this.#exchange.failure(request, answer));
    const bytes = await readBody(answer.response, Math.min(limits.limitBytes, descriptor.size), what);
    const digest = digestOf(bytes);
    if (digest !== descriptor.digest) throw lied(repository, descriptor.digest, digest);
    return bytes;
  }

  /** @throws {CosignError} every failure that is not a plain "there is no such API" */
  referrers(repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<ReferrersAnswer> {
    return readReferrers(this.#exchange, repository, digest, signal);
  }

  /** One shared question per registry host; `unknown` on any failure. */
  probeReferrers(repository: RepositoryName, signal: AbortSignal): Promise<ReferrersSupport> {
    return this.#probes.get(repository.registry, async (shared) => {
      try {
        const answer = await this.referrers(repository, nobody, shared);
        return answer.kind === 'list' ? 'supported' : answer.scope === 'host' ? 'unsupported on host' : 'unknown';
      } catch {
        shared.throwIfAborted();
        return 'unknown';
      }
    }, signal);
  }

  /** Uploads unless the registry has it already. @throws {CosignError} every `REGISTRY_…` code */
  pushBlob(repository: RepositoryName, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    return pushBlob(this.#exchange, repository, bytes, signal);
  }

  /** @throws {CosignError} `REGISTRY_CONFLICT` when the tag no longer has the ETag, `REGISTRY_REFUSED_MANIFEST`, every `REGISTRY_…` code */
  pushManifest(repository: RepositoryName, tagOrDigest: string, bytes: Uint8Array, mediaType: string, signal: AbortSignal, options: { readonly ifMatch?: string } = {}): Promise<PushedManifest> {
    return pushManifest(this.#exchange, repository, tagOrDigest, bytes, mediaType, options, signal);
  }
}


function notFound(reference: Reference): CosignError {
  const name = reference.digest ? `digest ${reference.digest}` : `tag "${reference.tag ?? 'latest'}"`;
  return new CosignError('IMAGE_NOT_FOUND', `${canonicalRepository(reference)} has no image with the ${name}.`, { remedy: 'Check the name, or log in if the repository is private.' });
}

function lied(repository: RepositoryName, promised: string, actual: Digest): CosignError {
  return new CosignError('DIGEST_MISMATCH', `The registry sent other bytes for ${canonicalRepository(repository)} than it names: ${promised} was promised, ${actual} came.`, {
    remedy: 'Do not use this image until the registry, or whatever stands in front of it, is repaired.',
  });
}
