// Reads one manifest, and what hangs on it under tags and among the referrers; a place that cannot be read is named, not left out.
import type { AttachedProof, ContainedManifest, ContentsEngine, ManifestContents, StoredText } from '../contentsEngine.ts';
import { contentsLimits } from '../contentsEngine.ts';
import { referrerOf } from '../copy/proofKind.ts';
import { listReferrers } from '../copy/sourceTree.ts';
import type { ProofKind } from '../copyEngine.ts';
import { hexOf, type Digest } from '../crypto/digest.ts';
import { CosignError, toCosignError } from '../errors.ts';
import { said } from '../said.ts';
import { isIndexMediaType, parseIndex, parseManifest, type Descriptor } from '../oci/manifest.ts';
import { platformText } from '../oci/platform.ts';
import { unreadableReferrer } from '../oci/referrers.ts';
import { canonicalRepository } from '../oci/reference.ts';
import { inParallel } from '../signing/inParallel.ts';
import type { ManifestContent, RegistryReader, RepositoryName } from '../verification/registryReader.ts';
import { readableText } from './readableText.ts';

/** How many small questions are under way at a time. */
const atOnce = 16;
const tagSuffixes: readonly (readonly [string, ProofKind])[] = [['sig', 'signature'], ['att', 'attestation'], ['sbom', 'sbom']];

export function createContentsEngine(registry: () => RegistryReader): ContentsEngine {
  return {
    resolve: async (reference, signal) => reference.digest ?? (await registry().resolve(reference, signal)).digest,
    read: (repository, digest, signal) => new ContentsReader(registry(), repository, digest, signal).read(),
    manifest: (repository, digest, signal) => readManifest(registry(), repository, digest, signal).then(({ bytes, descriptor: { mediaType } }) => stored(bytes, mediaType)),
    payload: (repository, manifest, layer, signal) => readPayload(registry(), repository, manifest, layer, signal),
  };
}

class ContentsReader {
  readonly #registry: RegistryReader;
  readonly #repository: RepositoryName;
  readonly #digest: Digest;
  readonly #signal: AbortSignal;
  readonly #incomplete: CosignError[] = [];

  constructor(registry: RegistryReader, repository: RepositoryName, digest: Digest, signal: AbortSignal) {
    this.#registry = registry;
    this.#repository = repository;
    this.#digest = digest;
    this.#signal = signal;
  }

  async read(): Promise<ManifestContents> {
    const [content, tagged, listed] = await Promise.all([
      readManifest(this.#registry, this.#repository, this.#digest, this.#signal),
      Promise.all(tagSuffixes.map(([suffix, kind]) => this.#tagged(suffix, kind))),
      this.#listed(),
    ]);
    const { descriptor: { mediaType, size }, bytes } = content;
    const isIndex = isIndexMediaType(mediaType);
    const referrers = await inParallel(listed.slice(0, contentsLimits.referrers), atOnce, ({ digest }) => this.#referrer(digest), this.#signal);
    return {
      digest: this.#digest, mediaType, sizeBytes: size,
      manifests: isIndex ? parseIndex(bytes).manifests.map(contained) : [],
      blobs: isIndex ? [] : blobsOf(bytes),
      proofs: [...tagged, ...referrers].filter((proof) => proof !== undefined),
      notRead: Math.max(0, listed.length - contentsLimits.referrers),
      incomplete: this.#incomplete,
    };
  }

  async #tagged(suffix: string, kind: ProofKind): Promise<AttachedProof | undefined> {
    const tag = `sha256-${hexOf(this.#digest)}.${suffix}`;
    return this.#try(async () => {
      const content = await this.#registry.manifest(this.#repository, tag, this.#signal);
      return content && { ...factsOf(content), kind, place: { kind: 'tag', tag } };
    });
  }

  async #listed(): Promise<readonly Descriptor[]> {
    const listed = await this.#try(() => listReferrers(this.#registry, this.#repository, this.#digest, this.#signal));
    this.#incomplete.push(...(listed?.otherDigests ?? []).map(unreadableReferrer));
    return listed?.descriptors ?? [];
  }

  async #referrer(digest: Digest): Promise<AttachedProof | undefined> {
    return this.#try(async () => {
      const content = await readManifest(this.#registry, this.#repository, digest, this.#signal);
      const { subject, ...facts } = factsOf(content);
      if (subject !== this.#digest) throw new CosignError('MANIFEST_INVALID', said`${digest} is listed as a referrer of ${this.#digest}, but does not name it.`);
      return { ...facts, place: { kind: 'referrer' } };
    });
  }

  async #try<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#incomplete.push(toCosignError(error));
      return undefined;
    }
  }
}

type ProofFacts = Omit<AttachedProof, 'place'> & { readonly subject?: Digest };

function factsOf({ descriptor: { digest, mediaType, size }, bytes }: ManifestContent): ProofFacts {
  const facts = isIndexMediaType(mediaType) ? { ...parseIndex(bytes), layers: [] } : parseManifest(bytes);
  const { kind, artifactType, predicateType } = referrerOf(facts);
  return {
    kind, digest, mediaType, sizeBytes: size, layers: facts.layers, annotations: facts.annotations ?? {},
    ...(artifactType === '' ? {} : { artifactType }),
    ...(predicateType === undefined ? {} : { predicateType }),
    ...(facts.subject ? { subject: facts.subject.digest } : {}),
  };
}

function blobsOf(bytes: Uint8Array): readonly Descriptor[] {
  const { config, layers } = parseManifest(bytes);
  return [...(config ? [config] : []), ...layers];
}

function contained({ digest, mediaType, size, platform }: Descriptor): ContainedManifest {
  return { digest, mediaType, sizeBytes: size, ...(platform ? { platform: platformText(platform) } : {}) };
}

async function readManifest(registry: RegistryReader, repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<ManifestContent> {
  const content = await registry.manifest(repository, digest, signal);
  if (!content) throw new CosignError('IMAGE_NOT_FOUND', said`${canonicalRepository(repository)} has no manifest ${digest}.`);
  return content;
}

async function readPayload(registry: RegistryReader, repository: RepositoryName, manifest: Digest, layer: Digest, signal: AbortSignal): Promise<StoredText> {
  const { bytes } = await readManifest(registry, repository, manifest, signal);
  const descriptor = blobsOf(bytes).find(({ digest }) => digest === layer);
  if (!descriptor) throw new CosignError('MANIFEST_INVALID', said`The manifest ${manifest} of ${canonicalRepository(repository)} has no layer ${layer}.`);
  return stored(await registry.blob(repository, descriptor, signal, { limitBytes: contentsLimits.payloadBytes }), descriptor.mediaType);
}

function stored(bytes: Uint8Array, mediaType: string): StoredText {
  const text = readableText(bytes);
  return { bytes, mediaType, ...(text === undefined ? {} : { text }) };
}
