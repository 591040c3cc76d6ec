// The content itself: blobs from registry to registry, then manifests byte for byte, every manifest behind what it names.
import type { PlannedBlob, PlannedManifest } from '../copyEngine.ts';
import { inParallel } from '../signing/inParallel.ts';
import type { RepositoryName } from '../verification/registryReader.ts';
import { Lanes } from './lanes.ts';
import { atOnce, type CopySides } from './sides.ts';
import type { Tally } from './tally.ts';

export interface Route {
  readonly sides: CopySides;
  readonly from: RepositoryName;
  readonly to: RepositoryName;
  readonly tally: Tally;
}

/** What is no burden for any line. */
const smallBytes = 1024 * 1024;

/** @throws {CosignError} `DIGEST_MISMATCH` when the source sends other bytes, every `REGISTRY_…` code */
export async function sendBlobs(route: Route, blobs: readonly PlannedBlob[], signal: AbortSignal): Promise<void> {
  for (const blob of blobs.filter(({ state }) => state === 'there' || state === 'foreign')) {
    const outcome = blob.state === 'there' ? 'already there' : 'foreign';
    route.tally.ended({ what: 'blob', digest: blob.digest, outcome, sizeBytes: blob.sizeBytes }, blob.state === 'there' ? blob.sizeBytes : 0);
  }
  const refused: PlannedBlob[] = [];
  await inParallel(blobs.filter(({ state }) => state === 'mount'), atOnce.mounting, async (blob) => {
    if (await route.sides.destination.mountBlob(route.to, blob.digest, route.from.repository, signal)) {
      route.tally.ended({ what: 'blob', digest: blob.digest, outcome: 'mounted', sizeBytes: blob.sizeBytes }, blob.sizeBytes);
    } else refused.push(blob);
  }, signal);
  // The largest first: the small ones fill the gaps beside them.
  const sent = [...blobs.filter(({ state }) => state === 'copy'), ...refused].sort((a, b) => b.sizeBytes - a.sizeBytes);
  const lanes = new Lanes(route.sides.clock, { atFirst: 2, atMost: atOnce.sending, patienceMs: 1000 });
  await inParallel(sent, atOnce.sending, (blob) => sendOne(route, lanes, blob, signal), signal);
}

async function sendOne({ sides: { source, destination }, from, to, tally }: Route, lanes: Lanes, { digest, sizeBytes }: PlannedBlob, signal: AbortSignal): Promise<void> {
  // The plan may be from before an interrupted copy; of what is small, asking takes as long as sending.
  const isThere = sizeBytes >= smallBytes && await destination.blobExists(to, digest, signal);
  if (!isThere) {
    const stream = source.blobStream(from, { digest, size: sizeBytes });
    await destination.sendBlob({
      repository: to, digest, size: sizeBytes,
      read: (start, end, reading) => {
        const bytes = stream.read(start, end, reading);
        return sizeBytes < smallBytes ? bytes : lanes.through(bytes, reading);
      },
      onSent: (bytes) => { tally.moved(digest, bytes); },
    }, signal);
  }
  tally.ended({ what: 'blob', digest, outcome: isThere ? 'already there' : 'copied', sizeBytes }, sizeBytes);
}

/**
 * By digest, never under a tag.
 * @param manifests every one behind what it lists
 * @throws {CosignError} `REGISTRY_REFUSED_MANIFEST`, every `REGISTRY_…` code
 */
export async function sendManifests(route: Route, manifests: readonly PlannedManifest[], what: 'manifest' | 'referrer', signal: AbortSignal): Promise<void> {
  let rest = manifests;
  const isWaiting = (digests: ReadonlySet<string>) => (manifest: PlannedManifest): boolean => manifest.children.some(({ digest }) => digests.has(digest));
  while (rest.length > 0) {
    const waiting = rest.filter(isWaiting(new Set(rest.map(({ digest }) => digest))));
    await inParallel(rest.filter((manifest) => !waiting.includes(manifest)), atOnce.pushing, (manifest) => sendManifest(route, manifest, what, signal), signal);
    rest = waiting;
  }
}

async function sendManifest({ sides: { destination }, to, tally }: Route, { digest, mediaType, bytes, state }: PlannedManifest, what: 'manifest' | 'referrer', signal: AbortSignal): Promise<void> {
  if (state === 'copy') await destination.pushManifest(to, digest, bytes, mediaType, signal);
  tally.ended({ what, digest, outcome: state === 'copy' ? 'copied' : 'already there', sizeBytes: bytes.byteLength }, bytes.byteLength);
}
