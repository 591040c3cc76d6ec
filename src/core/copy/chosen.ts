// What a selection takes from a plan, in the order in which it is copied, and what it comes to.
import { proofKinds, type CopyPlan, type CopySelection, type CopyTotals, type PlannedBlob, type PlannedManifest, type PlannedProof, type ProofKind } from '../copyEngine.ts';
import type { Digest } from '../crypto/digest.ts';
import { CosignError } from '../errors.ts';

export interface ChosenProof {
  readonly subject: PlannedManifest;
  readonly proof: PlannedProof;
}

export interface Chosen {
  readonly top: PlannedManifest;
  /** The image or index with all it lists: every manifest behind its children. */
  readonly images: readonly PlannedManifest[];
  /** Level by level: those of the images, then what hangs on them, and so on. */
  readonly proofs: readonly (readonly ChosenProof[])[];
  /** Everything whose blobs and bytes are copied, each digest once. */
  readonly manifests: readonly PlannedManifest[];
  readonly blobs: readonly PlannedBlob[];
}

/** @throws {CosignError} `IMAGE_NOT_FOUND` for a top that is not in the plan */
export function choose(plan: CopyPlan, { top: wanted, kinds = proofKinds }: CopySelection): Chosen {
  const top = childrenFirst(plan.root).find(({ digest }) => digest === (wanted ?? plan.root.digest));
  if (!top) throw new CosignError('IMAGE_NOT_FOUND', `The plan has no image ${wanted ?? plan.root.digest}.`);
  const images = childrenFirst(top);
  const manifests = new Map(images.map((manifest) => [manifest.digest, manifest]));
  const proofs: (readonly ChosenProof[])[] = [];
  for (let level: readonly PlannedManifest[] = images; level.length > 0;) {
    const found = level.flatMap((subject) => subject.proofs.filter(({ kind }) => kinds.includes(kind)).map((proof) => ({ subject, proof })));
    if (found.length > 0) proofs.push(found);
    level = found.flatMap(({ proof }) => childrenFirst(proof.manifest)).filter(({ digest }) => !manifests.has(digest));
    for (const manifest of level) manifests.set(manifest.digest, manifest);
  }
  const all = [...manifests.values()];
  return { top, images, proofs, manifests: all, blobs: [...new Map(all.flatMap(({ blobs }) => blobs).map((blob) => [blob.digest, blob])).values()] };
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
