// A legacy signature: one more layer in the manifest under the `.sig` tag (`cosign.md` §2.2–2.4).
import { appendSignature, hasSignature, parseSignatureManifest, signatureTag } from '../cosign/signatureManifest.ts';
import { encodePayload } from '../cosign/simpleSigning.ts';
import { signBytes } from '../crypto/signatures.ts';
import { decodeBase64, encodeBase64 } from '../encoding/base64.ts';
import type { ManifestContent } from '../oci/registryClient.ts';
import type { RepositoryName } from '../verification/registryReader.ts';
import type { RegistryWriter } from './registryWriter.ts';
import { isAsWeSign, type PreparedSignature, type SignatureRequest } from './signatureRequest.ts';
import { updateTag, type PushContext } from './tagUpdate.ts';

const maxConfigBytes = 4 * 1024 * 1024;

interface Stored {
  readonly manifest: Uint8Array;
  readonly config: Uint8Array;
}

/**
 * Looks at what is under the tag.
 * @throws {CosignError} `MANIFEST_INVALID` when it cannot be added to, `COUNT_LIMIT` when it is full, and every registry code
 */
export async function prepareLegacy(context: PushContext, request: SignatureRequest, signal: AbortSignal): Promise<PreparedSignature> {
  const { registry } = context;
  const { repository, key, subject, annotations, dockerMediaTypes } = request;
  const tag = signatureTag(subject.digest);
  const payload = encodePayload({ repository: request.identity, digest: subject.digest, annotations });
  const seen = await registry.manifest(repository, tag, signal);
  const stored = seen && await readStored(registry, repository, seen, signal);
  // Whatever cannot be added to is found out now, before anything is pushed.
  appendSignature(stored, { payload, signature: '' }, dockerMediaTypes);
  const known = new Map<string, boolean>();
  const verifies = (text: string): boolean => {
    const signature = decodeBase64(text);
    const answer = known.get(text) ?? (signature !== undefined && isAsWeSign(key.publicKey, payload, signature));
    known.set(text, answer);
    return answer;
  };
  return {
    alreadyThere: seen !== undefined && hasSignature(parseSignatureManifest(seen.bytes).layers, { payload }, verifies),
    push: async (pushing) => {
      const signature = encodeBase64(signBytes(key, payload));
      known.set(signature, true);
      let payloadPushed: Promise<void> | undefined;
      await updateTag(context, {
        repository, tag, seen,
        // The same key may have signed meanwhile, in another window: once is enough.
        contains: (bytes) => hasSignature(parseSignatureManifest(bytes).layers, { payload }, verifies),
        add: async (existing) => {
          const old = existing === seen ? stored : existing && await readStored(registry, repository, existing, pushing);
          const files = appendSignature(old, { payload, signature }, dockerMediaTypes);
          payloadPushed ??= registry.pushBlob(repository, payload, pushing);
          await Promise.all([payloadPushed, registry.pushBlob(repository, files.config, pushing)]);
          return { bytes: files.manifest, mediaType: files.mediaType };
        },
      }, pushing);
    },
  };
}

async function readStored(registry: RegistryWriter, repository: RepositoryName, { bytes }: ManifestContent, signal: AbortSignal): Promise<Stored> {
  const { config } = parseSignatureManifest(bytes);
  return { manifest: bytes, config: await registry.blob(repository, config, signal, { limitBytes: maxConfigBytes }) };
}
