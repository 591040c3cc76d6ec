// The copy: what must not be overwritten first, then content, then what hangs on it, then the tag, then the proof.
import type { CopyOptions, CopyPlan, CopyProgress, CopyResult, CopySelection, PlannedManifest } from '../copyEngine.ts';
import type { Digest } from '../crypto/digest.ts';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import type { ManifestContent } from '../oci/registryClient.ts';
import { canonicalRepository, type Reference } from '../oci/reference.ts';
import { choose, totalsOf, type Chosen } from './chosen.ts';
import { destinationName, nameOf } from './planCopy.ts';
import type { ProofReader } from './proveCopy.ts';
import { sendBlobs, sendManifests, type Route } from './sendContent.ts';
import { refuseOccupiedTags, sendProofs } from './sendProofs.ts';
import type { CopySides } from './sides.ts';
import { Tally } from './tally.ts';
import { withSignaturesFrom } from './signaturesElsewhere.ts';
import { writeTag } from './writeTag.ts';

export interface CopyTools {
  readonly sides: CopySides;
  readonly prove: ProofReader;
}

/** @throws {CosignError} as {@link CopyEngine.copy} says; the signal's reason */
export async function copyImage({ sides: given, prove }: CopyTools, plan: CopyPlan, selection: CopySelection, options: CopyOptions, onProgress: (progress: CopyProgress) => void, signal: AbortSignal): Promise<CopyResult> {
  const chosen = choose(plan, selection);
  const sides = plan.signatureRepository ? { ...given, source: withSignaturesFrom(given.source, plan.signatureRepository) } : given;
  const tally = new Tally(totalsOf(chosen).sizeBytes, onProgress);
  const route: Route = { sides, from: nameOf(plan.source), to: nameOf(plan.destination), tally };
  refuseHoles(plan, chosen);
  tally.begin('look');
  await Promise.all([refuseTakenTag(route, plan, chosen.tops, options, signal), refuseOccupiedTags(route, chosen.proofs.flat(), signal)]);
  tally.begin('blobs');
  await sendBlobs(route, chosen.blobs, signal);
  tally.begin('manifests');
  await sendManifests(route, chosen.images, 'manifest', signal);
  tally.begin('proofs');
  for (const level of chosen.proofs) await sendProofs(route, level, signal);
  tally.begin('tag');
  await sendDestinationTag(route, plan, chosen.tops, options, signal);
  tally.begin('verify');
  const [{ digest }, ...more] = chosen.tops;
  const { registry, repository } = plan.destination;
  const destination: Reference = more.length > 0 ? { registry, repository, digest } : { ...plan.destination, digest };
  const proof = await prove({ plan, chosen, kinds: selection.kinds, trust: options.trust }, signal);
  return { destination, digest, digests: chosen.tops.map((top) => top.digest), things: tally.things, sentBytes: tally.sentBytes, proof };
}

/** An index without all that it lists would be a hole that a tag points at. */
function refuseHoles({ source, destination, omitted }: CopyPlan, { tops, images, manifests }: Chosen): void {
  const hole = images.find(({ missing }) => missing.length > 0) ?? manifests.find(({ missing }) => missing.length > 0);
  const [first] = hole?.missing ?? [];
  if (hole && first !== undefined) {
    const unreadable = omitted.find(({ digest }) => digest === first);
    const remedy = said`Copy one of its platforms.`;
    if (unreadable) throw new CosignError('MANIFEST_INVALID', said`The index ${hole.digest} lists ${first}, which cannot be copied; the index cannot be copied without it. ${unreadable.reason.said}`, { cause: unreadable.reason, remedy });
    throw new CosignError('IMAGE_NOT_FOUND', said`${canonicalRepository(source)} does not have ${first}, which the index ${hole.digest} lists; the index cannot be copied without it.`, { remedy });
  }
  const other = tops.find((top) => destination.digest !== undefined && destination.digest !== top.digest);
  if (other) {
    throw new CosignError('REFERENCE_INVALID', said`The destination names ${String(destination.digest)}, and ${other.digest} is copied: a copy keeps its digest.`, { remedy: said`Write the destination without a digest.` });
  }
}

/** Looked at before anything is written, and again with every write. */
async function refuseTakenTag({ sides, to }: Route, { destination }: CopyPlan, [top, ...more]: Chosen['tops'], options: CopyOptions, signal: AbortSignal): Promise<void> {
  const found = destination.tag === undefined || more.length > 0 ? undefined : await sides.destination.manifest(to, destination.tag, signal);
  if (found && found.descriptor.digest !== top.digest) refuseOther(destination, top, options, found.descriptor.digest);
}

function refuseOther(destination: Reference, top: PlannedManifest, { overwriteTag }: CopyOptions, found: Digest): void {
  if (found === overwriteTag) return;
  throw new CosignError('TAG_EXISTS', said`${destinationName(destination)} exists already: it is ${found}, and ${top.digest} would take its place.`, { remedy: said`Choose another tag, or agree to overwrite this one.` });
}

async function sendDestinationTag({ sides: { destination: registry, clock, random }, to, tally }: Route, { destination }: CopyPlan, [top, ...more]: Chosen['tops'], options: CopyOptions, signal: AbortSignal): Promise<void> {
  const { tag } = destination;
  if (tag === undefined || more.length > 0) return;
  const mayReplace = ({ descriptor: { digest } }: ManifestContent): boolean => {
    refuseOther(destination, top, options, digest);
    return true;
  };
  const outcome = await writeTag({ registry, clock, random }, { repository: to, tag, manifest: top, mayReplace }, signal).catch((error: unknown) => {
    if (!(error instanceof CosignError) || error.code !== 'REGISTRY_CONFLICT') throw error;
    // Nobody else was writing: it is the registry that forbids changing the tag (Harbor says so with this status).
    throw new CosignError('REGISTRY_DENIED', said`The registry does not let the tag ${destinationName(destination)} be written.`, { cause: error, remedy: said`Choose another tag, or ask whoever runs the registry whether its tags can be changed.`, isRemedyExact: true });
  });
  tally.ended({ what: 'tag', digest: top.digest, outcome: outcome === 'written' ? 'copied' : 'already there', sizeBytes: top.bytes.byteLength, tag }, 0);
}
