// What a selection takes from a plan, in the order in which it is copied, and what it comes to.
import { proofKinds, type CopyPlan, type CopySelection, type CopyTotals, type DestinationTag, type PlannedBlob, type PlannedManifest, type PlannedProof, type ProofKind } from '../copyEngine.ts';
import type { Digest } from '../crypto/digest.ts';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';

export interface ChosenProof {
  readonly subject: PlannedManifest;
  readonly proof: PlannedProof;
}

export interface Chosen {
  /** At least one; under the tag goes only one that is alone. */
  readonly tops: readonly [PlannedManifest, ...PlannedManifest[]];
  /** The tops with all they list: every manifest behind its children. */
  readonly images: readonly PlannedManifest[];
  /** Level by level: those of the images, then what hangs on them, and so on. */
  readonly proofs: readonly (readonly ChosenProof[])[];
  /** Everything whose blobs and bytes are copied, each digest once. */
  readonly manifests: readonly PlannedManifest[];
  readonly blobs: readonly PlannedBlob[];
}

/**
 * The images or indexes that a selection names, without those that another of them lists; the plan's root when it names none.
 * @throws {CosignError} `IMAGE_NOT_FOUND` for one that is not in the plan
 */
export function topsOf({ root }: CopyPlan, { tops: wanted = [] }: CopySelection): Chosen['tops'] {
  if (wanted.length === 0) return [root];
  const all = childrenFirst(root);
  const named = [...new Set(wanted)].map((digest) => {
    const found = all.find((manifest) => manifest.digest === digest);
    if (!found) throw new CosignError('IMAGE_NOT_FOUND', said`The plan has no image ${digest}.`);
    return found;
  });
  const [first, ...more] = named.filter((top) => !named.some((other) => other !== top && childrenFirst(other).includes(top)));
  return first ? [first, ...more] : [root];
}

/** The destination tag, where it is another image by now than the one that would be written to it. */
export function tagTaken(plan: CopyPlan, selection: CopySelection): Extract<DestinationTag, { kind: 'present' }> | undefined {
  const { destinationTag: tag } = plan;
  const [top, ...more] = topsOf(plan, selection);
  return tag.kind === 'present' && more.length === 0 && tag.digest !== top.digest ? tag : undefined;
}

/** @throws {CosignError} `IMAGE_NOT_FOUND` for a top that is not in the plan */
export function choose(plan: CopyPlan, selection: CopySelection): Chosen {
  const { kinds = proofKinds } = selection;
  const tops = topsOf(plan, selection);
  const images = [...new Set(tops.flatMap(childrenFirst))];
  const manifests = new Map(images.map((manifest) => [manifest.digest, manifest]));
  const proofs: (readonly ChosenProof[])[] = [];
  for (let level: readonly PlannedManifest[] = images; level.length > 0;) {
    const found = level.flatMap((subject) => subject.proofs.filter(({ kind }) => kinds.includes(kind)).map((proof) => ({ subject, proof })));
    if (found.length > 0) proofs.push(found);
    level = found.flatMap(({ proof }) => childrenFirst(proof.manifest)).filter(({ digest }) => !manifests.has(digest));
    for (const manifest of level) manifests.set(manifest.digest, manifest);
  }
  const all = [...manifests.values()];
  return { tops, images, proofs, manifests: all, blobs: [...new Map(all.flatMap(({ blobs }) => blobs).map((blob) => [blob.digest, blob])).values()] };
}

/** A manifest and all it lists, each once and every manifest behind what it lists. */
export function childrenFirst(manifest: PlannedManifest): readonly PlannedManifest[] {
  const found = new Map<Digest, PlannedManifest>();
  const visit = (current: PlannedManifest): void => {
    if (found.has(current.digest)) return;
    current.children.forEach(visit);
    found.set(current.digest, current);
  };
  visit(manifest);
  return [...found.values()];
}

export function totalsOf({ manifests, blobs, proofs }: Chosen): CopyTotals {
  const copied = blobs.filter(({ state }) => state !== 'foreign');
  const count = (kind: ProofKind): number => new Set(proofs.flat().filter(({ proof }) => proof.kind === kind).map(({ proof }) => proof.manifest.digest)).size;
  const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);
  return {
    manifests: manifests.length,
    blobs: copied.length,
    sizeBytes: sum(copied.map(({ sizeBytes }) => sizeBytes)) + sum(manifests.map(({ bytes }) => bytes.byteLength)),
    toSendBytes: sum(copied.filter(({ state }) => state === 'copy').map(({ sizeBytes }) => sizeBytes)) + sum(manifests.filter(({ state }) => state === 'copy').map(({ bytes }) => bytes.byteLength)),
    proofs: { signature: count('signature'), attestation: count('attestation'), sbom: count('sbom'), other: count('other') },
  };
}
