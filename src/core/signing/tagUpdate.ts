// Adds something to a manifest under a tag without losing what others add at the same time.
import { digestOf } from '../crypto/digest.ts';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import type { ManifestContent } from '../oci/registryClient.ts';
import { canonicalRepository } from '../oci/reference.ts';
import { pauseBeforeRetry } from '../oci/retry.ts';
import type { Clock } from '../oci/transport.ts';
import type { RepositoryName } from '../verification/registryReader.ts';
import type { RegistryWriter } from './registryWriter.ts';

export interface PushContext {
  readonly registry: RegistryWriter;
  readonly clock: Clock;
  /** From 0 (inclusive) to 1, for spreading retries. */
  readonly random: () => number;
}

export interface TagChange {
  readonly repository: RepositoryName;
  readonly tag: string;
  /** What was under the tag when it was looked at first. */
  readonly seen: ManifestContent | undefined;
  /** Whether a manifest has the addition already. */
  readonly contains: (bytes: Uint8Array) => boolean;
  /** Makes the manifest with the addition; puts whatever it names into the registry first. */
  readonly add: (existing: ManifestContent | undefined, signal: AbortSignal) => Promise<{ readonly bytes: Uint8Array; readonly mediaType: string }>;
}

/** A try fails only because another writer succeeded, so this is also how many of them there may be at once. */
const maxTries = 100;
/** Writes that fail for a reason that may pass, in all. */
const maxFailures = 3;
/** How often an addition is looked at while others go on writing. */
const maxLooks = 20;
/** How long an addition must stand before it is looked at again, in milliseconds: alone, on a busy computer, and where others were seen writing. */
const pause = { quietMs: 50, busyMs: 750, contendedMs: 2500, mostMs: 5000, mostContendedMs: 10_000 } as const;
/** Read-and-write that takes longer comes over a slow line or from a busy computer, where times vary, in milliseconds. */
const steadyMs = 150;
/** A sleep that ends this much too late says that this computer is busy, in milliseconds. */
const lateMs = 30;
/** A registry that answers this fast is on this computer or beside it, and so are those who sign at the same time, in milliseconds. */
const nearMs = 25;
/** Answers of which one takes so many times as long as another come from a busy computer, or from one beside it. */
const unsteady = 2;

/**
 * Read, write, and read again.
 *
 * Where a registry honours `If-Match`, nothing can be lost. Most do not (distribution sends an ETag and ignores the condition), and
 * there a writer who read before our write may overwrite it afterwards; nobody else can know, so it is up to us to look again:
 * - The time between reading and writing is one round trip, whatever has to be uploaded: that is done before, for what was read
 *   then, and when the tag changed meanwhile it is done anew. So a writer like us overwrites us within one round trip or never.
 * - Our first look comes one round trip and a pause after the write: half of what reading and writing took, at least 50 ms, and more
 *   where that took long. Safe from writers twice as slow as we are.
 *   At a registry so near, or so uneven, that the others are likely on this very computer, or as near, that first look comes 750 ms after the write:
 *   how fast we were ourselves says nothing about one of them that waits for a processor.
 * - On a busy computer the addition must stand for four times our read-and-write, at least 750 ms; and as soon as anybody else was seen
 *   writing (the tag changed between two looks, or holds other bytes than ours afterwards), until nobody has written for at least
 *   2.5 s: among many at once some are slow.
 * What remains is a client that reads before and writes more than that after us, alone, such as cosign over a slow line.
 * @throws {CosignError} `SIGNATURE_LOST` when others kept overwriting it, and every registry code
 */
