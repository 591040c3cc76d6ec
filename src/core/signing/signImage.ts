// Signing an image: first a plan with exact digests and places, then the signatures it says, nothing else.
import type { Digest } from '../crypto/digest.ts';
import type { PrivateKey } from '../crypto/privateKey.ts';
import { CosignError } from '../errors.ts';
import { isIndexMediaType, parseIndex, type Descriptor } from '../oci/manifest.ts';
import { canonicalRepository, type Reference } from '../oci/reference.ts';
import type { SignatureFormat } from '../policy/verdict.ts';
import { signatureTag } from '../cosign/signatureManifest.ts';
import type { RepositoryName } from '../verification/registryReader.ts';
import { pushBundle, pushLegacy, type PushContext, type PushOutcome, type SignatureRequest } from './signaturePush.ts';
import type { RegistryWriter } from './registryWriter.ts';

/** In which formats to write; `both` is what every verifier of today can read. */
export type FormatChoice = 'both' | SignatureFormat;

export interface PlannedManifest {
  readonly descriptor: Descriptor;
  /** `linux/arm64`, for the children of an index. */
  readonly platform?: string;
}

/** What signing would do: shown before anything is pushed. A tag was resolved once; from here on only digests count. */
export interface SigningPlan {
  readonly reference: Reference;
  readonly digest: Digest;
  /** The image or index itself, then the children of an index when signing recursively; each digest once. */
  readonly manifests: readonly PlannedManifest[];
  readonly formats: readonly SignatureFormat[];
  /** Where the signatures go. */
  readonly repository: RepositoryName;
  /** One line per thing written: `host/repo:sha256-….sig`, `a referrer of host/repo@sha256:…`. */
  readonly places: readonly string[];
}

export interface PlanRequest {
  readonly reference: Reference;
  readonly format: FormatChoice;
  readonly recursive: boolean;
  /** COSIGN_REPOSITORY: a repository for signatures, instead of the image's own. */
  readonly signatureRepository?: RepositoryName;
}

const maxManifests = 500;
const maxDepth = 4;

/** @throws {CosignError} `IMAGE_NOT_FOUND`, `COUNT_LIMIT`, `MANIFEST_INVALID` and every registry code */
export async function planSigning(registry: RegistryWriter, request: PlanRequest, signal: AbortSignal): Promise<SigningPlan> {
  const { reference } = request;
  const top = await registry.resolve(reference, signal);
  const manifests = new Map<Digest, PlannedManifest>([[top.digest, { descriptor: top }]]);
  if (request.recursive) await addChildren(registry, reference, top, manifests, 0, signal);
  const repository = request.signatureRepository ?? { registry: reference.registry, repository: reference.repository };
  const formats: readonly SignatureFormat[] = request.format === 'both' ? ['legacy', 'bundle'] : [request.format];
  const name = canonicalRepository(repository);
  const places = [...manifests.values()].flatMap(({ descriptor: { digest } }) => formats.map((format) =>
    (format === 'legacy' ? `${name}:${signatureTag(digest)}` : `a referrer of ${name}@${digest}`)));
  return { reference, digest: top.digest, manifests: [...manifests.values()], formats, repository, places };
}

export interface SignOptions {
  readonly key: PrivateKey;
  readonly annotations: Readonly<Record<string, string>>;
  readonly dockerMediaTypes: boolean;
}

export interface SignedManifest {
  readonly digest: Digest;
  readonly format: SignatureFormat;
  readonly outcome: PushOutcome;
}

/**
 * Signs what the plan lists, children before the index that names them, so that a cancel in the middle never leaves an index that
 * looks signed over children that are not.
 * @param onProgress called after each signature with how many are done of how many
 */
export async function signPlan(context: PushContext, plan: SigningPlan, options: SignOptions, onProgress: (done: number, total: number) => void, signal: AbortSignal): Promise<readonly SignedManifest[]> {
  const identity = canonicalRepository(plan.reference);
  const done: SignedManifest[] = [];
  const total = plan.manifests.length * plan.formats.length;
  for (const { descriptor: subject } of [...plan.manifests].reverse()) {
    const request: SignatureRequest = { ...options, subject, identity, repository: plan.repository };
    await Promise.all(plan.formats.map(async (format) => {
      const outcome = await (format === 'legacy' ? pushLegacy : pushBundle)(context, request, signal);
      done.push({ digest: subject.digest, format, outcome });
      onProgress(done.length, total);
    }));
  }
  return done;
}

async function addChildren(registry: RegistryWriter, repository: RepositoryName, parent: Descriptor, into: Map<Digest, PlannedManifest>, depth: number, signal: AbortSignal): Promise<void> {
  if (!isIndexMediaType(parent.mediaType)) return;
  if (depth >= maxDepth) throw new CosignError('COUNT_LIMIT', `The index ${parent.digest} is nested more than ${maxDepth} deep.`);
  const content = await registry.manifest(repository, parent.digest, signal);
  if (!content) throw new CosignError('IMAGE_NOT_FOUND', `${canonicalRepository(repository)} has no index ${parent.digest}.`);
  for (const child of parseIndex(content.bytes).manifests) {
    if (into.has(child.digest)) continue;
    if (into.size >= maxManifests) throw new CosignError('COUNT_LIMIT', `The index lists more than ${maxManifests} images.`);
    const platform = child.platform && [child.platform.os, child.platform.architecture, child.platform.variant].filter(Boolean).join('/');
    into.set(child.digest, { descriptor: child, ...(platform ? { platform } : {}) });
    await addChildren(registry, repository, child, into, depth + 1, signal);
  }
}
