// Copying an image in words: what there is to choose from, what a choice comes to, and what went wrong.
import type { Chosen } from '../core/copy/chosen.ts';
import type { BlobState, CopyPlan, CopyTotals, PlannedManifest, PlannedProof, ProofKind } from '../core/copyEngine.ts';
import { sizeText } from '../core/encoding/sizeText.ts';
import type { ErrorCode } from '../core/errors.ts';
import { said, type Said } from '../core/said.ts';
import { canonicalRepository } from '../core/oci/reference.ts';
import { shortDigest } from './digestText.ts';
import type { Translate } from './translate.ts';
import { plainText } from './untrustedText.ts';

/** Everything in a manifest's tree is visited once, however often it is listed. */
export function manifestsUnder(top: PlannedManifest): readonly PlannedManifest[] {
  const found = new Map<string, PlannedManifest>();
  const pending = [top];
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (found.has(next.digest)) continue;
    found.set(next.digest, next);
    pending.push(...next.proofs.map(({ manifest }) => manifest).reverse(), ...[...next.children].reverse());
  }
  return [...found.values()];
}

/** What hangs on the manifests of trees, of each kind. */
export function proofCounts(tops: Chosen['tops']): Readonly<Record<ProofKind, number>> {
  const counts = { signature: 0, attestation: 0, sbom: 0, other: 0 };
  for (const { kind } of [...new Set(tops.flatMap(manifestsUnder))].flatMap(({ proofs }) => proofs)) counts[kind] += 1;
  return counts;
}

/** One row of the list from which a part of an index is chosen: the index, and below it what it lists. */
export interface PartRow {
  readonly manifest: PlannedManifest;
  /** How deep it stands in the tree. */
  readonly depth: number;
  readonly words: string;
}

/** Longest list of parts; an index of indexes could name thousands. */
const maxParts = 200;

export function partRows(root: PlannedManifest, t: Translate): readonly PartRow[] {
  const rows: PartRow[] = [];
  const seen = new Set<string>();
  const visit = (manifest: PlannedManifest, depth: number): void => {
    if (rows.length >= maxParts || seen.has(manifest.digest)) return;
    seen.add(manifest.digest);
    rows.push({ manifest, depth, words: manifestName(manifest, t) });
    for (const child of manifest.children) visit(child, depth + 1);
  };
  visit(root, 0);
  return rows;
}

/** The question that goes with that list; it says what the choice so far comes to, in a field with room for 45 letters. */
export function partQuestion(chosen: readonly PlannedManifest[], root: PlannedManifest, t: Translate): string {
  if (chosen.length === 0) return t('Check what is copied of the index');
  if (chosen.includes(root)) return t('The whole index; check images to copy fewer');
  return chosen.length === 1 ? t('Only this image is copied, to the tag') : t('{0} images, by their digests, without a tag', chosen.length);
}

/** `Index of 3`, `linux/arm64`, `Image`. */
export function manifestName({ kind, platform, children, missing }: PlannedManifest, t: Translate): string {
  if (kind === 'index') return t('Index of {0}', children.length + missing.length);
  return platform === undefined ? t('Image') : plainText(platform, 60);
}

export function kindWords(kind: ProofKind, t: Translate): string {
  switch (kind) {
    case 'signature': return t('Signatures');
    case 'attestation': return t('Attestations');
    case 'sbom': return t('SBOMs');
    case 'other': return t('Other Referrers');
  }
}

export function blobStateWords(state: BlobState, t: Translate): string {
  switch (state) {
    case 'there': return t('already there');
    case 'mount': return t('can be mounted');
    case 'copy': return t('to copy');
    case 'foreign': return t('not distributed with the image, stays behind');
  }
}

export function manifestStateWords(state: PlannedManifest['state'], t: Translate): string {
  return state === 'there' ? t('already there') : t('to copy');
}

/** What the destination has where a proof goes. */
export function placeWords({ place }: PlannedProof, t: Translate): string {
  if (place.kind === 'referrer') {
    const type = plainText(place.predicateType ?? place.artifactType, 120);
    const state = place.state === 'listed' ? t('already listed as a referrer') : t('to be listed as a referrer');
    return type === '' ? state : t('{0} ({1})', state, type);
  }
  const tag = plainText(place.tag, 160);
  switch (place.state) {
    case 'absent': return t('to be written, tag {0}', tag);
    case 'there': return t('already there, tag {0}', tag);
    case 'merge': return t('added to what is there, tag {0}', tag);
    case 'keep': return t('the other one that is there is kept, tag {0}', tag);
  }
}

/** `12 MB to send of 40 MB`, `nothing to send: all 40 MB are there or can be mounted`. */
export function totalsWords({ sizeBytes, toSendBytes }: CopyTotals, t: Translate): string {
  return toSendBytes === 0 ? t('nothing to send: all {0} are there or can be mounted', sizeText(sizeBytes)) : t('{0} to send of {1}', sizeText(toSendBytes), sizeText(sizeBytes));
}

/** `3 manifests, 7 blobs`. */
export function countsWords({ manifests, blobs }: CopyTotals, t: Translate): string {
  return [
    manifests === 1 ? t('1 manifest') : t('{0} manifests', manifests),
    blobs === 1 ? t('1 blob') : t('{0} blobs', blobs),
  ].join(', ');
}

/** `Signatures: 2, SBOMs: 1`; says so when there is none. */
export function proofsWords(proofs: CopyTotals['proofs'], t: Translate): string {
  const kinds: readonly ProofKind[] = ['signature', 'attestation', 'sbom', 'other'];
  const named = kinds.filter((kind) => proofs[kind] > 0).map((kind) => t('{0}: {1}', kindWords(kind, t), proofs[kind]));
  return named.length === 0 ? t('no signatures, attestations, SBOMs or other referrers') : named.join(', ');
}

/** What becomes of the destination's tag. */
export function tagWords({ destinationTag: tag }: CopyPlan, [top, ...more]: Chosen['tops'], t: Translate): string {
  if (more.length > 0) return t('No tag: {0} images by their digests.', more.length + 1);
  switch (tag.kind) {
    case 'none': return t('No tag is written.');
    case 'absent': return t('The tag {0} is free.', tag.tag);
    case 'present': return tag.digest === top.digest
      ? t('The tag {0} points at this image already.', tag.tag)
      : t('The tag {0} is another image now ({1}); you are asked before it changes.', tag.tag, shortDigest(tag.digest));
  }
}

/** What can be done about a failed copy, where that is something else than for verifying. */
export function copyRemedy(code: ErrorCode, { source, destination }: Pick<CopyPlan, 'source' | 'destination'>): Said | undefined {
  if (code === 'REGISTRY_UNAUTHORIZED') {
    return said`Log in (docker login) with an account that may pull from ${canonicalRepository(source)} and push to ${canonicalRepository(destination)}.`;
  }
  if (code === 'REGISTRY_DENIED') {
    return said`Ask for the right to pull from ${canonicalRepository(source)} and to push to ${canonicalRepository(destination)}; a full quota and tags that must not change are refused in this way too.`;
  }
  return passingFailures.includes(code) ? said`Copy again later: what has arrived is not sent a second time.` : undefined;
}

/** Failures that go away by themselves. */
const passingFailures: readonly ErrorCode[] = ['REGISTRY_RATE_LIMITED', 'REGISTRY_UNAVAILABLE', 'REGISTRY_TIMEOUT', 'REGISTRY_UNREACHABLE'];
