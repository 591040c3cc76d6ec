// Manifests, blobs and referrers of registries (OCI distribution-spec v1.1): bounded, hashed, and only then believed.
import { SharedLoads } from '../async/sharedLoads.ts';
import { digestOf, isDigest, type Digest } from '../crypto/digest.ts';
import { decodeBase64 } from '../encoding/base64.ts';
import { sizeText } from '../encoding/sizeText.ts';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import { BlobStream, type BlobName } from './blobStream.ts';
import { mountBlob, sendBlob, type BlobTransfer } from './blobUpload.ts';
import { readBody } from './boundedBody.ts';
import { Exchange, type ExchangeOptions, type RegistryAnswer, type RegistryRequest, type RepositoryName } from './exchange.ts';
import { plainMediaType, single } from './headers.ts';
import { anyManifest, maxManifestBytes, type Descriptor } from './manifest.ts';
import { mediaTypeOf } from './mediaTypeOf.ts';
import { readReferrers, type ReferrersAnswer } from './referrers.ts';
import { apiHost, canonicalRepository, type Reference } from './reference.ts';
import { isPlainNotFound, isWebPageType, registryError } from './registryError.ts';
import type { HttpResponse } from './transport.ts';
import { hasBlob, pushBlob, pushManifest, type ManifestPush, type PushedManifest } from './upload.ts';

export interface ManifestContent {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly etag?: string;
}

export type ReferrersSupport = 'supported' | 'unsupported on host' | 'unknown';

interface Probe { readonly support: ReferrersSupport; readonly isAnswer: boolean }

/** The digest of no bytes at all: nobody's subject, so a cheap question. */
const nobody = digestOf(new Uint8Array());
const probeLifetimeMs = 10 * 60_000;

export class RegistryClient {
  readonly #exchange: Exchange;
  readonly #options: ExchangeOptions;
  readonly #probes: SharedLoads<Probe>;

  constructor(options: ExchangeOptions) {
    this.#exchange = new Exchange(options);
    this.#options = options;
    this.#probes = new SharedLoads<Probe>({ lifetimeMs: ({ isAnswer }) => (isAnswer ? probeLifetimeMs : 0), capacity: 1000, now: () => options.clock.now() });
  }

