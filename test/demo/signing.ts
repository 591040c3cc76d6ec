// Signs images in the in-process registry as cosign does, with the product's own encoders.
import type { Digest } from '../../src/core/crypto/digest.ts';
import type { PrivateKey } from '../../src/core/crypto/privateKey.ts';
import { signBytes } from '../../src/core/crypto/signatures.ts';
import { encodeImageBundle, bundleMediaType } from '../../src/core/cosign/bundle.ts';
import { inTotoPayloadType, preAuthEncoding } from '../../src/core/cosign/dsse.ts';
import { emptyConfig, encodeReferrerManifest } from '../../src/core/cosign/referrer.ts';
import { appendSignature, signatureTag, simpleSigningMediaType } from '../../src/core/cosign/signatureManifest.ts';
import { encodePayload } from '../../src/core/cosign/simpleSigning.ts';
import { encodeStatement } from '../../src/core/cosign/statement.ts';
import { encodeBase64 } from '../../src/core/encoding/base64.ts';
import type { RegistryStore, StoredDescriptor } from '../support/registryStore.ts';

export interface SignedImage {
  readonly store: RegistryStore;
  readonly host: string;
  readonly repository: string;
  readonly image: StoredDescriptor;
}

export interface SignatureOptions {
  readonly annotations?: Readonly<Record<string, string>>;
  /** The digest that is signed, when not the image's own. */
  readonly claim?: Digest;
  /** Changes the payload after it was signed. */
  readonly tamper?: (payload: Uint8Array) => Uint8Array;
}

/** Adds a layer under the `.sig` tag. */
export function signLegacy({ store, host, repository, image }: SignedImage, key: PrivateKey, options: SignatureOptions = {}): void {
  const payload = encodePayload({ repository: `${host}/${repository}`, digest: options.claim ?? digestIn(image), annotations: options.annotations ?? {} });
  const stored = options.tamper?.(payload) ?? payload;
  const tag = signatureTag(digestIn(image));
  const before = store.manifest(repository, tag);
  const config = before && store.repository(repository).blobs.get(configDigest(before.bytes));
  const files = appendSignature(before && config ? { manifest: before.bytes, config } : undefined, { payload: stored, signature: encodeBase64(signBytes(key, payload)) });
  store.putBlob(repository, stored, simpleSigningMediaType);
  store.putBlob(repository, files.config);
  store.putManifest(repository, tag, files.manifest, files.mediaType);
}

/** Hangs a bundle on the image. */
export function signBundle({ store, repository, image }: SignedImage, key: PrivateKey, options: SignatureOptions = {}): void {
  const statement = encodeStatement(options.claim ?? digestIn(image), options.annotations ?? {});
  const signature = signBytes(key, preAuthEncoding(inTotoPayloadType, statement));
  const bundle = encodeImageBundle(key.publicKey.hint, options.tamper?.(statement) ?? statement, signature);
  store.putBlob(repository, bundle, bundleMediaType);
  store.putBlob(repository, emptyConfig);
  const { manifest, descriptor } = encodeReferrerManifest(bundle, { ...image, digest: digestIn(image) }, Date.now());
  store.putManifest(repository, undefined, manifest, descriptor.mediaType);
}

/** What the store computed is a digest. */
const digestIn = ({ digest }: StoredDescriptor): Digest => digest as Digest;

function configDigest(manifest: Uint8Array): string {
  const { config } = JSON.parse(Buffer.from(manifest).toString()) as { readonly config: { readonly digest: string } };
  return config.digest;
}

