// A bundle signature: a referrer of the image, listed by the registry itself or in the fallback index (`cosign.md` §3.1–3.3).
import { bundleMediaTypePrefix, encodeImageBundle, parseBundle } from '../cosign/bundle.ts';
import { inTotoPayloadType, preAuthEncoding } from '../cosign/dsse.ts';
import { addToFallbackIndex, emptyConfig, encodeReferrerManifest, indexMediaType, manifestMediaType, referrersTag } from '../cosign/referrer.ts';
import { encodeStatement, findSubject, parseStatement, signPredicateType } from '../cosign/statement.ts';
import { signBytes } from '../crypto/signatures.ts';
import { isIndexMediaType, parseManifest, parseMixedIndex, type Descriptor } from '../oci/manifest.ts';
import type { ManifestContent } from '../oci/registryClient.ts';
import { inParallel } from './inParallel.ts';
import type { RegistryWriter } from './registryWriter.ts';
import { isAsWeSign, type PreparedSignature, type SignatureRequest } from './signatureRequest.ts';
import { updateTag, type PushContext } from './tagUpdate.ts';

const maxBundleBytes = 1024 * 1024;
/** Most referrers looked into for a signature that is there already; overlooking one only means writing another. */
const maxLookedInto = 100;

interface Listing {
  readonly native: boolean;
  /** What is under the fallback tag, where that counts. */
  readonly index: ManifestContent | undefined;
  readonly referrers: readonly Descriptor[];
}

/**
 * Looks at what lists the bundles of the image.
 * @throws {CosignError} `REFERRERS_TAG_OCCUPIED` when something that is no index is in its place, `MANIFEST_INVALID`, and every
 * registry code
 */
export async function prepareBundle(context: PushContext, request: SignatureRequest, signal: AbortSignal): Promise<PreparedSignature> {
  const { registry, clock } = context;
  const { repository, subject, key, annotations } = request;
  const tag = referrersTag(subject.digest);
  const { native, index, referrers } = await readListing(registry, request, tag, signal);
  // Whatever cannot be added to is found out now, before anything is pushed.
  if (!native) addToFallbackIndex(index?.bytes, encodeReferrerManifest(new Uint8Array(), subject, 0).descriptor);
  return {
    alreadyThere: await isListed(registry, request, referrers, signal),
    push: async (pushing) => {
      const statement = encodeStatement(subject.digest, annotations);
      const bundle = encodeImageBundle(key.publicKey.hint, statement, signBytes(key, preAuthEncoding(inTotoPayloadType, statement)));
      const { manifest, descriptor } = encodeReferrerManifest(bundle, subject, clock.now());
      await Promise.all([registry.pushBlob(repository, emptyConfig, pushing), registry.pushBlob(repository, bundle, pushing)]);
      await registry.pushManifest(repository, descriptor.digest, manifest, manifestMediaType, pushing);
      if (native) return;
      await updateTag(context, {
        repository, tag, seen: index,
        contains: (bytes) => addToFallbackIndex(bytes, descriptor) === undefined,
        add: (existing) => Promise.resolve({ bytes: addToFallbackIndex(existing?.bytes, descriptor) ?? new Uint8Array(), mediaType: indexMediaType }),
      }, pushing);
    },
  };
}

async function readListing(registry: RegistryWriter, { repository, subject }: SignatureRequest, tag: string, signal: AbortSignal): Promise<Listing> {
  if (await registry.probeReferrers(repository, signal) !== 'unsupported on host') {
    const answer = await registry.referrers(repository, subject.digest, signal);
    if (answer.kind === 'list') return { native: true, index: undefined, referrers: answer.descriptors };
  }
  const index = await registry.manifest(repository, tag, signal);
  return { native: false, index, referrers: index && isIndexMediaType(index.descriptor.mediaType) ? parseMixedIndex(index.bytes).manifests : [] };
}

/** Whether one of the referrers is this very signature: this digest, these annotations, this key, in the form we would write. */
async function isListed(registry: RegistryWriter, request: SignatureRequest, referrers: readonly Descriptor[], signal: AbortSignal): Promise<boolean> {
  const found = await inParallel(referrers.filter(mayBeBundle).slice(0, maxLookedInto), 8, async ({ digest }) => {
    try {
      return await holdsSignature(registry, request, digest, signal);
    } catch {
      signal.throwIfAborted();
      // Somebody else's referrer that cannot be read is not our signature.
      return false;
    }
  }, signal);
  return found.includes(true);
}

async function holdsSignature(registry: RegistryWriter, { repository, subject, annotations, key }: SignatureRequest, referrer: Descriptor['digest'], signal: AbortSignal): Promise<boolean> {
  const content = await registry.manifest(repository, referrer, signal);
  const manifest = content && parseManifest(content.bytes);
  const [layer] = manifest?.layers ?? [];
  if (manifest?.subject?.digest !== subject.digest || !layer?.mediaType.startsWith(bundleMediaTypePrefix)) return false;
  const bundle = parseBundle(await registry.blob(repository, layer, signal, { limitBytes: maxBundleBytes }));
  if (bundle.version !== '0.3' || bundle.signer.kind !== 'key' || bundle.content.kind !== 'dsse') return false;
  const { payloadType, payload, signature } = bundle.content;
  if (payloadType !== inTotoPayloadType || !isAsWeSign(key.publicKey, preAuthEncoding(payloadType, payload), signature)) return false;
  const statement = parseStatement(payload);
  const signed = findSubject(statement, subject.digest);
  return statement.predicateType === signPredicateType && signed !== undefined && isSameMap(signed.annotations, annotations);
}

/** By what the list says; released cosigns write the type of the config, or none. */
function mayBeBundle({ artifactType = '' }: Descriptor): boolean {
  return artifactType === '' || artifactType === 'application/vnd.oci.empty.v1+json' || artifactType.startsWith(bundleMediaTypePrefix);
}

function isSameMap(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && a[name] === b[name]);
}
