// Everything at the source that belongs to an image: what it lists, what hangs on each of that, and what hangs on those in turn.
import { referrersTag } from '../cosign/referrer.ts';
import type { Omitted, ProofKind } from '../copyEngine.ts';
import { hexOf, type Digest } from '../crypto/digest.ts';
import { sizeText } from '../encoding/sizeText.ts';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import { isIndexMediaType, mediaTypes, parseIndex, parseManifest, parseMixedIndex, type Descriptor } from '../oci/manifest.ts';
import { platformText } from '../oci/platform.ts';
import { unreadableReferrer, type ReferrersAnswer } from '../oci/referrers.ts';
import type { ManifestContent } from '../oci/registryClient.ts';
import { canonicalRepository } from '../oci/reference.ts';
import { inParallel } from '../signing/inParallel.ts';
import type { RegistryReader, RepositoryName } from '../verification/registryReader.ts';
import { referrerOf, type Referrer } from './proofKind.ts';
import { atOnce, type CopySource } from './sides.ts';

export interface SourceBlob {
  readonly descriptor: Descriptor;
  readonly role: 'config' | 'layer';
}

export interface SourceProof {
  readonly kind: ProofKind;
  readonly digest: Digest;
  /** For a proof under a tag. */
  readonly tag?: string;
  /** For a referrer. */
  readonly referrer?: Referrer;
}

export interface SourceManifest {
  readonly content: ManifestContent;
  readonly blobs: readonly SourceBlob[];
  readonly children: readonly { readonly digest: Digest; readonly platform?: string }[];
  readonly missing: readonly string[];
  readonly proofs: readonly SourceProof[];
}

export interface SourceTree {
  readonly root: Digest;
  readonly manifests: ReadonlyMap<Digest, SourceManifest>;
  readonly omitted: readonly Omitted[];
}

/** What may hang on a manifest: everything, only referrers (nobody signs a signature by tag), or nothing that anybody looks for. */
type Hangs = 'everything' | 'referrers' | 'nothing';

const extent: Readonly<Record<Hangs, number>> = { nothing: 0, referrers: 1, everything: 2 };

interface Task {
  readonly digest: Digest;
  readonly hangs: Hangs;
  readonly depth: number;
  /** What lists it, or what it hangs on; the image itself has none. */
  readonly parent?: Digest;
  /** When it was read already, as a tag. */
  readonly content?: ManifestContent;
}

/** A whole image with everything: more is no image of ours. */
const limits = { manifests: 2000, bytes: 32 * 1024 * 1024, depth: 8 } as const;
const manifestTypes: readonly string[] = Object.values(mediaTypes);
const tagSuffixes: readonly (readonly [string, ProofKind])[] = [['sig', 'signature'], ['att', 'attestation'], ['sbom', 'sbom']];

/**
 * @throws {CosignError} `IMAGE_NOT_FOUND` for the image itself, `MANIFEST_INVALID`, `COUNT_LIMIT`, `SIZE_LIMIT`, every `REGISTRY_…`
 * code: what cannot be looked at is never taken for something that is not there
 */
export async function readSourceTree(source: CopySource, repository: RepositoryName, root: Digest, signal: AbortSignal): Promise<SourceTree> {
  return new TreeReader(source, repository).read(root, signal);
}

class TreeReader {
  readonly #source: CopySource;
  readonly #repository: RepositoryName;
  readonly #manifests = new Map<Digest, SourceManifest>();
  readonly #omitted: Omitted[] = [];
  #bytes = 0;

  constructor(source: CopySource, repository: RepositoryName) {
    this.#source = source;
    this.#repository = repository;
  }

