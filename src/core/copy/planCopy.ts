// The plan: what is at the source, beside what the destination has of it. Reads both, writes nothing.
import { hasLayersOf } from '../cosign/signatureManifest.ts';
import type { BlobState, CopyPlan, CopyRequest, DestinationTag, Omitted, PlannedBlob, PlannedManifest, PlannedProof, ProofPlace } from '../copyEngine.ts';
import type { Digest } from '../crypto/digest.ts';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import { isIndexMediaType, type Descriptor } from '../oci/manifest.ts';
import { canonicalRepository, type Reference } from '../oci/reference.ts';
import type { ManifestContent } from '../oci/registryClient.ts';
import { parseSignatureRepository } from '../oci/signatureRepository.ts';
import { inParallel } from '../signing/inParallel.ts';
import type { RepositoryName } from '../verification/registryReader.ts';
import { atOnce, isSameRepository, type CopyDestination, type CopySides, type CopySource } from './sides.ts';
import { withSignaturesFrom } from './signaturesElsewhere.ts';
import { listReferrers, readSourceTree, type SourceBlob, type SourceManifest, type SourceProof, type SourceTree } from './sourceTree.ts';

/** @throws {CosignError} as {@link CopyEngine.plan} says */
export async function planCopy({ source: registry, destination }: CopySides, request: CopyRequest, signal: AbortSignal): Promise<CopyPlan> {
  const from = nameOf(request.source);
  const to = nameOf(request.destination);
  const elsewhere = signaturesOf(request, from);
  const source = elsewhere ? withSignaturesFrom(registry, elsewhere) : registry;
  refuseReservedTag(request.destination);
  const [root, destinationTag] = await Promise.all([source.resolve(request.source, signal), readTag(destination, request.destination, signal)]);
  const tree = await readSourceTree(source, from, root.digest, signal);
  const looked = new DestinationLook({ source, destination, from, to, isSame: isSameRepository(from, to) && !elsewhere, foreignLayers: request.foreignLayers ?? false });
  const states = await looked.read(tree, signal);
  const { manifest, omitted } = new TreeBuilder(tree, states).build();
  return { source: request.source, destination: request.destination, ...(elsewhere ? { signatureRepository: elsewhere } : {}), root: manifest, destinationTag, omitted: [...tree.omitted, ...omitted] };
}

/** What is under the destination tag now. */
export async function readTag(destination: CopyDestination, reference: Reference, signal: AbortSignal): Promise<DestinationTag> {
  const { tag } = reference;
  if (tag === undefined) return { kind: 'none' };
  const found = await present(destination, { ...nameOf(reference), tag }, signal);
  return found ? { kind: 'present', tag, digest: found.digest } : { kind: 'absent', tag };
}

function signaturesOf({ signatureRepository: given }: CopyRequest, from: RepositoryName): RepositoryName | undefined {
  if (given === undefined) return undefined;
  const named = typeof given === 'string' ? parseSignatureRepository(given) : given;
  return isSameRepository(named, from) ? undefined : named;
}

export function nameOf({ registry, repository }: Reference): RepositoryName {
  return { registry, repository };
}

/** Registries keep lists of referrers, and cosign signatures, under such tags: an image there would be in their way. */
function refuseReservedTag(reference: Reference): void {
  if (reference.tag === undefined || !/^sha(?:256|512)-[0-9a-f]{32,}(?:\.(?:sig|att|sbom))?$/.test(reference.tag)) return;
  throw new CosignError('REFERENCE_INVALID', said`The tag "${reference.tag}" is where registries and cosign keep what belongs to an image; no image is copied to it.`, { remedy: said`Choose another tag.` });
}

async function present(destination: CopyDestination, reference: Reference, signal: AbortSignal): Promise<Descriptor | undefined> {
  try {
    return await destination.resolve(reference, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CosignError && error.code === 'IMAGE_NOT_FOUND') return undefined;
    throw error;
  }
}

interface DestinationStates {
  readonly manifests: ReadonlySet<Digest>;
  readonly blobs: ReadonlyMap<Digest, BlobState>;
  readonly places: ReadonlyMap<SourceProof, ProofPlace>;
}

/** Asks the destination about everything in a source tree, each thing once. */
class DestinationLook {
  readonly #source: CopySource;
  readonly #destination: CopyDestination;
  readonly #from: RepositoryName;
  readonly #to: RepositoryName;
  readonly #isSame: boolean;
  readonly #foreignLayers: boolean;

