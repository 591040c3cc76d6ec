// An in-memory registry reader and hand-made signatures, for testing verification without HTTP and without the product's own encoders.
import { createHash, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import type { Digest } from '../../src/core/crypto/digest.ts';
import type { Descriptor } from '../../src/core/oci/manifest.ts';
import type { Reference } from '../../src/core/oci/reference.ts';
import type { ManifestContent, ReferrersAnswer, ReferrersSupport, RegistryReader, RepositoryName } from '../../src/core/verification/registryReader.ts';

export const sha256 = (bytes: Uint8Array | string): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
export const manifestType = 'application/vnd.oci.image.manifest.v1+json';
export const indexType = 'application/vnd.oci.image.index.v1+json';
export const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
export const simpleSigningType = 'application/vnd.dev.cosign.simplesigning.v1+json';

export interface TestKey { readonly privateKey: KeyObject; readonly pem: string }

export function makeKey(): TestKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, pem: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString() };
}

export type Operation = 'resolve' | 'signature tag' | 'referrers tag' | 'referrers' | 'manifest' | 'blob' | 'probe';

/** Counts every call, and fails or delays those it is told to. */
export class MemoryRegistry implements RegistryReader {
  readonly tags = new Map<string, { bytes: Uint8Array; mediaType: string }>();
  readonly blobs = new Map<string, Uint8Array>();
  readonly calls: Operation[] = [];
  referrersApi: 'native' | 'unsupported on host' | 'unsupported in repository' = 'native';
  /** What `probeReferrers` says, when not what is true. */
  probe: ReferrersSupport | undefined;
  /** Subject digest → referrer descriptors of the native API. */
  readonly referrerLists = new Map<string, Descriptor[]>();
  /** What the native API lists besides, for every subject, by digests of another algorithm. */
  otherDigests: readonly string[] = [];
  fail: (operation: Operation) => CosignError | undefined = () => undefined;
  wait: (operation: Operation, signal: AbortSignal) => Promise<void> = () => Promise.resolve();

  async #enter(operation: Operation, signal: AbortSignal): Promise<void> {
    this.calls.push(operation);
    await this.wait(operation, signal);
    signal.throwIfAborted();
    const error = this.fail(operation);
    if (error) throw error;
  }

  put(bytes: Uint8Array, mediaType: string, tag?: string): Descriptor {
    const digest = sha256(bytes);
    this.tags.set(digest, { bytes, mediaType });
    if (tag !== undefined) this.tags.set(tag, { bytes, mediaType });
    return { mediaType, digest, size: bytes.byteLength };
  }

  putJson(value: object, mediaType: string, tag?: string): Descriptor {
    return this.put(Buffer.from(JSON.stringify(value)), mediaType, tag);
  }

  putBlob(bytes: Uint8Array, mediaType: string): Descriptor {
    const digest = sha256(bytes);
    this.blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.byteLength };
  }

  async resolve(reference: Reference, signal: AbortSignal): Promise<Descriptor> {
    await this.#enter('resolve', signal);
    const found = this.tags.get(reference.digest ?? reference.tag ?? '');
    if (!found) throw new CosignError('IMAGE_NOT_FOUND', said`not there`);
    return { mediaType: found.mediaType, digest: sha256(found.bytes), size: found.bytes.byteLength };
  }

  async manifest(_repository: RepositoryName, tagOrDigest: string, signal: AbortSignal): Promise<ManifestContent | undefined> {
    await this.#enter(tagOrDigest.endsWith('.sig') ? 'signature tag' : tagOrDigest.startsWith('sha256-') ? 'referrers tag' : 'manifest', signal);
    const found = this.tags.get(tagOrDigest);
    return found && { bytes: found.bytes, descriptor: { mediaType: found.mediaType, digest: sha256(found.bytes), size: found.bytes.byteLength } };
  }

  async blob(_repository: RepositoryName, descriptor: Descriptor, signal: AbortSignal): Promise<Uint8Array> {
    await this.#enter('blob', signal);
    const bytes = this.blobs.get(descriptor.digest);
    if (!bytes) throw new CosignError('REGISTRY_RESPONSE_INVALID', said`no such blob`);
    return bytes;
  }

  async referrers(_repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<ReferrersAnswer> {
    await this.#enter('referrers', signal);
    if (this.referrersApi !== 'native') return { kind: 'unsupported', scope: this.referrersApi === 'unsupported on host' ? 'host' : 'repository' };
    return { kind: 'list', descriptors: this.referrerLists.get(digest) ?? [], ...(this.otherDigests.length > 0 ? { otherDigests: this.otherDigests } : {}) };
  }

  async probeReferrers(_repository: RepositoryName, signal: AbortSignal): Promise<ReferrersSupport> {
    this.calls.push('probe');
    await this.wait('probe', signal);
    signal.throwIfAborted();
    if (this.fail('probe')) return 'unknown';
    return this.probe ?? ({ native: 'supported', 'unsupported on host': 'unsupported on host', 'unsupported in repository': 'unknown' } as const)[this.referrersApi];
  }

  /** Puts a bundle manifest and lists it where this registry lists referrers. */
  addReferrer(subject: Digest, manifest: object, where: 'api' | 'tag' = this.referrersApi === 'native' ? 'api' : 'tag'): Descriptor {
    const descriptor = this.putJson(manifest, manifestType);
    if (where === 'api') this.referrerLists.set(subject, [...(this.referrerLists.get(subject) ?? []), descriptor]);
    else {
      const tag = subject.replace(':', '-');
      const before = this.tags.get(tag);
      const entries = before ? (JSON.parse(Buffer.from(before.bytes).toString()) as { manifests: object[] }).manifests : [];
      this.putJson({ schemaVersion: 2, mediaType: indexType, manifests: [...entries, descriptor] }, indexType, tag);
    }
    return descriptor;
  }
}

