// Where cosign's signatures for a digest can lie: the `.sig` tag, the referrers API, the referrers fallback tag. Finds, does not judge.
import { encodePayload } from '../cosign/simpleSigning.ts';
import { parseSignatureManifest, signatureTag, type SignatureLayer } from '../cosign/signatureManifest.ts';
import { digestOf, hexOf, type Digest } from '../crypto/digest.ts';
import { readJson } from '../encoding/json.ts';
import { CosignError, toCosignError } from '../errors.ts';
import { said, type Said } from '../said.ts';
import { isIndexMediaType, parseManifest, parseMixedIndex, type Descriptor } from '../oci/manifest.ts';
import { unreadableReferrer } from '../oci/referrers.ts';
import { canonicalRepository } from '../oci/reference.ts';
import type { SignatureStore } from '../policy/verdict.ts';
import { ReadBudget } from './readBudget.ts';
import type { ManifestContent, RegistryReader, RepositoryName } from './registryReader.ts';
import type { FoundSignatures, StoredSignature } from './storedSignature.ts';

/** Most signatures and referrers read for one digest, the most bytes of one payload and one bundle, and the most of both in all. */
export const findLimits = {
  legacySignatures: 100, referrers: 100, payloadBytes: 1024 * 1024, bundleBytes: 10 * 1024 * 1024, inAll: { blobs: 300, bytes: 64 * 1024 * 1024 },
} as const;

const bundleMediaType = 'application/vnd.dev.sigstore.bundle';
const simpleSigningMediaType = 'application/vnd.dev.cosign.simplesigning.v1+json';

/** What was found, and which places were left out because the answer seemed not to need them. */
export interface QuickFind extends FoundSignatures {
  readonly askedApi: boolean;
  readonly askedTag: boolean;
}

/** A repository with signatures. */
export interface SignatureHome extends RepositoryName {
  /** Where the images are, when they are elsewhere (COSIGN_REPOSITORY). */
  readonly images?: RepositoryName;
}

/** One look at one digest. */
interface Search {
  readonly repository: SignatureHome;
  readonly digest: Digest;
  readonly budget: ReadBudget;
  readonly signal: AbortSignal;
}

export class SignatureFinder {
  readonly #registry: RegistryReader;

  constructor(registry: RegistryReader) {
    this.#registry = registry;
  }

  /**
   * Looks in both stores the short way: a registry known to have no referrers API is asked for the fallback tag only, and one that
   * lists no referrers is not asked for the fallback tag. Enough to say "verified", not enough to say anything else.
   * @throws only the signal's reason; every other failure is in `incomplete`
   */
  async quick(repository: SignatureHome, digest: Digest, signal: AbortSignal): Promise<QuickFind> {
    const search = { repository, digest, signal, budget: new ReadBudget(findLimits.inAll) };
    const [legacy, referrers] = await Promise.all([
      this.#collect(signal, () => this.#fromSignatureTag(search)),
      this.#quickReferrers(search),
    ]);
    return { ...join(legacy, referrers), askedApi: referrers.askedApi, askedTag: referrers.askedTag };
  }

