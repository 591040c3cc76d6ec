// What hangs on manifests: referrers by digest and in the list of their subject, signatures and the like under their tags. Nothing that
// the destination has is lost, whoever else writes at the same time.
import { addToFallbackIndex, indexMediaType, referrersTag, type ReferrerDescriptor } from '../cosign/referrer.ts';
import { appendLayers, hasLayersOf, parseSignatureManifest, type StoredLayers } from '../cosign/signatureManifest.ts';
import type { CopyOutcome, PlannedManifest, ProofPlace } from '../copyEngine.ts';
import { digestOf } from '../crypto/digest.ts';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import { isIndexMediaType, parseIndex, parseManifest } from '../oci/manifest.ts';
import { inParallel } from '../signing/inParallel.ts';
import { updateTag, type PushContext } from '../signing/tagUpdate.ts';
import { childrenFirst, type ChosenProof } from './chosen.ts';
import { sendManifests, type Route } from './sendContent.ts';
import { atOnce } from './sides.ts';
import { listedByApi } from './sourceTree.ts';
import { writeTag } from './writeTag.ts';

type TagPlace = Extract<ProofPlace, { kind: 'tag' }>;

interface Tagged {
  readonly manifest: PlannedManifest;
  readonly state: TagPlace['state'];
}

const maxConfigBytes = 4 * 1024 * 1024;

/**
 * Finds out what forbids adding referrers before anything is written.
 * @throws {CosignError} `REFERRERS_TAG_OCCUPIED` when their list would have to take the place of something else
 */
export async function refuseOccupiedTags({ sides: { destination }, to }: Route, proofs: readonly ChosenProof[], signal: AbortSignal): Promise<void> {
  const subjects = [...bySubject(proofs.filter(isUnlisted))];
  await inParallel(subjects, atOnce.looking, async ([{ digest }, [first]]) => {
    if (!first || await listedByApi(destination, to, digest, signal)) return;
    const tag = referrersTag(digest);
    const found = await destination.manifest(to, tag, signal);
    try {
      addToFallbackIndex(found?.bytes, descriptorOf(first.proof.manifest));
    } catch (error) {
      if (!(error instanceof CosignError) || error.code !== 'REFERRERS_TAG_OCCUPIED') throw error;
      throw new CosignError('REFERRERS_TAG_OCCUPIED', said`At the destination the tag ${tag}, which has to list what belongs to the image, holds something else, which is left alone.`, {
        cause: error, remedy: said`Remove that tag if nothing needs it (cosign copy leaves such tags behind), or copy without referrers.`,
      });
    }
  }, signal);
}

/** One level: its subjects are at the destination already. @throws {CosignError} `SIGNATURE_LOST`, every `REGISTRY_…` code */
export async function sendProofs(route: Route, level: readonly ChosenProof[], signal: AbortSignal): Promise<void> {
  const referrers = level.filter(({ proof }) => proof.place.kind === 'referrer');
  await sendManifests(route, distinct(referrers.flatMap(({ proof }) => childrenFirst(proof.manifest))), 'referrer', signal);
  await inParallel([...bySubject(referrers.filter(isUnlisted))], atOnce.pushing, ([subject, proofs]) => list(route, subject, proofs.map(({ proof }) => proof.manifest), signal), signal);
  await inParallel([...byTag(level)], atOnce.pushing, ([tag, tagged]) => sendTag(route, tag, tagged, signal), signal);
}

/** What the registry does not list by itself goes into the fallback index (distribution-spec v1.1 §pushing manifests with subject). */
async function list(route: Route, subject: PlannedManifest, referrers: readonly PlannedManifest[], signal: AbortSignal): Promise<void> {
  const { destination } = route.sides;
  const listed = new Set((await listedByApi(destination, route.to, subject.digest, signal))?.descriptors.map(({ digest }) => digest));
  const missing = referrers.filter(({ digest }) => !listed.has(digest)).map(descriptorOf);
  if (missing.length === 0) return;
  const add = (existing: Uint8Array | undefined): Uint8Array | undefined => missing.reduce((bytes, referrer) => addToFallbackIndex(bytes, referrer) ?? bytes, existing);
  const tag = referrersTag(subject.digest);
  await updateTag(contextOf(route), {
    repository: route.to, tag, seen: await destination.manifest(route.to, tag, signal),
    contains: (bytes) => missing.every((referrer) => addToFallbackIndex(bytes, referrer) === undefined),
    add: (existing) => Promise.resolve({ bytes: add(existing?.bytes) ?? new Uint8Array(), mediaType: indexMediaType }),
  }, signal);
}