  constructor(options: { readonly source: CopySource; readonly destination: CopyDestination; readonly from: RepositoryName; readonly to: RepositoryName; readonly isSame: boolean; readonly foreignLayers: boolean }) {
    this.#source = options.source;
    this.#destination = options.destination;
    this.#from = options.from;
    this.#to = options.to;
    this.#isSame = options.isSame;
    this.#foreignLayers = options.foreignLayers;
  }

  async read({ manifests }: SourceTree, signal: AbortSignal): Promise<DestinationStates> {
    const isSame = this.#isSame;
    const digests = [...manifests.keys()];
    const there = isSame ? digests : (await inParallel(digests, atOnce.looking, async (digest) => (await present(this.#destination, { ...this.#to, digest }, signal) ? [digest] : []), signal)).flat();
    const known = new Set(there);
    const [blobs, places] = await Promise.all([
      this.#blobs([...manifests.values()], known, signal),
      inParallel([...manifests], atOnce.looking, async ([subject, { proofs }]) => this.#places(subject, proofs, manifests, isSame, signal), signal),
    ]);
    return { manifests: known, blobs, places: new Map(places.flat()) };
  }

  async #blobs(manifests: readonly SourceManifest[], known: ReadonlySet<Digest>, signal: AbortSignal): Promise<ReadonlyMap<Digest, BlobState>> {
    const wanted = new Map<Digest, { readonly blob: SourceBlob; readonly inKnown: boolean }>();
    for (const { blobs, content } of manifests) {
      for (const blob of blobs) {
        const { digest } = blob.descriptor;
        wanted.set(digest, { blob, inKnown: (wanted.get(digest)?.inKnown ?? false) || known.has(content.descriptor.digest) });
      }
    }
    const states = await inParallel([...wanted.values()], atOnce.looking, async ({ blob, inKnown }): Promise<readonly [Digest, BlobState]> =>
      [blob.descriptor.digest, await this.#blob(blob, inKnown, signal)], signal);
    return new Map(states);
  }

  async #blob({ descriptor }: SourceBlob, inKnown: boolean, signal: AbortSignal): Promise<BlobState> {
    if (this.#isSame) return 'there';
    if (isForeign(descriptor) && !(this.#foreignLayers && await this.#source.blobExists(this.#from, descriptor.digest, signal))) return 'foreign';
    const isNeighbour = this.#from.registry === this.#to.registry;
    // Mounting is as cheap as asking, and does no harm where there is nothing to do.
    if (isNeighbour && !inKnown) return 'mount';
    if (await this.#destination.blobExists(this.#to, descriptor.digest, signal)) return 'there';
    return isNeighbour ? 'mount' : 'copy';
  }

  async #places(subject: Digest, proofs: readonly SourceProof[], manifests: ReadonlyMap<Digest, SourceManifest>, isSame: boolean, signal: AbortSignal): Promise<readonly (readonly [SourceProof, ProofPlace])[]> {
    const hasReferrers = proofs.some(({ referrer }) => referrer !== undefined);
    const listed = new Set(hasReferrers && !isSame ? (await listReferrers(this.#destination, this.#to, subject, signal)).descriptors.map(({ digest }) => digest) : []);
    return Promise.all(proofs.map(async (proof, at): Promise<readonly [SourceProof, ProofPlace]> => {
      const { tag } = proof;
      if (tag !== undefined) {
        const content = manifests.get(proof.digest)?.content;
        const wanted = { tag, digest: proof.digest, bytes: content?.bytes ?? new Uint8Array() };
        const found = isSame ? 'there' : await tagState(this.#destination, this.#to, wanted, signal);
        // Where two places have the tag, what comes second finds the first under it.
        const before = proofs.slice(0, at).find((other) => other.tag === tag);
        const first = before && manifests.get(before.digest)?.content;
        return [proof, { kind: 'tag', tag, state: found === 'absent' && first && content ? stateBeside(first, wanted, isIndexMediaType(content.descriptor.mediaType)) : found }];
      }
      const { artifactType = '', predicateType } = proof.referrer ?? {};
      return [proof, { kind: 'referrer', state: isSame || listed.has(proof.digest) ? 'listed' : 'absent', artifactType, ...(predicateType === undefined ? {} : { predicateType }) }];
    }));
  }
}

/** What the destination has under the tag of a proof, compared with what it should have. */
export async function tagState(destination: CopyDestination, repository: RepositoryName, wanted: { readonly tag: string; readonly digest: Digest; readonly bytes: Uint8Array }, signal: AbortSignal): Promise<'absent' | 'there' | 'merge' | 'keep'> {
  const found = await destination.manifest(repository, wanted.tag, signal);
  if (!found) return 'absent';
  return found.descriptor.digest === wanted.digest ? 'there' : stateBeside(found, wanted);
}

/** What becomes of a proof under a tag that is something else already. */
function stateBeside(found: ManifestContent, wanted: { readonly tag: string; readonly bytes: Uint8Array }, isIndex = false): 'there' | 'merge' | 'keep' {
  // An SBOM has one layer: two cannot be one.
  if (wanted.tag.endsWith('.sbom') || isIndex || isIndexMediaType(found.descriptor.mediaType)) return 'keep';
  try {
    return hasLayersOf(found.bytes, wanted.bytes) ? 'there' : 'merge';
  } catch (error) {
    // What cannot be read cannot be added to; the proof will say what is missing then.
    if (error instanceof CosignError) return 'keep';
    throw error;
  }
}

/** Layers that are marked as not to be distributed and say where else they are (image-spec v1.1 §non-distributable layers). */
function isForeign({ mediaType, urls }: Descriptor): boolean {
  return (urls?.length ?? 0) > 0 && /\.foreign\.|\.nondistributable\./.test(mediaType);
}

/** Puts the tree together from its parts; the same digest becomes the same object. */
class TreeBuilder {
  readonly #tree: SourceTree;
  readonly #states: DestinationStates;
  readonly #built = new Map<Digest, PlannedManifest>();
  readonly #building = new Set<Digest>();
  readonly #omitted: Omitted[] = [];

  constructor(tree: SourceTree, states: DestinationStates) {
    this.#tree = tree;
    this.#states = states;
  }

  build(): { readonly manifest: PlannedManifest; readonly omitted: readonly Omitted[] } {
    const manifest = this.#manifest(this.#tree.root, false);
    if (!manifest) throw new CosignError('IMAGE_NOT_FOUND', said`The source has no image ${this.#tree.root}.`);
    return { manifest, omitted: this.#omitted };
  }

  #manifest(digest: Digest, isProof: boolean, platform?: string): PlannedManifest | undefined {
    const known = this.#built.get(digest);
    if (known) return known;
    const found = this.#tree.manifests.get(digest);
    if (!found || this.#building.has(digest)) return undefined;
    this.#building.add(digest);
    const { mediaType } = found.content.descriptor;
    const built: PlannedManifest = {
      digest, mediaType, bytes: found.content.bytes, kind: isProof ? 'proof' : isIndexMediaType(mediaType) ? 'index' : 'image',
      ...(platform === undefined || platform === '' ? {} : { platform }),
      state: this.#states.manifests.has(digest) ? 'there' : 'copy',
      blobs: found.blobs.map((blob) => this.#blob(blob)),
      children: found.children.flatMap((child) => this.#manifest(child.digest, isProof, child.platform) ?? []),
      missing: found.missing,
      proofs: found.proofs.flatMap((proof) => this.#proof(digest, proof)),
    };
    this.#building.delete(digest);
    this.#built.set(digest, built);
    return built;
  }

  #blob({ descriptor: { digest, size, mediaType }, role }: SourceBlob): PlannedBlob {
    return { digest, sizeBytes: size, mediaType, role, state: this.#states.blobs.get(digest) ?? 'copy' };
  }

  #proof(subject: Digest, proof: SourceProof): readonly PlannedProof[] {
    const manifest = this.#manifest(proof.digest, true);
    const place = this.#states.places.get(proof);
    if (manifest && place) return [{ kind: proof.kind, manifest, place }];
    this.#omitted.push({ subject, digest: proof.digest, reason: new CosignError('MANIFEST_INVALID', said`${proof.digest} hangs on ${subject}, which hangs on it: one of them cannot be true.`) });
    return [];
  }
}

/** `host/repository:tag`, for messages. */
export function destinationName(reference: Reference): string {
  return `${canonicalRepository(reference)}${reference.tag === undefined ? '' : `:${reference.tag}`}`;
}