  /**
   * Looks wherever {@link quick} did not, and, when there is still nothing, makes sure that the image exists at all: after this
   * "no signature" is a fact.
   */
  async thorough(repository: SignatureHome, digest: Digest, first: QuickFind, signal: AbortSignal): Promise<FoundSignatures> {
    const search = { repository, digest, signal, budget: new ReadBudget(findLimits.inAll) };
    const seen = new Set(first.signatures.map(({ manifest }) => manifest));
    const [api, tag] = await Promise.all([
      first.askedApi ? nothing : this.#collect(signal, async () => (await this.#fromApi(search)) ?? nothing),
      first.askedTag ? nothing : this.#collect(signal, () => this.#fromFallbackTag(search)),
    ]);
    const more = join(api, tag);
    const found = join(first, { ...more, signatures: more.signatures.filter(({ manifest }) => !seen.has(manifest)) });
    if (found.signatures.length > 0 || found.incomplete.length > 0) return found;
    return join(found, await this.#collect(signal, async () => {
      const { registry, repository: path } = repository.images ?? repository;
      await this.#registry.resolve({ registry, repository: path, digest }, signal);
      return nothing;
    }));
  }

  async #quickReferrers(search: Search): Promise<QuickFind> {
    const { repository, signal } = search;
    let [askedApi, askedTag] = [false, false];
    const found = await this.#collect(signal, async () => {
      if ((await this.#registry.probeReferrers(repository, signal)) !== 'unsupported on host') {
        askedApi = true;
        const answer = await this.#fromApi(search);
        if (answer) return answer;
      }
      askedTag = true;
      return this.#fromFallbackTag(search);
    });
    return { ...found, askedApi, askedTag };
  }

  async #fromSignatureTag(search: Search): Promise<FoundSignatures> {
    const content = await this.#registry.manifest(search.repository, signatureTag(search.digest), search.signal);
    return content ? this.#legacyLayers(search, content, 'signature tag') : nothing;
  }

  async #legacyLayers(search: Search, content: ManifestContent, store: SignatureStore): Promise<FoundSignatures> {
    const { layers } = parseSignatureManifest(content.bytes);
    const found = await Promise.all(layers.slice(0, findLimits.legacySignatures).map((layer) => this.#collect(search.signal, async () => ({
      signatures: [{
        format: 'legacy', store, manifest: content.descriptor.digest, manifestBytes: content.bytes, blob: layer.descriptor.digest,
        payload: await this.#payload(search, layer), signature: layer.signature, certificate: layer.certificate,
      }],
      incomplete: [],
    }))));
    return join(...found, overCount(layers.length, findLimits.legacySignatures, said`signatures`));
  }

  /** The payload of a plain signature is known beforehand: when its digest is the layer's, there is nothing to fetch. */
  async #payload({ repository, digest, budget, signal }: Search, layer: SignatureLayer): Promise<Uint8Array> {
    const plain = encodePayload({ repository: canonicalRepository(repository.images ?? repository), digest, annotations: {} });
    if (digestOf(plain) === layer.descriptor.digest) return plain;
    if (layer.descriptor.size <= findLimits.payloadBytes) budget.spend(layer.descriptor.size);
    return this.#registry.blob(repository, layer.descriptor, signal, { limitBytes: findLimits.payloadBytes });
  }

  /** @returns undefined when the registry has no referrers API for this repository */
  async #fromApi(search: Search): Promise<FoundSignatures | undefined> {
    const answer = await this.#registry.referrers(search.repository, search.digest, search.signal);
    if (answer.kind !== 'list') return undefined;
    return join(await this.#referrers(search, answer.descriptors, 'referrers API'), unreadable(answer.otherDigests));
  }

  async #fromFallbackTag(search: Search): Promise<FoundSignatures> {
    const content = await this.#registry.manifest(search.repository, `sha256-${hexOf(search.digest)}`, search.signal);
    if (!content) return nothing;
    if (!isIndexMediaType(content.descriptor.mediaType)) {
      // `cosign copy` stores the image itself under this tag: then it lists no referrers. What is neither may be a list that was spoiled.
      if (isImage(content.bytes)) return nothing;
      throw new CosignError('MANIFEST_INVALID', said`The tag that lists the referrers of ${canonicalRepository(search.repository)}@${search.digest} holds neither a list nor an image.`);
    }
    const { manifests, otherDigests } = parseMixedIndex(content.bytes);
    return join(await this.#referrers(search, manifests, 'referrers tag'), unreadable(otherDigests));
  }

  /** The list is untrusted and its artifactType often wrong, so every entry is fetched and judged by what it is. */
  async #referrers(search: Search, list: readonly Descriptor[], store: SignatureStore): Promise<FoundSignatures> {
    const unique = [...new Map(list.map((descriptor) => [descriptor.digest, descriptor])).values()].sort((a, b) => likelihood(b) - likelihood(a));
    const found = await Promise.all(unique.slice(0, findLimits.referrers).map((descriptor) =>
      this.#collect(search.signal, () => this.#referrer(search, descriptor, store))));
    return join(...found, overCount(unique.length, findLimits.referrers, said`referrers`));
  }

  async #referrer(search: Search, descriptor: Descriptor, store: SignatureStore): Promise<FoundSignatures> {
    const { repository, digest, signal } = search;
    const content = await this.#registry.manifest(repository, descriptor.digest, signal);
    if (!content) {
      throw new CosignError('MANIFEST_INVALID', said`The registry lists the referrer ${descriptor.digest} of ${canonicalRepository(repository)}, but does not have it.`, {
        remedy: said`Somebody may have pruned untagged manifests; sign the image again.`,
      });
    }
    if (isIndexMediaType(content.descriptor.mediaType)) return nothing;
    const manifest = parseManifest(content.bytes);
    if (manifest.subject?.digest !== digest) return nothing;
    if (manifest.layers.some(({ mediaType }) => mediaType === simpleSigningMediaType)) {
      return this.#legacyLayers(search, content, store);
    }
    const bundles = manifest.layers.filter(({ mediaType }) => mediaType.startsWith(bundleMediaType));
    const found = await Promise.all(bundles.slice(0, findLimits.referrers).map((layer) => this.#collect(signal, async () => ({
      signatures: [{
        format: 'bundle', store, manifest: content.descriptor.digest, manifestBytes: content.bytes, blob: layer.digest,
        bytes: await this.#bundle(search, layer),
      }],
      incomplete: [],
    }))));
    return join(...found, overCount(bundles.length, findLimits.referrers, said`bundles`));
  }

  async #bundle({ repository, budget, signal }: Search, layer: Descriptor): Promise<Uint8Array> {
    if (layer.size <= findLimits.bundleBytes) budget.spend(layer.size);
    return this.#registry.blob(repository, layer, signal, { limitBytes: findLimits.bundleBytes });
  }

  /** Turns a failure into something known to be missing; cancellation stays cancellation. */
  async #collect(signal: AbortSignal, look: () => Promise<FoundSignatures>): Promise<FoundSignatures> {
    try {
      return await look();
    } catch (error) {
      signal.throwIfAborted();
      return { signatures: [], incomplete: [toCosignError(error)] };
    }
  }
}

