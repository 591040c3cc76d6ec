// Puts one signature of one digest into a registry, next to everybody else's: never replaces, finds lost updates and repeats.
import { encodeImageBundle } from '../cosign/bundle.ts';
import { preAuthEncoding, inTotoPayloadType } from '../cosign/dsse.ts';
import { addToFallbackIndex, emptyConfig, encodeReferrerManifest, indexMediaType, manifestMediaType, referrersTag, type ReferrerDescriptor } from '../cosign/referrer.ts';
import { appendSignature, hasSignature, parseSignatureManifest, signatureTag } from '../cosign/signatureManifest.ts';
import { encodePayload } from '../cosign/simpleSigning.ts';
import { encodeStatement } from '../cosign/statement.ts';
import type { PrivateKey } from '../crypto/privateKey.ts';
import { signBytes, verifyBytes } from '../crypto/signatures.ts';
import { CosignError } from '../errors.ts';
import type { Descriptor } from '../oci/manifest.ts';
import type { Clock } from '../oci/transport.ts';
import type { RepositoryName } from '../verification/registryReader.ts';
import type { RegistryWriter } from './registryWriter.ts';

export interface SignatureRequest {
  /** The manifest to sign, exactly as the registry stores it. */
  readonly subject: Descriptor;
  /** Where the image is: what the payload names. Canonical name, `index.docker.io/library/alpine`. */
  readonly identity: string;
  /** Where the signature goes: the image's own repository unless COSIGN_REPOSITORY says otherwise. */
  readonly repository: RepositoryName;
  readonly annotations: Readonly<Record<string, string>>;
  readonly key: PrivateKey;
  /** For registries that refuse OCI media types; legacy signatures only. */
  readonly dockerMediaTypes: boolean;
}

export interface PushContext {
  readonly registry: RegistryWriter;
  readonly clock: Clock;
  /** From 0 (inclusive) to 1, for spreading retries. */
  readonly random: () => number;
}

export type PushOutcome = 'pushed' | 'already there';

/** Enough for dozens of signers at once; every try starts from what the others wrote. */
const maxTries = 80;

/**
 * Adds a layer to the `.sig` tag. The same signature by the same key is not repeated (cosign's dupe rule).
 * @throws {CosignError} `SIGNATURE_LOST` when other writers kept overwriting it, and every registry code
 */
export async function pushLegacy(context: PushContext, request: SignatureRequest, signal: AbortSignal): Promise<PushOutcome> {
  const { registry } = context;
  const { repository, key } = request;
  const tag = signatureTag(request.subject.digest);
  const payload = encodePayload({ repository: request.identity, digest: request.subject.digest, annotations: request.annotations });
  const verifies = (signature: string): boolean => verifyBytes(key.publicKey, payload, Buffer.from(signature, 'base64'));
  const current = await registry.manifest(repository, tag, signal);
  if (current && hasSignature(parseSignatureManifest(current.bytes).layers, { payload }, verifies)) return 'already there';

  const signature = Buffer.from(signBytes(key, payload)).toString('base64');
  await registry.pushBlob(repository, payload, signal);
  await updateTag(context, repository, tag, signal, {
    contains: (bytes) => parseSignatureManifest(bytes).layers.some((layer) => layer.signature === signature),
    change: async (existing) => {
      const old = existing && { manifest: existing, config: await readConfig(context, repository, existing, signal) };
      const files = appendSignature(old, { payload, signature }, request.dockerMediaTypes);
      await registry.pushBlob(repository, files.config, signal);
      return { bytes: files.manifest, mediaType: files.mediaType };
    },
  });
  return 'pushed';
}

/**
 * Stores a bundle as a referrer: through the referrers API where there is one, else in the fallback index, which is merged.
 * @throws {CosignError} `REFERRERS_TAG_OCCUPIED` before anything is pushed, `SIGNATURE_LOST`, and every registry code
 */
