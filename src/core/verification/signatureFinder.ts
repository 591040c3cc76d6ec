// Where cosign's signatures for a digest can lie: the `.sig` tag, the referrers API, the referrers fallback tag. Finds, does not judge.
import { encodePayload } from '../cosign/simpleSigning.ts';
import { parseSignatureManifest, signatureTag, type SignatureLayer } from '../cosign/signatureManifest.ts';
import { digestOf, hexOf, type Digest } from '../crypto/digest.ts';
import { CosignError, toCosignError } from '../errors.ts';
import { isIndexMediaType, parseIndex, parseManifest, type Descriptor } from '../oci/manifest.ts';
import { canonicalRepository } from '../oci/reference.ts';
import type { SignatureStore } from '../policy/verdict.ts';
import type { ManifestContent, RegistryReader, RepositoryName } from './registryReader.ts';
import type { FoundSignatures, StoredSignature } from './storedSignature.ts';

/** Most signatures and referrers read for one digest, and the most bytes of one payload and one bundle. */
export const findLimits = { legacySignatures: 100, referrers: 100, payloadBytes: 1024 * 1024, bundleBytes: 10 * 1024 * 1024 } as const;

const bundleMediaType = 'application/vnd.dev.sigstore.bundle';
const simpleSigningMediaType = 'application/vnd.dev.cosign.simplesigning.v1+json';

