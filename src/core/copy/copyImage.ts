// The copy: what must not be overwritten first, then content, then what hangs on it, then the tag, then the proof.
import type { CopyOptions, CopyPlan, CopyProgress, CopyResult, CopySelection, PlannedManifest } from '../copyEngine.ts';
import { CosignError } from '../errors.ts';
import { canonicalRepository, type Reference } from '../oci/reference.ts';
import { choose, totalsOf, type Chosen } from './chosen.ts';
import { destinationName, nameOf } from './planCopy.ts';
import type { ProofReader } from './proveCopy.ts';
import { sendBlobs, sendManifests, type Route } from './sendContent.ts';
import { refuseOccupiedTags, sendProofs } from './sendProofs.ts';
import type { CopySides } from './sides.ts';
import { Tally } from './tally.ts';

export interface CopyTools {
  readonly sides: CopySides;
  readonly prove: ProofReader;
}

/** @throws {CosignError} as {@link CopyEngine.copy} says; the signal's reason */
export async function copyImage({ sides, prove }: CopyTools, plan: CopyPlan, selection: CopySelection, options: CopyOptions, onProgress: (progress: CopyProgress) => void, signal: AbortSignal): Promise<CopyResult> {
  const chosen = choose(plan, selection);
  const tally = new Tally(totalsOf(chosen).sizeBytes, onProgress);
  const route: Route = { sides, from: nameOf(plan.source), to: nameOf(plan.destination), tally };
  refuseHoles(plan, chosen);
  tally.begin('look');
  await Promise.all([refuseTakenTag(route, plan, chosen.top, options, signal), refuseOccupiedTags(route, chosen.proofs.flat(), signal)]);
  tally.begin('blobs');
  await sendBlobs(route, chosen.blobs, signal);
  tally.begin('manifests');
  await sendManifests(route, chosen.images, 'manifest', signal);
  tally.begin('proofs');
  for (const level of chosen.proofs) await sendProofs(route, level, signal);
  tally.begin('tag');
  await sendDestinationTag(route, plan, chosen.top, options, signal);
  tally.begin('verify');
  const destination: Reference = { ...plan.destination, digest: chosen.top.digest };
  const proof = await prove({ plan, chosen, kinds: selection.kinds, trust: options.trust }, signal);
  return { destination, digest: chosen.top.digest, things: tally.things, sentBytes: tally.sentBytes, proof };
}

/** An index without all that it lists would be a hole that a tag points at. */
function refuseHoles({ source, destination, omitted }: CopyPlan, { top, images, manifests }: Chosen): void {
  const hole = images.find(({ missing }) => missing.length > 0) ?? manifests.find(({ missing }) => missing.length > 0);
  const [first] = hole?.missing ?? [];
  if (hole && first !== undefined) {
    const unreadable = omitted.find(({ digest }) => digest === first);
    const remedy = 'Copy one of its platforms.';
    if (unreadable) throw new CosignError('MANIFEST_INVALID', `The index ${hole.digest} lists ${first}, which cannot be copied; the index cannot be copied without it. ${unreadable.reason.message}`, { cause: unreadable.reason, remedy });
    throw new CosignError('IMAGE_NOT_FOUND', `${canonicalRepository(source)} does not have ${first}, which the index ${hole.digest} lists; the index cannot be copied without it.`, { remedy });
  }
  if (destination.digest !== undefined && destination.digest !== top.digest) {
    throw new CosignError('REFERENCE_INVALID', `The destination names ${destination.digest}, and ${top.digest} is copied: a copy keeps its digest.`, { remedy: 'Write the destination without a digest.' });
  }
}

/** @returns what is there, for writing in its place only */
async function refuseTakenTag({ sides, to }: Route, { destination }: CopyPlan, top: PlannedManifest, { overwriteTag }: CopyOptions, signal: AbortSignal): Promise<{ readonly isDone: boolean; readonly etag?: string }> {
  if (destination.tag === undefined) return { isDone: true };
  const found = await sides.destination.manifest(to, destination.tag, signal);
  if (!found) return { isDone: false };
  const { digest } = found.descriptor;
  if (digest !== top.digest && digest !== overwriteTag) {
    throw new CosignError('TAG_EXISTS', `${destinationName(destination)} exists already: it is ${digest}, and ${top.digest} would take its place.`, { remedy: 'Choose another tag, or agree to overwrite this one.' });
  }
  return { isDone: digest === top.digest, ...(found.etag?.startsWith('"') === true ? { etag: found.etag } : {}) };
}

async function sendDestinationTag(route: Route, plan: CopyPlan, top: PlannedManifest, options: CopyOptions, signal: AbortSignal): Promise<void> {
  const { tag } = plan.destination;
  if (tag === undefined) return;
  const { isDone, etag } = await refuseTakenTag(route, plan, top, options, signal);
  if (!isDone) {
    try {
      await route.sides.destination.pushManifest(route.to, tag, top.bytes, top.mediaType, signal, etag === undefined ? {} : { ifMatch: etag });
    } catch (error) {
      if (!(error instanceof CosignError) || error.code !== 'REGISTRY_CONFLICT' || etag !== undefined) throw error;
      // No condition was set: it is the registry that forbids changing the tag (Harbor says so with this status).
      throw new CosignError('REGISTRY_DENIED', `The registry does not let the tag ${destinationName(plan.destination)} be written.`, { cause: error, remedy: 'Choose another tag, or ask whoever runs the registry whether its tags can be changed.' });
    }
  }
  route.tally.ended({ what: 'tag', digest: top.digest, outcome: isDone ? 'already there' : 'copied', sizeBytes: top.bytes.byteLength, tag }, 0);
}
