// What the editor's face asks of copying: a plan to look at, the copy of what was chosen of it, and the proof at the end.
import type { Digest } from './crypto/digest.ts';
import type { CosignError } from './errors.ts';
import type { RepositoryName } from './oci/exchange.ts';
import type { Reference } from './oci/reference.ts';
import type { TrustSettings } from './policy/trustPolicy.ts';
import type { SignatureReport, Verdict } from './policy/verdict.ts';

export interface CopyRequest {
  readonly source: Reference;
  /** Where to: its tag is written last; with a digest and no tag nothing is tagged, and the digest must be the one that is copied. */
  readonly destination: Reference;
  /**
   * Also layers that are marked as not to be distributed and say where else they are (Windows base layers); default false. They come
   * from the source registry or not at all, never from the addresses that they name.
   */
  readonly foreignLayers?: boolean;
  /**
   * COSIGN_REPOSITORY, `countersign.signing.repository`: where signatures and the like lie, besides beside the image. They are copied
   * to where the image goes, as by `cosign copy`.
   */
  readonly signatureRepository?: RepositoryName | string;
}

/** What proves something about an image, or tells about it. `other`: a referrer that is none of the three. */
export type ProofKind = 'signature' | 'attestation' | 'sbom' | 'other';
export const proofKinds: readonly ProofKind[] = ['signature', 'attestation', 'sbom', 'other'];

/**
 * `there`: the destination has it. `mount`: the same registry has it and gives it without a transfer (one that will not is sent the
 * bytes). `copy`: its bytes must be sent. `foreign`: not copied, by the rule of {@link CopyRequest.foreignLayers}.
 */
export type BlobState = 'there' | 'mount' | 'copy' | 'foreign';

export interface PlannedBlob {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** The registry's text. */
  readonly mediaType: string;
  readonly role: 'config' | 'layer';
  readonly state: BlobState;
}

/** One manifest or index. The same digest is the same object wherever it stands in the tree. */
export interface PlannedManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly kind: 'image' | 'index' | 'proof';
  /** Exactly as stored; this is what is pushed. */
  readonly bytes: Uint8Array;
  /** `linux/arm64/v8`, in an index; the registry's text. */
  readonly platform?: string;
  /** Whether the destination's repository has it, by digest. */
  readonly state: 'there' | 'copy';
  readonly blobs: readonly PlannedBlob[];
  /** What an index lists, in its order. */
  readonly children: readonly PlannedManifest[];
  /**
   * Digests that an index lists and that are not at the source, or cannot be copied ({@link CopyPlan.omitted} says why then): such an
   * index cannot be copied, its other children can. Of any algorithm, and the registry's text.
   */
  readonly missing: readonly string[];
  readonly proofs: readonly PlannedProof[];
}

/** Something that hangs on a manifest: by a tag made of its digest, or as a referrer. */
export interface PlannedProof {
  readonly kind: ProofKind;
  readonly manifest: PlannedManifest;
  readonly place: ProofPlace;
}

export type ProofPlace =
  /**
   * `sha256-….sig`, `.att` or `.sbom`. What the destination has under the tag: nothing, all that the source has (and perhaps more),
   * something to which the source's layers are added (`.sig`, `.att`), or another SBOM, which is kept.
   */
  | { readonly kind: 'tag'; readonly tag: string; readonly state: 'absent' | 'there' | 'merge' | 'keep' }
  /** `listed`: the destination names it as a referrer of its subject already. Both texts are the registry's. */
  | { readonly kind: 'referrer'; readonly state: 'absent' | 'listed'; readonly artifactType: string; readonly predicateType?: string };

export type DestinationTag =
  /** Nothing is to be tagged. */
  | { readonly kind: 'none' }
  | { readonly kind: 'absent'; readonly tag: string }
  | { readonly kind: 'present'; readonly tag: string; readonly digest: Digest };

/** What copying would do; nothing was written. A tag was resolved once: from here on only digests count. */
export interface CopyPlan {
  readonly source: Reference;
  readonly destination: Reference;
  /** As in {@link CopyRequest}. */
  readonly signatureRepository?: RepositoryName;
  readonly root: PlannedManifest;
  /** Compare its digest with that of the selection's only top: another one needs {@link CopyOptions.overwriteTag}. */
  readonly destinationTag: DestinationTag;
  /**
   * What is not copied though it is listed, and why: referrers that are gone, unreadable, or not about the manifest whose referrers they
   * pretend to be; and whatever an index lists, or a tag holds, that is of a form or has a digest that is not copied.
   */
  readonly omitted: readonly Omitted[];
}

export interface Omitted {
  /** What lists it, or what it hangs on. */
  readonly subject: Digest;
  /** Of any algorithm: the registry's text. */
  readonly digest: string;
  readonly reason: CosignError;
}

/**
 * What of a plan to copy. An index is copied whole or not at all: with a platform left out its digest would change, or it would list
 * what is not there. So choosing a platform means that this child becomes the destination, as `cosign copy --platform` does; what
 * hangs on the index above it is not about the child and stays behind. Several cannot share a tag: an index of only those would be
 * another one than was signed. They are copied by their digests, and no tag is written.
 */