export async function pushBundle(context: PushContext, request: SignatureRequest, signal: AbortSignal): Promise<PushOutcome> {
  const { registry } = context;
  const { repository, subject, key } = request;
  const statement = encodeStatement(subject.digest, request.annotations);
  const bundle = encodeImageBundle(key.publicKey.hint, statement, signBytes(key, preAuthEncoding(inTotoPayloadType, statement)));
  const { manifest, descriptor } = encodeReferrerManifest(bundle, subject, context.clock.now());
  const tag = referrersTag(subject.digest);
  const native = (await registry.referrers(repository, subject.digest, signal)).kind === 'list';
  const index = native ? undefined : await registry.manifest(repository, tag, signal);
  if (index) addToFallbackIndex(index.bytes, descriptor);

  await Promise.all([registry.pushBlob(repository, emptyConfig, signal), registry.pushBlob(repository, bundle, signal)]);
  await registry.pushManifest(repository, descriptor.digest, manifest, manifestMediaType, signal);
  if (!native) await mergeIntoFallback(context, repository, tag, descriptor, signal);
  return 'pushed';
}

async function mergeIntoFallback(context: PushContext, repository: RepositoryName, tag: string, descriptor: ReferrerDescriptor, signal: AbortSignal): Promise<void> {
  await updateTag(context, repository, tag, signal, {
    contains: (bytes) => addToFallbackIndex(bytes, descriptor) === undefined,
    change: (existing) => Promise.resolve({ bytes: addToFallbackIndex(existing, descriptor) ?? existing ?? new Uint8Array(), mediaType: indexMediaType }),
  });
}

interface TagUpdate {
  readonly contains: (bytes: Uint8Array) => boolean;
  readonly change: (existing: Uint8Array | undefined) => Promise<{ readonly bytes: Uint8Array; readonly mediaType: string }>;
}

/**
 * Read, change, write, and read again until the change has stood for longer than another writer's read-to-write takes: registries
 * without conditional requests let a slower writer silently overwrite a faster one.
 */
async function updateTag(context: PushContext, repository: RepositoryName, tag: string, signal: AbortSignal, update: TagUpdate): Promise<void> {
  const { registry, clock, random } = context;
  for (let attempt = 0; attempt < maxTries; attempt++) {
    const started = clock.now();
    const current = await registry.manifest(repository, tag, signal);
    if (current && update.contains(current.bytes)) return;
    const { bytes, mediaType } = await update.change(current?.bytes);
    try {
      await registry.pushManifest(repository, tag, bytes, mediaType, signal, current?.etag === undefined ? {} : { ifMatch: current.etag });
    } catch (error) {
      if (!(error instanceof CosignError && error.code === 'REGISTRY_CONFLICT')) throw error;
      await clock.sleep(20 + random() * 50 * Math.min(attempt + 1, 10), signal);
      continue;
    }
    if (await stands(context, repository, tag, clock.now() - started, update.contains, signal)) return;
    await clock.sleep(random() * 60 * Math.min(attempt + 1, 20), signal);
  }
  throw new CosignError('SIGNATURE_LOST', `Other writers kept overwriting the tag ${tag} of ${repository.registry}/${repository.repository}; the signature is not there.`, {
    remedy: 'Sign again when nobody else is signing this image.',
  });
}

/** Looks again until the change has been there for twice as long as our own read-to-write took. */
async function stands({ registry, clock }: PushContext, repository: RepositoryName, tag: string, tookMs: number, contains: TagUpdate['contains'], signal: AbortSignal): Promise<boolean> {
  for (const waitMs of [0, Math.min(Math.max(2 * tookMs, 20), 5000)]) {
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    const now = await registry.manifest(repository, tag, signal);
    if (!now || !contains(now.bytes)) return false;
  }
  return true;
}

async function readConfig({ registry }: PushContext, repository: RepositoryName, manifest: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  const { config } = parseSignatureManifest(manifest);
  return registry.blob(repository, config, signal, { limitBytes: 4 * 1024 * 1024 });
}