  /**
   * Digest, size and media type of a manifest, without fetching it where the registry tells them in headers.
   * @throws {CosignError} `IMAGE_NOT_FOUND`, `DIGEST_MISMATCH`, and every `REGISTRY_…` code
   */
  async resolve(reference: Reference, signal: AbortSignal): Promise<Descriptor> {
    const name = reference.digest ?? reference.tag ?? 'latest';
    const { registry, repository } = reference;
    const told = await this.#exchange.ask<Descriptor | 'not found' | undefined>({ repository: { registry, repository }, method: 'HEAD', path: `manifests/${name}`, headers: { accept: anyManifest } }, ({ response }) => {
      response.discard();
      return Promise.resolve(response.status === 404 && !isWebPageType(response.headers) ? 'not found' : describedBy(response));
    }, signal);
    if (told === 'not found') throw notFound(reference);
    if (told) {
      if (reference.digest && told.digest !== reference.digest) throw lied(reference, reference.digest, told.digest);
      return told;
    }
    // No usable headers, or no HEAD at all: fetch and hash.
    const content = await this.manifest({ registry, repository }, name, signal);
    if (!content) throw notFound(reference);
    return content.descriptor;
  }

  /**
   * @returns undefined when the registry has no such manifest
   * @throws {CosignError} `DIGEST_MISMATCH` when the bytes are not what the digest, or the registry's own header, names; `SIZE_LIMIT`;
   * `MANIFEST_INVALID`; every `REGISTRY_…` code
   */
  manifest(repository: RepositoryName, tagOrDigest: string, signal: AbortSignal): Promise<ManifestContent | undefined> {
    const request: RegistryRequest = { repository, method: 'GET', path: `manifests/${tagOrDigest}`, headers: { accept: anyManifest } };
    return this.#exchange.ask(request, async (answer) => {
      const { status, headers } = answer.response;
      if (status === 404) return this.#plainlyMissing(request, answer, signal);
      if (status !== 200) throw await this.#exchange.error(request, answer, signal);
      const bytes = await readBody(answer.response, maxManifestBytes, said`a manifest of ${canonicalRepository(repository)}`, signal);
      const digest = digestOf(bytes);
      for (const promised of [tagOrDigest, single(headers['docker-content-digest'])]) {
        if (isDigest(promised) && promised !== digest) throw lied(repository, promised, digest);
      }
      const etag = single(headers['etag']);
      return { bytes, descriptor: { digest, size: bytes.byteLength, mediaType: mediaTypeOf(bytes, single(headers['content-type'])) }, ...(etag === undefined ? {} : { etag }) };
    }, signal);
  }

  /**
   * Content that the descriptor itself carries (`data`) is not asked for.
   * @throws {CosignError} `SIZE_LIMIT` (by the descriptor before anything is fetched), `DIGEST_MISMATCH`, `REGISTRY_RESPONSE_INVALID` when it is gone, every `REGISTRY_…` code
   */
  async blob(repository: RepositoryName, descriptor: Descriptor, signal: AbortSignal, { limitBytes }: { readonly limitBytes: number }): Promise<Uint8Array> {
    const what = said`the blob ${descriptor.digest} of ${canonicalRepository(repository)}`;
    if (descriptor.size > limitBytes) {
      throw new CosignError('SIZE_LIMIT', said`It is said that ${what} is larger than the ${sizeText(limitBytes)} that are read.`);
    }
    const embedded = descriptor.data === undefined ? undefined : decodeBase64(descriptor.data);
    if (embedded?.byteLength === descriptor.size && digestOf(embedded) === descriptor.digest) return embedded;
    const request: RegistryRequest = { repository, method: 'GET', path: `blobs/${descriptor.digest}` };
    return this.#exchange.ask(request, async (answer) => {
      if (answer.response.status === 404) {
        await this.#plainlyMissing(request, answer, signal);
        throw new CosignError('REGISTRY_RESPONSE_INVALID', said`The registry lists ${what}, but does not have it.`, { remedy: said`Push or sign the image again.` });
      }
      if (answer.response.status !== 200) throw await this.#exchange.error(request, answer, signal);
      const bytes = await readBody(answer.response, descriptor.size, what, signal);
      const digest = digestOf(bytes);
      if (digest !== descriptor.digest) throw lied(repository, descriptor.digest, digest);
      return bytes;
    }, signal);
  }

  /** @throws {CosignError} every failure that is not a plain "there is no such API" */
  referrers(repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<ReferrersAnswer> {
    return readReferrers(this.#exchange, repository, digest, signal);
  }

  /** One shared question per registry host; `unknown` on any failure, and where the answer is about the repository only. */
  async probeReferrers(repository: RepositoryName, signal: AbortSignal): Promise<ReferrersSupport> {
    return (await this.#probes.get(repository.registry, async (shared): Promise<Probe> => {
      try {
        const answer = await this.referrers(repository, nobody, shared);
        if (answer.kind === 'list') return { support: 'supported', isAnswer: true };
        return { support: answer.scope === 'host' ? 'unsupported on host' : 'unknown', isAnswer: true };
      } catch {
        shared.throwIfAborted();
        return { support: 'unknown', isAnswer: false };
      }
    }, signal)).support;
  }

  blobExists(repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<boolean> {
    return hasBlob(this.#exchange, repository, digest, undefined, signal);
  }

  /** A blob of any size, read in constant memory and hashed on the way. Nothing is asked before it is read. */
  blobStream(repository: RepositoryName, blob: BlobName): BlobStream {
    return new BlobStream(this.#exchange, this.#options, repository, blob);
  }

  /** @returns false when the registry would rather get the bytes @throws {CosignError} every `REGISTRY_…` code */
  mountBlob(repository: RepositoryName, digest: Digest, from: string, signal: AbortSignal): Promise<boolean> {
    return mountBlob(this.#exchange, repository, digest, from, signal);
  }

  /** Sends a blob of any size that is not there yet. @throws what `read` throws; {CosignError} every `REGISTRY_…` code */
  sendBlob(transfer: BlobTransfer, signal: AbortSignal): Promise<void> {
    return sendBlob(this.#exchange, this.#options, transfer, signal);
  }

  /** Uploads unless the registry has it already. @throws {CosignError} every `REGISTRY_…` code */
  pushBlob(repository: RepositoryName, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    return pushBlob(this.#exchange, repository, bytes, signal);
  }

  /** @throws {CosignError} `REGISTRY_CONFLICT` when the tag no longer has the ETag, `REGISTRY_REFUSED_MANIFEST`, every `REGISTRY_…` code */
  pushManifest(repository: RepositoryName, tagOrDigest: string, bytes: Uint8Array, mediaType: string, signal: AbortSignal, options: ManifestPush = {}): Promise<PushedManifest> {
    return pushManifest(this.#exchange, repository, tagOrDigest, bytes, mediaType, options, signal);
  }

  /** A 404 that hides a refusal or a limit is not "there is none". */
  async #plainlyMissing(request: RegistryRequest, answer: RegistryAnswer, signal: AbortSignal): Promise<undefined> {
    const failure = await this.#exchange.failure(request, answer, signal);
    const own = new URL(`${answer.url.protocol}//${apiHost(request.repository.registry)}`);
    if (!isPlainNotFound(failure, answer.url.host !== own.host)) throw registryError(failure);
    return undefined;
  }
}

/** What the headers of a HEAD tell, when they tell everything. */
function describedBy({ status, headers }: HttpResponse): Descriptor | undefined {
  const [digest, length] = [single(headers['docker-content-digest']), single(headers['content-length'])];
  const mediaType = plainMediaType(single(headers['content-type']));
  if (status !== 200 || !isDigest(digest) || !mediaType?.includes('json') || length === undefined || !/^\d{1,15}$/.test(length)) return undefined;
  return { digest, mediaType, size: Number(length) };
}

function notFound(reference: Reference): CosignError {
  const name = reference.digest ? said`digest ${reference.digest}` : said`tag "${reference.tag ?? 'latest'}"`;
  return new CosignError('IMAGE_NOT_FOUND', said`${canonicalRepository(reference)} has no image with the ${name}.`, { remedy: said`Check the name, or log in if the repository is private.` });
}

function lied(repository: RepositoryName, promised: string, actual: Digest): CosignError {
  return new CosignError('DIGEST_MISMATCH', said`The registry sent other bytes for ${canonicalRepository(repository)} than it names: ${promised} was promised, ${actual} came.`, {
    remedy: said`Do not use this image until the registry, or whatever stands in front of it, is repaired.`,
  });
}