export async function updateTag(context: PushContext, change: TagChange, signal: AbortSignal): Promise<void> {
  const { registry, clock, random } = context;
  const { repository, tag, contains } = change;
  let [fastestMs, slowestMs, failures] = [Infinity, 0, 0];
  const timed = async <T>(ask: () => Promise<T>): Promise<T> => {
    const askedAt = clock.now();
    const answer = await ask();
    [fastestMs, slowestMs] = [Math.min(fastestMs, clock.now() - askedAt), Math.max(slowestMs, clock.now() - askedAt)];
    return answer;
  };
  const read = (): Promise<ManifestContent | undefined> => timed(() => registry.manifest(repository, tag, signal));
  let base = change.seen;
  let [contended, busy, conditional, tookMs, roundMs] = [false, false, true, 0, 10];
  for (let tries = 0; tries < maxTries; tries++) {
    if (tries > 0) {
      // As long as it takes for about as many others as there may be to have their turn.
      await clock.sleep(random() * roundMs * Math.min(2 ** tries, 32), signal);
      base = await read();
    }
    if (!base || !contains(base.bytes)) {
      const roundAt = clock.now();
      const { bytes, mediaType } = await change.add(base, signal);
      const startedAt = clock.now();
      const current = await read();
      roundMs = Math.min(Math.max(roundMs, clock.now() - roundAt), pause.busyMs);
      if (!isSame(current, base)) {
        contended = true;
        continue;
      }
      const condition = conditional ? strongTag(current) : undefined;
      try {
        await timed(() => registry.pushManifest(repository, tag, bytes, mediaType, signal, { repeatable: false, ...(condition === undefined ? {} : { ifMatch: condition }) }));
      } catch (error) {
        contended = true;
        if (!(error instanceof CosignError && error.code === 'REGISTRY_CONFLICT')) {
          // It may have been written all the same, and others may have written since: never sent again as it is.
          const pauseMs = ++failures < maxFailures ? pauseBeforeRetry(error, failures, random) : undefined;
          if (signal.aborted || pauseMs === undefined) throw error;
          await clock.sleep(pauseMs, signal);
          continue;
        }
        // Nothing changed, yet the tag "has another ETag": something in front of the registry rewrites them.
        if (isSame(current, await read())) conditional = false;
        continue;
      }
      const wroteAt = clock.now();
      tookMs = Math.max(tookMs, wroteAt - startedAt);
      const isNear = fastestMs < nearMs;
      const pauseMs = Math.min(Math.max(isNear ? pause.busyMs : pause.quietMs, tookMs / 2, 4 * (tookMs - steadyMs)), pause.mostMs);
      await clock.sleep(pauseMs, signal);
      busy ||= clock.now() - wroteAt > pauseMs + lateMs;
      base = await read();
      busy ||= !isNear && (fastestMs < nearMs || slowestMs > unsteady * fastestMs);
      contended ||= base?.descriptor.digest !== digestOf(bytes);
      if (!base || !contains(base.bytes)) continue;
      if (!contended && !busy) return;
    }
    // Until nobody has written for a while: as long as others do, one who is slower may be among them.
    for (let looks = 0; looks < maxLooks && base && contains(base.bytes); looks++) {
      const before: ManifestContent = base;
      const pauseMs = contended ? Math.min(Math.max(tookMs * 4, pause.contendedMs), pause.mostContendedMs) : Math.min(Math.max(tookMs * 4, pause.busyMs), pause.mostMs);
      await clock.sleep(pauseMs, signal);
      base = await read();
      if (isSame(base, before)) return;
      contended = true;
    }
    if (base && contains(base.bytes)) return;
  }
  throw new CosignError('SIGNATURE_LOST', said`Other writers kept overwriting the tag ${tag} of ${canonicalRepository(repository)}; the signature is not there.`, {
    remedy: said`Sign again when nobody else is signing this image.`,
  });
}

/** Only a strong ETag can be a condition (RFC 9110 §13.1.1); proxies that compress make them weak. */
function strongTag(content: ManifestContent | undefined): string | undefined {
  return content?.etag?.startsWith('"') === true ? content.etag : undefined;
}

function isSame(a: ManifestContent | undefined, b: ManifestContent | undefined): boolean {
  return a?.descriptor.digest === b?.descriptor.digest;
}