const nothing: FoundSignatures = { signatures: [], incomplete: [] };

function join(...parts: readonly FoundSignatures[]): FoundSignatures {
  return {
    signatures: parts.flatMap(({ signatures }): readonly StoredSignature[] => signatures),
    incomplete: parts.flatMap(({ incomplete }) => incomplete),
  };
}

function overCount(actual: number, limit: number, what: Said): FoundSignatures {
  if (actual <= limit) return nothing;
  const error = new CosignError('COUNT_LIMIT', said`The image has ${actual} ${what}; the first ${limit} were looked at.`, {
    remedy: said`Remove signatures that are no longer needed.`,
  });
  return { signatures: [], incomplete: [error] };
}

/** What cannot be read may be a signature. */
function unreadable([first]: readonly string[] = []): FoundSignatures {
  return first === undefined ? nothing : { signatures: [], incomplete: [unreadableReferrer(first)] };
}

/** Of any kind that registries hold, the oldest included. */
function isImage(bytes: Uint8Array): boolean {
  const root = readJson(bytes);
  return typeof root === 'object' && root !== null && !Object.hasOwn(root, 'manifests') && ['config', 'fsLayers'].some((member) => Object.hasOwn(root, member));
}

/** Bundles and what cosign mislabels first, in case there are more referrers than are read. */
function likelihood({ artifactType = '' }: Descriptor): number {
  if (artifactType.startsWith(bundleMediaType)) return 2;
  return artifactType === '' || artifactType === 'application/vnd.oci.empty.v1+json' || artifactType.includes('cosign') ? 1 : 0;
}
