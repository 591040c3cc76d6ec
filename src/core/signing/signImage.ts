// Signing an image: first a plan with exact digests and places, then the signatures it says, nothing else.
import { signatureTag } from '../cosign/signatureManifest.ts';
import type { Digest } from '../crypto/digest.ts';
import type { PrivateKey } from '../crypto/privateKey.ts';
import { CosignError, toCosignError } from '../errors.ts';
import { said, type SaidArgument } from '../said.ts';
import { isIndexMediaType, parseIndex, type Descriptor } from '../oci/manifest.ts';
import { platformText } from '../oci/platform.ts';
import { canonicalRepository, type Reference } from '../oci/reference.ts';
import type { SignatureFormat } from '../policy/verdict.ts';
import type { RepositoryName } from '../verification/registryReader.ts';
import { prepareBundle } from './bundleSignature.ts';
import { inParallel } from './inParallel.ts';
import { prepareLegacy } from './legacySignature.ts';
import type { RegistryWriter } from './registryWriter.ts';
import type { PreparedSignature } from './signatureRequest.ts';
import type { PushContext } from './tagUpdate.ts';

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
  /**
   * The image or index itself, then, when signing recursively, everything an index lists, down to the last; each digest once, and
   * every index before whatever it lists.
   */
  readonly manifests: readonly PlannedManifest[];
  readonly formats: readonly SignatureFormat[];
  /** Where the signatures go. */
  readonly repository: RepositoryName;
  /** One line per thing written: `host/repo:sha256-….sig`, `a referrer of host/repo@sha256:…`. */
  readonly places: readonly SaidArgument[];
}

export interface PlanRequest {
  readonly reference: Reference;
  readonly format: FormatChoice;
  readonly recursive: boolean;
  /** COSIGN_REPOSITORY: a repository for signatures, instead of the image's own. */
  readonly signatureRepository?: RepositoryName;
}

export type PushOutcome = 'pushed' | 'already there';

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

interface Job extends SignedManifest {
  readonly isIndex: boolean;
  readonly signature: PreparedSignature;
}

const maxManifests = 500;
const maxDepth = 4;
/** How many manifests are read, and how many signatures are written, at a time. */
const atOnce = { reading: 8, writing: 6 } as const;

/**
 * Every manifest of the plan is known to be in the registry.
 * @throws {CosignError} `IMAGE_NOT_FOUND`, `COUNT_LIMIT`, `MANIFEST_INVALID` and every registry code
 */
export async function planSigning(registry: RegistryWriter, request: PlanRequest, signal: AbortSignal): Promise<SigningPlan> {
  const { reference } = request;
  const repository = request.signatureRepository ?? { registry: reference.registry, repository: reference.repository };
  // Asked now, beside the tag: signing needs the answer.
  if (request.format !== 'legacy') registry.probeReferrers(repository, signal).catch(() => undefined);
  const top = await readTop(registry, reference, signal);
  const children = request.recursive && isIndexMediaType(top.mediaType) ? await childrenOf(registry, reference, top, signal) : [];
  const manifests = [{ descriptor: top }, ...children];
  const formats: readonly SignatureFormat[] = request.format === 'both' ? ['legacy', 'bundle'] : [request.format];
  const name = canonicalRepository(repository);
  const places = manifests.flatMap(({ descriptor: { digest } }) => formats.map((format) =>
    (format === 'legacy' ? `${name}:${signatureTag(digest)}` : said`a referrer of ${name}@${digest}`)));
  return { reference, digest: top.digest, manifests, formats, repository, places };
}

/**
 * Signs what the plan lists. Everything that can be known to forbid it is looked at first, for every manifest, so that nothing is
 * pushed when one of them cannot be signed. Then images before the indexes that list them: a cancel in the middle never leaves an
 * index that looks signed over children that are not.
 * @param onProgress called after each signature with how many are done of how many
 * @returns in the plan's order
 * @throws {CosignError} `REFERRERS_TAG_OCCUPIED` before anything is pushed, `ANNOTATION_INVALID`, `SIGNATURE_LOST`, every registry
 * code; the message says what had been pushed by then
 */
