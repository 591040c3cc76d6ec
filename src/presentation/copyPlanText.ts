// The plan of a copy as a text: the whole tree with layers, states and sizes, to read, search and listen to.
import type { CopyPlan, CopySelection, CopyTotals, PlannedManifest, PlannedProof, ProofKind } from '../core/copyEngine.ts';
import { topsOf } from '../core/copy/chosen.ts';
import { sizeText } from '../core/encoding/sizeText.ts';
import { familiarName } from '../core/oci/reference.ts';
import { blobStateWords, countsWords, manifestName, manifestStateWords, placeWords, proofsWords, tagWords, totalsWords } from './copyText.ts';
import { failureText } from './failureText.ts';
import type { Translate } from './translate.ts';
import { plainText } from './untrustedText.ts';

/** A longer tree is cut, and says so. */
const maxLines = 20_000;
const maxDepth = 30;

/** Every line is one fact; depth is two spaces, so that it reads well aloud. */
export function copyPlanDocument(plan: CopyPlan, selection: CopySelection, totals: CopyTotals, t: Translate): string {
  const tops = topsOf(plan, selection);
  const tree = new Tree(selection, t);
  for (const top of tops) tree.add(top, 0);
  return [
    t('The plan of a copy. Nothing was written.'), '',
    t('From: {0}', plainText(familiarName(plan.source), 400)),
    t('To: {0}', plainText(familiarName(plan.destination), 400)),
    ...tops.map(({ digest }) => t('Digest: {0}', digest)),
    ...partWords(plan, tops, t),
    tagWords(plan, tops, t), '',
    t('In all: {0} ({1})', totalsWords(totals, t), countsWords(totals, t)),
    t('With it: {0}', proofsWords(totals.proofs, t)), '',
    ...tree.lines,
    ...omittedLines(plan, t),
    '',
  ].join('\n');
}

function partWords({ root }: CopyPlan, tops: readonly PlannedManifest[], t: Translate): readonly string[] {
  if (tops.includes(root)) return [];
  return [tops.length === 1
    ? t('A part of the index {0}; what hangs on the index itself stays behind.', root.digest)
    : t('Parts of the index {0}; the index and what hangs on it stay behind. With only these parts it would have another digest, which nobody has signed.', root.digest)];
}

/** One line of the tree: what it is, and what becomes of it. */
export interface PlanRow {
  readonly depth: number;
  readonly name: string;
  readonly digest: string;
  /** With the layers of an image. */
  readonly sizeBytes: number;
  readonly words: string;
}

const maxRows = 300;

/** The tree without layers, for a list on screen. */
export function planRows(plan: CopyPlan, selection: CopySelection, t: Translate): readonly PlanRow[] {
  const tree = new Tree(selection, t);
  for (const top of topsOf(plan, selection)) tree.add(top, 0);
  return tree.rows.slice(0, maxRows);
}

class Tree {
  readonly lines: string[] = [];
  readonly rows: PlanRow[] = [];
  readonly #kinds: readonly ProofKind[] | undefined;
  readonly #t: Translate;
  readonly #seen = new Set<string>();

  constructor({ kinds }: CopySelection, t: Translate) {
    this.#kinds = kinds;
    this.#t = t;
  }

  add(manifest: PlannedManifest, depth: number, proof?: PlannedProof): void {
    const t = this.#t;
    const left = proof !== undefined && this.#kinds?.includes(proof.kind) === false;
    const again = this.#seen.has(manifest.digest);
    const name = proof ? proofName(proof.kind, t) : manifestName(manifest, t);
    const words = [
      ...(left ? [t('left out')] : proof ? [placeWords(proof, t)] : [manifestStateWords(manifest.state, t)]),
      ...(again && !left ? [t('shown above')] : []),
    ].join(', ');
    const { bytes: { byteLength }, blobs, digest } = manifest;
    this.rows.push({ depth, name, digest, sizeBytes: blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, byteLength), words });
    this.#line(depth, t('{0}: {1}, {2}, {3}', name, digest, sizeText(byteLength), words));
    if (left || again || depth >= maxDepth) return;
    this.#seen.add(digest);
    for (const blob of blobs) {
      const role = blob.role === 'config' ? t('Config') : t('Layer');
      this.#line(depth + 1, t('{0}: {1}, {2}, {3}', role, blob.digest, sizeText(blob.sizeBytes), blobStateWords(blob.state, t)));
    }
    for (const missing of manifest.missing) this.#line(depth + 1, t('Not to be had from the source: {0}; this index cannot be copied, one of its images can', missing));
    for (const child of manifest.children) this.add(child, depth + 1);
    for (const other of manifest.proofs) this.add(other.manifest, depth + 1, other);
  }

  #line(depth: number, text: string): void {
    if (this.lines.length < maxLines) this.lines.push(`${'  '.repeat(depth)}${text}`);
    else if (this.lines.length === maxLines) this.lines.push(this.#t('The rest of the tree is not shown.'));
  }
}

function proofName(kind: ProofKind, t: Translate): string {
  switch (kind) {
    case 'signature': return t('Signature');
    case 'attestation': return t('Attestation');
    case 'sbom': return t('SBOM');
    case 'other': return t('Other');
  }
}

function omittedLines({ omitted }: CopyPlan, t: Translate): readonly string[] {
  if (omitted.length === 0) return [];
  return ['', t('Listed at the source and not copied:'), ...omitted.slice(0, 1000).map(({ subject, digest, reason }) => `  ${t('{0}, of {1}: {2}', digest, subject, failureText(reason, t).message)}`)];
}
