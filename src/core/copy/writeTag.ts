// Puts a manifest under a tag that others may write to as well: looked at before every try, so that nobody's tag is moved without a yes.
import type { Digest } from '../crypto/digest.ts';
import { CosignError } from '../errors.ts';
import type { ManifestContent } from '../oci/registryClient.ts';
import { pauseBeforeRetry } from '../oci/retry.ts';
import type { PushContext } from '../signing/tagUpdate.ts';
import type { RepositoryName } from '../verification/registryReader.ts';

export interface TagWrite {
  readonly repository: RepositoryName;
  readonly tag: string;
  readonly manifest: { readonly digest: Digest; readonly bytes: Uint8Array; readonly mediaType: string };
  /** Whether what is under the tag may be taken off it; may throw instead of saying no. */
  readonly mayReplace: (found: ManifestContent) => boolean;
}

/** Writes that fail for a reason that may pass, in all. */
const maxFailures = 3;
/** Each is somebody else's success. */
const maxConflicts = 10;

/**
 * A write whose answer is lost may have happened, and others may have written since: so it is never sent again as it is. What is there
 * is read, and decides. Where a registry honours `If-Match` and `If-None-Match`, nobody comes in between; elsewhere there is one round trip.
 * @returns `kept`: the tag is something else that may not be replaced
 * @throws what `mayReplace` throws; {CosignError} `REGISTRY_CONFLICT` when the registry refuses to write what nobody else has changed, every `REGISTRY_…` code
 */
export async function writeTag({ registry, clock, random }: PushContext, { repository, tag, manifest, mayReplace }: TagWrite, signal: AbortSignal): Promise<'written' | 'already there' | 'kept'> {
  let [failures, conflicts, isConditional, wasSent] = [0, 0, true, false];
  for (;;) {
    const found = await registry.manifest(repository, tag, signal);
    if (found?.descriptor.digest === manifest.digest) return wasSent ? 'written' : 'already there';
    if (found && !mayReplace(found)) return 'kept';
    try {
      wasSent = true;
      await registry.pushManifest(repository, tag, manifest.bytes, manifest.mediaType, signal, { repeatable: false, ...(isConditional ? conditionFor(found) : {}) });
      return 'written';
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof CosignError && error.code === 'REGISTRY_CONFLICT') {
        const now = await registry.manifest(repository, tag, signal);
        if (now?.descriptor.digest !== found?.descriptor.digest) {
          if (++conflicts >= maxConflicts) throw error;
        // Nothing changed, and yet the condition did not hold: something in front of the registry spoils it. Without one, the registry means it.
        } else if (isConditional) isConditional = false;
        else throw error;
        continue;
      }
      const pauseMs = ++failures < maxFailures ? pauseBeforeRetry(error, failures, random) : undefined;
      if (pauseMs === undefined) throw error;
      await clock.sleep(pauseMs, signal);
    }
  }
}

/** Only a strong ETag can be a condition (RFC 9110 §13.1.1). */
function conditionFor(found: ManifestContent | undefined): { readonly ifMatch?: string; readonly ifNoneMatch?: '*' } {
  if (!found) return { ifNoneMatch: '*' };
  return found.etag?.startsWith('"') === true ? { ifMatch: found.etag } : {};
}