export async function signPlan(context: PushContext, plan: SigningPlan, options: SignOptions, onProgress: (done: number, total: number) => void, signal: AbortSignal): Promise<readonly SignedManifest[]> {
  if (Object.keys(options.annotations).some((name) => name === '')) throw new CosignError('ANNOTATION_INVALID', said`An annotation has no name.`);
  const jobs = await prepare(context, plan, options, signal);
  const pushed: Job[] = [];
  const skipped = jobs.filter(({ outcome }) => outcome === 'already there').length;
  onProgress(skipped, jobs.length);
  const run = async (job: Job): Promise<void> => {
    await job.signature.push(signal);
    pushed.push(job);
    onProgress(skipped + pushed.length, jobs.length);
  };
  const wanted = jobs.filter(({ outcome }) => outcome === 'pushed');
  try {
    await inParallel(wanted.filter(({ isIndex }) => !isIndex), atOnce.writing, run, signal);
    const indexes = [...new Set(wanted.filter(({ isIndex }) => isIndex).map(({ digest }) => digest))].reverse();
    for (const index of indexes) await inParallel(wanted.filter(({ digest }) => digest === index), plan.formats.length, run, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw pushed.length === 0 ? error : withPushed(toCosignError(error), pushed);
  }
  return jobs.map(({ digest, format, outcome }) => ({ digest, format, outcome }));
}

async function prepare(context: PushContext, plan: SigningPlan, options: SignOptions, signal: AbortSignal): Promise<readonly Job[]> {
  const identity = canonicalRepository(plan.reference);
  const pairs = plan.manifests.flatMap(({ descriptor }) => plan.formats.map((format) => ({ descriptor, format })));
  return inParallel(pairs, atOnce.reading, async ({ descriptor: subject, format }): Promise<Job> => {
    const request = { ...options, subject, identity, repository: plan.repository };
    const signature = await (format === 'legacy' ? prepareLegacy : prepareBundle)(context, request, signal);
    return { digest: subject.digest, format, outcome: signature.alreadyThere ? 'already there' : 'pushed', isIndex: isIndexMediaType(subject.mediaType), signature };
  }, signal);
}

function withPushed(error: CosignError, pushed: readonly Job[]): CosignError {
  const [first, ...more] = pushed.map(({ format, digest }) => said`the ${format} signature of ${digest}`);
  const list = more.length === 0 ? said`${first ?? ''} was pushed` : said`${first ?? ''} and ${more.length} more were pushed`;
  return new CosignError(error.code, said`${error.said} Before that, ${list}.`, { cause: error, ...(error.remedy === undefined ? {} : { remedy: error.remedy }) });
}

/** Read and hashed, not only asked for: what a header says of a digest is no ground to sign it. */
async function readTop(registry: RegistryWriter, reference: Reference, signal: AbortSignal): Promise<Descriptor> {
  const name = reference.digest ?? reference.tag ?? 'latest';
  const content = await registry.manifest({ registry: reference.registry, repository: reference.repository }, name, signal);
  if (content) return content.descriptor;
  throw new CosignError('IMAGE_NOT_FOUND', reference.digest ? said`${canonicalRepository(reference)} has no image with the digest "${name}".` : said`${canonicalRepository(reference)} has no image with the tag "${name}".`, { remedy: said`Check the name, or log in if the repository is private.` });
}

/** All below an index, each once and behind every index that lists it. */
async function childrenOf(registry: RegistryWriter, repository: Reference, top: Descriptor, signal: AbortSignal): Promise<readonly PlannedManifest[]> {
  const lists = new Map<Digest, readonly Digest[]>();
  const known = new Map<Digest, Descriptor>();
  const platforms = new Map<Digest, string>();
  let level: readonly Descriptor[] = [top];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) throw new CosignError('COUNT_LIMIT', said`The index ${top.digest} is nested more than ${maxDepth} deep.`);
    await inParallel(level, atOnce.reading, async ({ digest }) => {
      const content = await registry.manifest(repository, digest, signal);
      if (!content) throw new CosignError('IMAGE_NOT_FOUND', said`${canonicalRepository(repository)} has no index ${digest}.`);
      const entries = parseIndex(content.bytes).manifests;
      lists.set(digest, entries.map((entry) => entry.digest));
      for (const entry of entries) if (entry.platform && !platforms.has(entry.digest)) platforms.set(entry.digest, platformText(entry.platform));
    }, signal);
    const found = [...new Set(level.flatMap(({ digest }) => lists.get(digest) ?? []))].filter((digest) => !known.has(digest));
    if (known.size + found.length >= maxManifests) throw new CosignError('COUNT_LIMIT', said`The index lists more than ${maxManifests} images.`);
    // What an index says about size and type may be wrong; a bundle must name its subject exactly as it is stored.
    const stored = await inParallel(found, atOnce.reading, (digest) => registry.resolve({ registry: repository.registry, repository: repository.repository, digest }, signal), signal);
    for (const descriptor of stored) known.set(descriptor.digest, descriptor);
    level = stored.filter(({ mediaType }) => isIndexMediaType(mediaType));
  }
  return inListOrder(top.digest, lists).flatMap((digest) => {
    const [descriptor, platform = ''] = [known.get(digest), platforms.get(digest)];
    return descriptor ? [{ descriptor, ...(platform === '' ? {} : { platform }) }] : [];
  });
}

/** Depth first from the end, put together from the end: every index comes before all that it lists, and lists keep their order. */
function inListOrder(top: Digest, lists: ReadonlyMap<Digest, readonly Digest[]>): readonly Digest[] {
  const order: Digest[] = [];
  const visited = new Set<Digest>([top]);
  const visit = (index: Digest): void => {
    for (const digest of [...(lists.get(index) ?? [])].reverse()) {
      if (visited.has(digest)) continue;
      visited.add(digest);
      visit(digest);
      order.unshift(digest);
    }
  };
  visit(top);
  return order;
}