/** @param tagged what belongs under the tag: more than one where it lies in two places of the source */
async function sendTag(route: Route, tag: string, tagged: readonly Tagged[], signal: AbortSignal): Promise<void> {
  const ended = ({ digest, bytes: { byteLength } }: PlannedManifest, outcome: CopyOutcome): void => {
    route.tally.ended({ what: 'proof tag', digest, outcome, sizeBytes: byteLength, tag }, byteLength);
  };
  const putAll = async (whole: readonly Tagged[]): Promise<void> => {
    for (const { manifest } of whole) ended(manifest, await put(route, manifest, tag, signal));
  };
  const isWhole = ({ manifest }: Tagged): boolean => tag.endsWith('.sbom') || isIndexMediaType(manifest.mediaType);
  for (const { manifest } of tagged.filter(({ state }) => state === 'there')) ended(manifest, 'already there');
  const [kept, rest] = [tagged.filter(({ state }) => state === 'keep'), tagged.filter(({ state }) => state === 'absent' || state === 'merge')];
  for (const { manifest } of [...rest, ...kept]) await sendManifests(route, childrenFirst(manifest).filter((child) => child !== manifest), 'manifest', signal);
  await putAll(rest.filter(isWhole));
  const [first, ...others] = rest.filter((each) => !isWhole(each)).map(({ manifest }) => manifest);
  if (first) {
    const outcome = await merge(route, [first, ...others], tag, signal);
    ended(first, outcome);
    for (const manifest of others) ended(manifest, outcome === 'copied' ? 'added' : outcome);
  }
  // What gives way to another one that is there, or is there by now.
  await putAll(kept);
}

/** Under the tag when that is free; else by digest only, for what may hang on it. */
async function put(route: Route, manifest: PlannedManifest, tag: string, signal: AbortSignal): Promise<CopyOutcome> {
  const outcome = await writeTag(contextOf(route), { repository: route.to, tag, manifest, mayReplace: () => false }, signal);
  if (outcome === 'kept') await route.sides.destination.pushManifest(route.to, manifest.digest, manifest.bytes, manifest.mediaType, signal);
  return outcome === 'written' ? 'copied' : outcome;
}

/** All in one write: at no time is one of them there without the others. */
async function merge(route: Route, wanted: readonly [PlannedManifest, ...PlannedManifest[]], tag: string, signal: AbortSignal): Promise<CopyOutcome> {
  const { sides: { destination }, to } = route;
  const [first, ...others] = wanted;
  const contains = (bytes: Uint8Array): boolean => wanted.every((manifest) => digestOf(bytes) === manifest.digest || hasLayersOf(bytes, manifest.bytes));
  const seen = await destination.manifest(to, tag, signal);
  if (seen && contains(seen.bytes)) return 'already there';
  let outcome: CopyOutcome = 'copied';
  await updateTag(contextOf(route), {
    repository: to, tag, seen, contains,
    add: async (existing) => {
      outcome = existing ? 'added' : 'copied';
      if (!existing && others.length === 0) return first;
      const base = existing ?? first;
      let files: StoredLayers & { readonly mediaType?: string } = { manifest: base.bytes, config: await readConfig(route, base, signal) };
      for (const { bytes } of existing ? wanted : others) files = appendLayers(files, bytes);
      await destination.pushBlob(to, files.config, signal);
      return { bytes: files.manifest, mediaType: files.mediaType ?? first.mediaType };
    },
  }, signal);
  return outcome;
}

function readConfig({ sides: { destination }, to }: Route, { bytes }: { readonly bytes: Uint8Array }, signal: AbortSignal): Promise<Uint8Array> {
  return destination.blob(to, parseSignatureManifest(bytes).config, signal, { limitBytes: maxConfigBytes });
}

/** As the lists of registries have it: with what the manifest says about itself. */
function descriptorOf({ digest, mediaType, bytes }: PlannedManifest): ReferrerDescriptor {
  const facts: { readonly artifactType?: string; readonly annotations?: Readonly<Record<string, string>>; readonly config?: { readonly mediaType: string } } =
    isIndexMediaType(mediaType) ? parseIndex(bytes) : parseManifest(bytes);
  return { mediaType, size: bytes.byteLength, digest, artifactType: facts.artifactType ?? facts.config?.mediaType ?? '', annotations: { ...facts.annotations } };
}

function contextOf({ sides: { destination, clock, random } }: Route): PushContext {
  return { registry: destination, clock, random };
}

function isUnlisted({ proof: { place } }: ChosenProof): boolean {
  return place.kind === 'referrer' && place.state === 'absent';
}

function bySubject(proofs: readonly ChosenProof[]): ReadonlyMap<PlannedManifest, readonly ChosenProof[]> {
  const found = new Map<PlannedManifest, ChosenProof[]>();
  for (const chosen of proofs) found.set(chosen.subject, [...found.get(chosen.subject) ?? [], chosen]);
  return found;
}

function byTag(level: readonly ChosenProof[]): ReadonlyMap<string, readonly Tagged[]> {
  const found = new Map<string, Tagged[]>();
  for (const { proof: { manifest, place } } of level) {
    if (place.kind === 'tag') found.set(place.tag, [...found.get(place.tag) ?? [], { manifest, state: place.state }]);
  }
  return found;
}

function distinct(manifests: readonly PlannedManifest[]): readonly PlannedManifest[] {
  return [...new Map(manifests.map((manifest) => [manifest.digest, manifest])).values()];
}