  async read(root: Digest, signal: AbortSignal): Promise<SourceTree> {
    const seen = new Map<Digest, Hangs>([[root, 'everything']]);
    /** One that was reached as something on which less hangs is looked at again. */
    const isNews = ({ digest, hangs }: Task): boolean => {
      const before = seen.get(digest);
      if (before !== undefined && extent[before] >= extent[hangs]) return false;
      seen.set(digest, hangs);
      return true;
    };
    let tasks: readonly Task[] = [{ digest: root, hangs: 'everything', depth: 0 }];
    while (tasks.length > 0) {
      const found = await inParallel(tasks, atOnce.looking, (task) => this.#load(task, signal), signal);
      // Level by level, so that nothing waits for what waits for it, whatever hangs on whatever.
      tasks = found.flat().sort((a, b) => extent[b.hangs] - extent[a.hangs]).filter(isNews);
      if (seen.size > limits.manifests) throw new CosignError('COUNT_LIMIT', said`More than ${limits.manifests} manifests belong to ${this.#named(root)}.`);
    }
    if (!this.#manifests.has(root)) throw new CosignError('IMAGE_NOT_FOUND', said`${canonicalRepository(this.#repository)} has no image ${root}.`);
    return { root, manifests: this.#withoutMissing(), omitted: distinct(this.#omitted) };
  }

  /** @returns what to load next */
  async #load({ digest, hangs, depth, parent, content: known }: Task, signal: AbortSignal): Promise<readonly Task[]> {
    const read = this.#manifests.get(digest)?.content;
    const content = known ?? read ?? await this.#source.manifest(this.#repository, digest, signal);
    if (!content) return [];
    if (!read) this.#bytes += content.bytes.byteLength;
    if (this.#bytes > limits.bytes) throw new CosignError('SIZE_LIMIT', said`The manifests that belong to ${this.#named(digest)} have more than ${sizeText(limits.bytes)}.`);
    if (depth > limits.depth) throw new CosignError('COUNT_LIMIT', said`What belongs to the image is nested more than ${limits.depth} deep, at ${digest}.`);
    const facts = await this.#parseOrOmit(content, parent, signal);
    if (!facts) return [];
    const [tagged, referrers] = await Promise.all([
      hangs === 'everything' ? this.#tagged(digest, signal) : [],
      hangs === 'nothing' ? [] : this.#referrers(digest, signal),
    ]);
    const proofs = [...tagged, ...referrers];
    this.#manifests.set(digest, { content, ...facts, proofs: proofs.map(({ proof }) => proof) });
    return [
      ...facts.children.map((child) => ({ digest: child.digest, hangs, depth: depth + 1, parent: digest })),
      ...proofs.map((found) => ({ digest: found.proof.digest, hangs: found.hangs, depth: depth + 1, parent: digest, content: found.content })),
    ];
  }

  /** What is of a form that is not copied does not forbid copying the rest. */
  async #parseOrOmit(content: ManifestContent, parent: Digest | undefined, signal: AbortSignal): Promise<Omit<SourceManifest, 'content' | 'proofs'> | undefined> {
    try {
      return await this.#parse(content, signal);
    } catch (reason) {
      signal.throwIfAborted();
      if (parent === undefined || !(reason instanceof CosignError) || reason.code !== 'MANIFEST_INVALID') throw reason;
      this.#omitted.push({ subject: parent, digest: content.descriptor.digest, reason });
      return undefined;
    }
  }

  async #parse({ descriptor: { digest, mediaType }, bytes }: ManifestContent, signal: AbortSignal): Promise<Omit<SourceManifest, 'content' | 'proofs'>> {
    if (!manifestTypes.includes(mediaType)) throw new CosignError('MANIFEST_INVALID', said`${this.#named(digest)} is of a type that is not copied ("${mediaType.replace(/[^\x21-\x7e]/g, ' ').slice(0, 100)}").`);
    if (!isIndexMediaType(mediaType)) {
      const { config, layers } = parseManifest(bytes);
      if (!config) throw new CosignError('MANIFEST_INVALID', said`${this.#named(digest)} has no config: it is no manifest that can be copied.`);
      return { blobs: [{ descriptor: config, role: 'config' }, ...layers.map((descriptor) => ({ descriptor, role: 'layer' as const }))], children: [], missing: [] };
    }
    const { manifests: entries, otherDigests } = parseMixedIndex(bytes);
    for (const other of otherDigests) {
      this.#omitted.push({ subject: digest, digest: other, reason: new CosignError('MANIFEST_INVALID', said`${this.#named(digest)} lists ${other}: only what has a sha256 digest is copied.`) });
    }
    // Build caches list layers where manifests belong.
    const odd = entries.filter((entry) => entry.mediaType !== '' && !manifestTypes.includes(entry.mediaType));
    const blobs = (await inParallel(odd, atOnce.looking, async (entry) => (await this.#source.blobExists(this.#repository, entry.digest, signal) ? [entry] : []), signal)).flat();
    return {
      blobs: blobs.map((descriptor) => ({ descriptor, role: 'layer' })),
      children: entries.filter((entry) => !blobs.includes(entry)).map((entry) => ({ digest: entry.digest, ...(entry.platform ? { platform: platformText(entry.platform) } : {}) })),
      missing: otherDigests,
    };
  }

  async #tagged(subject: Digest, signal: AbortSignal): Promise<readonly FoundProof[]> {
    const found = await Promise.all(tagSuffixes.map(async ([suffix, kind]): Promise<readonly FoundProof[]> => {
      const tag = `sha256-${hexOf(subject)}.${suffix}`;
      const contents = await this.#under(tag, signal);
      return contents.map((content) => ({ proof: { kind, digest: content.descriptor.digest, tag }, content, hangs: suffix === 'sbom' ? 'everything' : 'nothing' }));
    }));
    return found.flat();
  }

  /** What is under a tag, in each place once. */
  async #under(tag: string, signal: AbortSignal): Promise<readonly ManifestContent[]> {
    const found = this.#source.manifestsUnder ? await this.#source.manifestsUnder(this.#repository, tag, signal) : [await this.#source.manifest(this.#repository, tag, signal)];
    return [...new Map(found.flatMap((content) => (content ? [[content.descriptor.digest, content] as const] : []))).values()];
  }

  /** By the API and by the fallback tag: registries that got the API later do not list what was there before. */
  async #referrers(subject: Digest, signal: AbortSignal): Promise<readonly FoundProof[]> {
    const { descriptors, otherDigests } = await listReferrers(this.#source, this.#repository, subject, signal);
    for (const digest of otherDigests) this.#omitted.push({ subject, digest, reason: unreadableReferrer(digest) });
    return (await inParallel(descriptors, atOnce.looking, async ({ digest }): Promise<readonly FoundProof[]> => {
      try {
        const content = await this.#source.manifest(this.#repository, digest, signal);
        if (!content) throw new CosignError('MANIFEST_INVALID', said`${canonicalRepository(this.#repository)} lists the referrer ${digest}, but does not have it.`);
        const facts = isIndexMediaType(content.descriptor.mediaType) ? parseIndex(content.bytes) : parseManifest(content.bytes);
        if (facts.subject?.digest !== subject) throw new CosignError('MANIFEST_INVALID', said`${digest} is listed as a referrer of ${subject}, but does not name it.`);
        await this.#parse(content, signal);
        const referrer = referrerOf(facts);
        return [{ proof: { kind: referrer.kind, digest, referrer }, content, hangs: referrer.kind === 'signature' ? 'referrers' : 'everything' }];
      } catch (reason) {
        signal.throwIfAborted();
        if (!(reason instanceof CosignError) || !['MANIFEST_INVALID', 'SIZE_LIMIT', 'COUNT_LIMIT'].includes(reason.code)) throw reason;
        this.#omitted.push({ subject, digest, reason });
        return [];
      }
    }, signal)).flat();
  }

  #withoutMissing(): ReadonlyMap<Digest, SourceManifest> {
    const has = (digest: Digest): boolean => this.#manifests.has(digest);
    return new Map([...this.#manifests].map(([digest, manifest]) => [digest, {
      ...manifest, children: manifest.children.filter((child) => has(child.digest)), missing: [...manifest.children.filter((child) => !has(child.digest)).map((child) => child.digest), ...manifest.missing],
      proofs: manifest.proofs.filter((proof) => has(proof.digest)),
    }]));
  }

  #named(digest: Digest): string {
    return `${canonicalRepository(this.#repository)}@${digest}`;
  }
}

