// A copying engine whose plans, outcomes and failures a test chooses, and the answers of a person who copies an image.
import assert from 'node:assert/strict';
import type { CopyEngine, CopyOptions, CopyPlan, CopyProgress, CopyProof, CopyRequest, CopyResult, CopySelection, CopyTotals, PlannedManifest, ProvenSignature } from '../../src/core/copyEngine.ts';
import { readDockerfile } from '../../src/core/dockerfile/images.ts';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import { topsOf } from '../../src/core/copy/chosen.ts';
import { manifestsUnder, proofCounts } from '../../src/presentation/copyText.ts';
import { fake } from '../support/vscode.ts';
import type { Answer, Shown } from '../support/vscode/prompts.ts';
import { digest, verdicts } from './fakeEngine.ts';
import { startFace, trustKey, type Face } from './harness.ts';

const bytes = (size: number): Uint8Array => new Uint8Array(size);

export function manifest(char: string, changes: Partial<PlannedManifest> = {}): PlannedManifest {
  return { digest: digest(char), mediaType: 'application/vnd.oci.image.manifest.v1+json', kind: 'image', bytes: bytes(100), state: 'copy', blobs: [], children: [], missing: [], proofs: [], ...changes };
}

const layers: PlannedManifest['blobs'] = [
  { digest: digest('1'), sizeBytes: 900, mediaType: 'x', role: 'config', state: 'there' },
  { digest: digest('2'), sizeBytes: 5_000_000, mediaType: 'x', role: 'layer', state: 'mount' },
  { digest: digest('3'), sizeBytes: 7_000_000, mediaType: 'x', role: 'layer', state: 'copy' },
  { digest: digest('4'), sizeBytes: 1_000_000, mediaType: 'x', role: 'layer', state: 'foreign' },
];

export const signature = manifest('5', { kind: 'proof' });
/** One image with a signature under its tag, and an SBOM among its referrers. */
export const image = manifest('a', {
  blobs: layers,
  proofs: [
    { kind: 'signature', manifest: signature, place: { kind: 'tag', tag: `sha256-${'a'.repeat(64)}.sig`, state: 'merge' } },
    { kind: 'sbom', manifest: manifest('6', { kind: 'proof' }), place: { kind: 'referrer', state: 'absent', artifactType: 'application/spdx+json' } },
  ],
});
export const index = manifest('9', { kind: 'index', children: [{ ...image, platform: 'linux/amd64' }, manifest('b', { platform: 'linux/arm64', state: 'there' })] });

export function proven(state: ProvenSignature['state'], key = 'release'): ProvenSignature {
  return { subject: digest('a'), state, atSource: { format: 'legacy', store: 'signature tag', manifest: digest('5'), blob: digest('7'), annotations: {}, signedBy: { key, fingerprint: 'SHA256:x' } } };
}

export class FakeCopying implements CopyEngine {
  root: PlannedManifest = image;
  tag: CopyPlan['destinationTag'] | undefined;
  proof: Partial<CopyProof> = {};
  planFailure: Error | undefined;
  failure: Error | undefined;
  steps: readonly CopyProgress[] = [];
  /** What {@link copy} waits for when its steps were reported. */
  gate: Promise<void> = Promise.resolve();
  readonly requests: CopyRequest[] = [];
  readonly copies: { readonly plan: CopyPlan; readonly selection: CopySelection; readonly options: CopyOptions }[] = [];

  plan(request: CopyRequest): Promise<CopyPlan> {
    this.requests.push(request);
    if (this.planFailure) return Promise.reject(this.planFailure);
    const { tag } = request.destination;
    const { source, destination } = request;
    return Promise.resolve({ source, destination, root: this.root, omitted: [], destinationTag: this.tag ?? (tag === undefined ? { kind: 'none' } : { kind: 'absent', tag }) });
  }