/** What was found, and which places were left out because the answer seemed not to need them. */
export interface QuickFind extends FoundSignatures {
  readonly askedApi: boolean;
  readonly askedTag: boolean;
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
  async quick(repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<QuickFind> {
    const [legacy, referrers] = await Promise.all([
      this.#collect(signal, () => this.#fromSignatureTag(repository, digest, signal)),
      this.#quickReferrers(repository, digest, signal),
    ]);
    return { ...join(legacy, referrers), askedApi: referrers.askedApi, askedTag: referrers.askedTag };
  }

  /**
   * Looks wherever {@link quick} did not, and, when there is still nothing, makes sure that the image exists at all: after this
   * "no signature" is a fact.
   */
  async thorough(repository: RepositoryName, digest: Digest, first: QuickFind, signal: AbortSignal): Promise<FoundSignatures> {
    const seen = new Set(first.signatures.map(({ manifest }) => manifest));
    const [api, tag] = await Promise.all([
      first.askedApi ? nothing : this.#collect(signal, async () => (await this.#fromApi(repository, digest, signal)) ?? nothing),
      first.askedTag ? nothing : this.#collect(signal, () => this.#fromFallbackTag(repository, digest, signal)),
    ]);
    const more = join(api, tag);
    const found = join(first, { ...more, signatures: more.signatures.filter(({ manifest }) => !seen.has(manifest)) });
    if (found.signatures.length > 0 || found.incomplete.length > 0) return found;
    return join(found, await this.#collect(signal, async () => {
      await this.#registry.resolve({ ...repository, digest }, signal);
      return nothing;
    }));
  }

  async #quickReferrers(repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<QuickFind> {
    let [askedApi, askedTag] = [false, false];
    const found = await this.#collect(signal, async () => {
      if ((await this.#registry.probeReferrers(repository, signal)) !== 'unsupported on host') {
        askedApi = true;
        const answer = await this.#fromApi(repository, digest, signal);
        if (answer) return answer;
      }
      askedTag = true;
      return this.#fromFallbackTag(repository, digest, signal);
    });
    return { ...found, askedApi, askedTag };
  }

  async #fromSignatureTag(repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<FoundSignatures> {
    const content = await this.#registry.manifest(repository, signatureTag(digest), signal);
    return content ? this.#legacyLayers(repository, digest, content, 'signature tag', signal) : nothing;
  }

  async #legacyLayers(repository: RepositoryName, digest: Digest, content: ManifestContent, store: SignatureStore, signal: AbortSignal): Promise<FoundSignatures> {
    const { layers } = parseSignatureManifest(content.bytes);
    const found = await Promise.all(layers.slice(0, findLimits.legacySignatures).map((layer) => this.#collect(signal, async () => ({
      signatures: [{
        format: 'legacy', store, manifest: content.descriptor.digest, blob: layer.descriptor.digest,
        payload: await this.#payload(repository, digest, layer, signal), signature: layer.signature, certificate: layer.certificate,
      }],
      incomplete: [],
    }))));
    return join(...found, overCount(layers.length, findLimits.legacySignatures, 'signatures'));
  }

  /** The payload of a plain signature is known beforehand: when its digest is the layer's, there is nothing to fetch. */
  async #payload(repository: RepositoryName, digest: Digest, layer: SignatureLayer, signal: AbortSignal): Promise<Uint8Array> {
    const plain = encodePayload({ repository: canonicalRepository(repository), digest, annotations: {} });
    if (digestOf(plain) === layer.descriptor.digest) return plain;
    return this.#registry.blob(repository, layer.descriptor, signal, { limitBytes: findLimits.payloadBytes });
  }

  /** @returns undefined when the registry has no referrers API for this repository */
  async #fromApi(repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<FoundSignatures | undefined> {
    const answer = await this.#registry.referrers(repository, digest, signal);
    return answer.kind === 'list' ? this.#referrers(repository, digest, answer.descriptors, 'referrers API', signal) : undefined;
  }

  async #fromFallbackTag(repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<FoundSignatures> {
    const content = await this.#registry.manifest(repository, `sha256-${hexOf(digest)}`, signal);
    // `cosign copy` stores the image itself under this tag: then it lists no referrers.
    if (!content || !isIndexMediaType(content.descriptor.mediaType)) return nothing;
    return this.#referrers(repository, digest, parseIndex(content.bytes).manifests, 'referrers tag', signal);
  }

  /** The list is untrusted and its artifactType often wrong, so every entry is fetched and judged by what it is. */
  async #referrers(repository: RepositoryName, digest: Digest, list: readonly Descriptor[], store: SignatureStore, signal: AbortSignal): Promise<FoundSignatures> {
    const unique = [...new Map(list.map((descriptor) => [descriptor.digest, descriptor])).values()].sort((a, b) => likelihood(b) - likelihood(a));
    const found = await Promise.all(unique.slice(0, findLimits.referrers).map((descriptor) =>
      this.#collect(signal, () => this.#referrer(repository, digest, descriptor, store, signal))));
    return join(...found, overCount(unique.length, findLimits.referrers, 'referrers'));
  }

  async #referrer(repository: RepositoryName, digest: Digest, descriptor: Descriptor, store: SignatureStore, signal: AbortSignal): Promise<FoundSignatures> {
    const content = await this.#registry.manifest(repository, descriptor.digest, signal);
    if (!content) {
      throw new CosignError('MANIFEST_INVALID', `The registry lists the referrer ${descriptor.digest} of ${canonicalRepository(repository)}, but does not have it.`, {
        remedy: 'Somebody may have pruned untagged manifests; sign the image again.',
      });
    }
    if (isIndexMediaType(content.descriptor.mediaType)) return nothing;
    const manifest = parseManifest(content.bytes);
    if (manifest.subject?.digest !== digest) return nothing;
    if (manifest.layers.some(({ mediaType }) => mediaType === simpleSigningMediaType)) {
      return this.#legacyLayers(repository, digest, content, store, signal);
    }
    const bundles = manifest.layers.filter(({ mediaType }) => mediaType.startsWith(bundleMediaType));
    const found = await Promise.all(bundles.slice(0, findLimits.referrers).map((layer) => this.#collect(signal, async () => ({
      signatures: [{
        format: 'bundle', store, manifest: content.descriptor.digest, blob: layer.digest,
        bytes: await this.#registry.blob(repository, layer, signal, { limitBytes: findLimits.bundleBytes }),
      }],
      incomplete: [],
    }))));
    return join(...found, overCount(bundles.length, findLimits.referrers, 'bundles'));
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

function overCount(actual: number, limit: number, what: string): FoundSignatures {
  if (actual <= limit) return nothing;
  const error = new CosignError('COUNT_LIMIT', `The image has ${actual} ${what}; the first ${limit} were looked at.`, {
    remedy: 'Remove signatures that are no longer needed.',
  });
  return { signatures: [], incomplete: [error] };
}

/** Bundles and what cosign mislabels first, in case there are more referrers than are read. */
function likelihood({ artifactType = '' }: Descriptor): number {
  if (artifactType.startsWith(bundleMediaType)) return 2;
  return artifactType === '' || artifactType === 'application/vnd.oci.empty.v1+json' || artifactType.includes('cosign') ? 1 : 0;
}