function distinct(omitted: readonly Omitted[]): readonly Omitted[] {
  return [...new Map(omitted.map((each) => [`${each.subject} ${each.digest}`, each])).values()];
}

interface FoundProof {
  readonly proof: SourceProof;
  readonly content: ManifestContent;
  readonly hangs: Hangs;
}

/**
 * What a registry lists as referrers of a digest, in the API or in the fallback index, each once.
 * @throws {CosignError} every `REGISTRY_…` code, `MANIFEST_INVALID`
 */
export async function listReferrers(registry: RegistryReader, repository: RepositoryName, subject: Digest, signal: AbortSignal): Promise<{ readonly descriptors: readonly Descriptor[]; readonly otherDigests: readonly string[] }> {
  const [api, tag] = await Promise.all([listedByApi(registry, repository, subject, signal), registry.manifest(repository, referrersTag(subject), signal)]);
  // `cosign copy` puts the image itself under this tag.
  const fallback = tag && tag.descriptor.digest !== subject && isIndexMediaType(tag.descriptor.mediaType) ? parseMixedIndex(tag.bytes) : undefined;
  const all = [...fallback?.manifests ?? [], ...api?.descriptors ?? []];
  return {
    descriptors: [...new Map(all.map((descriptor) => [descriptor.digest, descriptor])).values()],
    otherDigests: [...new Set([...fallback?.otherDigests ?? [], ...api?.otherDigests ?? []])],
  };
}

/** @returns undefined where the registry has no such API */
export async function listedByApi(registry: RegistryReader, repository: RepositoryName, subject: Digest, signal: AbortSignal): Promise<Extract<ReferrersAnswer, { kind: 'list' }> | undefined> {
  if (await registry.probeReferrers(repository, signal) === 'unsupported on host') return undefined;
  const answer = await registry.referrers(repository, subject, signal);
  return answer.kind === 'list' ? answer : undefined;
}