  totals(plan: CopyPlan, selection: CopySelection): CopyTotals {
    const tops = topsOf(plan, selection);
    const counts = proofCounts(tops);
    const kept = (['signature', 'attestation', 'sbom', 'other'] as const).map((kind) => [kind, selection.kinds?.includes(kind) === false ? 0 : counts[kind]] as const);
    const proofs = Object.fromEntries(kept) as Record<'signature' | 'attestation' | 'sbom' | 'other', number>;
    const images = tops.flatMap(manifestsUnder).filter(({ kind }) => kind !== 'proof');
    const blobs = images.flatMap((one) => one.blobs).filter(({ state }) => state !== 'foreign');
    const sum = (all: readonly { readonly sizeBytes: number }[]): number => all.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
    const count = images.length + proofs.signature + proofs.sbom;
    return { manifests: count, blobs: blobs.length, proofs, sizeBytes: sum(blobs) + count * 100, toSendBytes: sum(blobs.filter(({ state }) => state === 'copy')) };
  }

  async copy(plan: CopyPlan, selection: CopySelection, options: CopyOptions, onProgress: (progress: CopyProgress) => void, signal: AbortSignal): Promise<CopyResult> {
    this.copies.push({ plan, selection, options });
    for (const step of this.steps) onProgress(step);
    await Promise.race([this.gate, new Promise((_, reject) => { signal.addEventListener('abort', () => { reject(signal.reason as Error); }); })]);
    if (this.failure) throw this.failure;
    const digests = topsOf(plan, selection).map((top) => top.digest);
    const [first = digest('0')] = digests;
    const { registry, repository } = plan.destination;
    const proof: CopyProof = { source: verdicts.verified, destination: verdicts.verified, signatures: [proven('valid')], incomplete: [], holds: true, ...this.proof };
    return {
      destination: digests.length > 1 ? { registry, repository, digest: first } : { ...plan.destination, digest: first }, digest: first, digests, sentBytes: 7_000_000, proof,
      things: [{ what: 'blob', digest: digest('2'), outcome: 'mounted', sizeBytes: 5_000_000 }, { what: 'blob', digest: digest('3'), outcome: 'copied', sizeBytes: 7_000_000 }],
    };
  }
}

export const failures = {
  unauthorized: new CosignError('REGISTRY_UNAUTHORIZED', said`The registry does not let us write to r.io/me/app anonymously (HTTP 401).`, { remedy: said`x` }),
  denied: new CosignError('REGISTRY_DENIED', said`The registry refuses access to r.io/me/app (HTTP 403).`, { remedy: said`x` }),
  limited: new CosignError('REGISTRY_RATE_LIMITED', said`The registry limits the number of requests (HTTP 429).`, { remedy: said`x` }),
  unavailable: new CosignError('REGISTRY_UNAVAILABLE', said`The registry could not answer (HTTP 503).`, { remedy: said`x` }),
};

export const source: Answer = { type: 'ghcr.io/o/app:1' };
export const destination: Answer = { type: 'r.io/me/app:1' };
export const kinds: Answer = { check: ['Signatures', 'SBOMs'] };
export const copy: Answer = { pick: 'Copy' };
export const update: Answer = { pick: 'Then Update' };
export const asked = [source, destination, kinds, copy];

export type Started = Face & { readonly copying: FakeCopying };

/** The face with a copying engine that a test looks into, and the real reader of Dockerfiles. */
export function startCopying(): Started {
  trustKey();
  const face = startFace();
  for (const name of ['o/app', 'me/app', 'o/tool']) face.engine.answers.set(name, verdicts.verified);
  const copying = new FakeCopying();
  face.engine.copying = copying;
  face.engine.readDockerfile = readDockerfile;
  return Object.assign(face, { copying });
}

export const messages = (): readonly string[] => fake.script.shown.filter(({ kind, modal }) => kind === 'message' && modal !== true).map(({ text }) => text);
export const shownAt = (step: number): Shown => fake.script.shown.find((shown) => shown.step === step) ?? assert.fail(`question ${step} was not asked`);