export interface CopySelection {
  /** Default, and for an empty list: the plan's root. Digests in the tree of {@link PlannedManifest.children}; what another of them lists comes with that. */
  readonly tops?: readonly Digest[];
  /** Default: all of them. */
  readonly kinds?: readonly ProofKind[];
}

/** What a selection comes to, each digest counted once. */
export interface CopyTotals {
  readonly manifests: number;
  readonly blobs: number;
  /** Of manifests and blobs together, foreign layers left out. */
  readonly sizeBytes: number;
  /** What has to be sent: without what is there or will be mounted. */
  readonly toSendBytes: number;
  readonly proofs: Readonly<Record<ProofKind, number>>;
}

export interface CopyOptions {
  /** The digest that a person agreed to take off the destination tag; a tag that has yet another one by then is left alone. */
  readonly overwriteTag?: Digest;
  /** Keys and policies of the source, for the proof. */
  readonly trust: TrustSettings;
}

export interface CopyProgress {
  readonly step: 'look' | 'blobs' | 'manifests' | 'proofs' | 'tag' | 'verify';
  /** Bytes that the destination has by now of all there are in {@link CopyTotals.sizeBytes}; never goes back but for a layer sent anew. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** What was worked on last. */
  readonly digest?: Digest;
}

/** `added`: put into what the destination had. `kept`: the destination's own was left, the source's is not there. */
export type CopyOutcome = 'copied' | 'mounted' | 'already there' | 'added' | 'kept' | 'foreign';

export interface CopiedThing {
  readonly what: 'blob' | 'manifest' | 'proof tag' | 'referrer' | 'tag';
  /** For a tag: what it points at in the end. */
  readonly digest: Digest;
  readonly outcome: CopyOutcome;
  readonly sizeBytes: number;
  /** For tags. */
  readonly tag?: string;
}

export interface CopyResult {
  /** The destination with the digest that was copied; of several images, with that of the first and without a tag. */
  readonly destination: Reference;
  readonly digest: Digest;
  /** Of every image or index that was chosen: mostly the one. */
  readonly digests: readonly Digest[];
  readonly things: readonly CopiedThing[];
  /** Bytes of blobs that were sent, those sent twice after a cut connection included once. */
  readonly sentBytes: number;
  readonly proof: CopyProof;
}

/**
 * `valid`: verifies at the destination as it does at the source. `missing`: not found there. `invalid`: found, and does not verify.
 * `left out`: by the selection.
 */
export interface ProvenSignature {
  readonly subject: Digest;
  /** As it verifies at the source; its `identity` is the name it was signed under, which may be neither of the two. */
  readonly atSource: SignatureReport;
  readonly state: 'valid' | 'missing' | 'invalid' | 'left out';
}

/** Both sides verified, with the policies that cover the source. */
export interface CopyProof {
  /** Of the digest that was copied; of several, of the first whose copy is judged worse, or else of the first. */
  readonly source: Verdict;
  readonly destination: Verdict;
  /** Every signature that is valid at the source, of everything copied. */
  readonly signatures: readonly ProvenSignature[];
  /** What could not be looked at on either side: while there is one, the copy is not proven. */
  readonly incomplete: readonly CosignError[];
  /** Nothing is `missing` or `invalid`, everything could be looked at, and the destination's verdict is as good as the source's. */
  readonly holds: boolean;
}

export interface CopyEngine {
  /**
   * Looks at both sides; writes nothing.
   * @throws {CosignError} `IMAGE_NOT_FOUND`, `REFERENCE_INVALID` for a destination tag that cosign or registries use for something
   * else, `MANIFEST_INVALID`, `COUNT_LIMIT`, `SIZE_LIMIT` and every `REGISTRY_…` code
   */
  plan(request: CopyRequest, signal: AbortSignal): Promise<CopyPlan>;
  /** What a selection of a plan comes to. @throws {CosignError} `IMAGE_NOT_FOUND` for a top that is not in the plan */
  totals(plan: CopyPlan, selection: CopySelection): CopyTotals;
  /**
   * Copies blobs, then manifests (children before indexes), then what hangs on them, then the tag; then verifies. Interrupted at any
   * point, the destination has no tag that points at a hole, and copying again, by the same plan or a new one, goes on.
   * @throws {CosignError} `TAG_EXISTS` and `REFERRERS_TAG_OCCUPIED` before anything is written (and `TAG_EXISTS` again when the tag
   * changed meanwhile), `DIGEST_MISMATCH` when the source sends other bytes, `SIGNATURE_LOST` when others kept overwriting a tag,
   * and every `REGISTRY_…` code
   * @throws the signal's reason when aborted; sockets are closed then
   */
  copy(plan: CopyPlan, selection: CopySelection, options: CopyOptions, onProgress: (progress: CopyProgress) => void, signal: AbortSignal): Promise<CopyResult>;
}