export interface SignOptions {
  readonly annotations?: Readonly<Record<string, string>>;
  /** Which digest the payload speaks of; default: the image's. */
  readonly claim?: Digest;
  readonly repository?: string;
}

export function putImage(registry: MemoryRegistry, tag: string, content = tag): Descriptor {
  return registry.putJson({ schemaVersion: 2, mediaType: manifestType, config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: sha256(content), size: 1 }, layers: [] }, manifestType, tag);
}

export function makePayload(image: Digest, key: TestKey, options: SignOptions = {}): { readonly payload: Uint8Array; readonly signature: string } {
  const optional = options.annotations ?? null;
  const payload = Buffer.from(JSON.stringify({ critical: { identity: { 'docker-reference': options.repository ?? 'localhost:5000/demo/app' }, image: { 'docker-manifest-digest': options.claim ?? image }, type: 'cosign container image signature' }, optional }));
  return { payload, signature: sign('sha256', payload, key.privateKey).toString('base64') };
}

/** Adds a layer to the `.sig` tag of an image. */
export function signLegacy(registry: MemoryRegistry, image: Digest, key: TestKey, options: SignOptions = {}): void {
  const { payload, signature } = makePayload(image, key, options);
  const layer = { ...registry.putBlob(payload, simpleSigningType), annotations: { 'dev.cosignproject.cosign/signature': signature } };
  const tag = `${image.replace(':', '-')}.sig`;
  const before = registry.tags.get(tag);
  const layers = before ? (JSON.parse(Buffer.from(before.bytes).toString()) as { layers: object[] }).layers : [];
  const config = registry.putBlob(Buffer.from('{}'), 'application/vnd.oci.image.config.v1+json');
  registry.putJson({ schemaVersion: 2, mediaType: manifestType, config, layers: [...layers, layer] }, manifestType, tag);
}

export function makeBundle(image: Digest, key: TestKey, options: SignOptions = {}): Uint8Array {
  const statement = Buffer.from(JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject: [{ digest: { sha256: (options.claim ?? image).slice(7) }, annotations: options.annotations ?? {} }], predicateType: 'https://sigstore.dev/cosign/sign/v1', predicate: {} }));
  const type = 'application/vnd.in-toto+json';
  const pae = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${statement.byteLength} `), statement]);
  const hint = createHash('sha256').update(createPublicKey(key.privateKey).export({ type: 'spki', format: 'der' })).digest('base64');
  return Buffer.from(JSON.stringify({
    mediaType: bundleType, verificationMaterial: { publicKey: { hint } },
    dsseEnvelope: { payload: statement.toString('base64'), payloadType: type, signatures: [{ sig: sign('sha256', pae, key.privateKey).toString('base64') }] },
  }));
}

/** Adds a bundle referrer for an image. */
export function signBundle(registry: MemoryRegistry, image: Descriptor, key: TestKey, options: SignOptions & { readonly where?: 'api' | 'tag'; readonly subject?: Digest } = {}): void {
  const layer = registry.putBlob(makeBundle(image.digest, key, options), bundleType);
  const config = registry.putBlob(Buffer.from('{}'), 'application/vnd.oci.empty.v1+json');
  registry.addReferrer(image.digest, { schemaVersion: 2, mediaType: manifestType, config, layers: [layer], subject: { mediaType: image.mediaType, size: image.size, digest: options.subject ?? image.digest }, artifactType: bundleType }, options.where);
}
