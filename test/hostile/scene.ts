// One image in a registry of this process, an engine as the editor has it, and hands that can sign and push anything.
import { sign } from 'node:crypto';
import type { Digest } from '../../src/core/crypto/digest.ts';
import type { Engine } from '../../src/core/engine.ts';
import type { Verdict } from '../../src/core/policy/verdict.ts';
import { ask, testEngine, type AskOptions } from '../support/engine.ts';
import { startRegistry, type RegistryOptions, type TestRegistry } from '../support/registry.ts';
import { types, type StoredDescriptor } from '../support/registryStore.ts';
import { bundleType, makeBundle, makeKey, simpleSigningType, type TestKey } from '../support/signedImages.ts';

export const repository = 'demo/app';
export const [release, stranger] = [makeKey(), makeKey()];
const signatureAnnotation = 'dev.cosignproject.cosign/signature';

export interface LegacyOptions {
  readonly by?: TestKey;
  /** The digest in the payload; default: the image's. */
  readonly claim?: string;
  readonly payload?: Uint8Array;
  /** Default: over the payload, by the key. */
  readonly signature?: string;
  /** More annotations of the layer. */
  readonly more?: Readonly<Record<string, string>>;
  readonly optional?: object | null;
  readonly type?: string;
  readonly name?: string;
  readonly of?: StoredDescriptor;
}

export class Scene {
  readonly registry: TestRegistry;
  readonly engine: Engine;
  readonly image: StoredDescriptor;
  readonly name: string;

  constructor(registry: TestRegistry, engine: Engine) {
    this.registry = registry;
    this.engine = engine;
    this.image = registry.store.putImage(repository, '1.0');
    this.name = `${registry.host}/${repository}:1.0`;
  }

  payload({ claim = this.image.digest, optional = null, type = 'cosign container image signature', name = 'index.docker.io/demo/app' }: LegacyOptions = {}): Buffer {
    return Buffer.from(JSON.stringify({ critical: { identity: { 'docker-reference': name }, image: { 'docker-manifest-digest': claim }, type }, optional }));
  }

  /** A layer more under the `.sig` tag. */
  addLegacy(options: LegacyOptions = {}): void {
    const { by = release, payload = this.payload(options), more = {}, of = this.image } = options;
    const { store } = this.registry;
    const signature = options.signature ?? sign('sha256', payload, by.privateKey).toString('base64');
    const tag = `${of.digest.replace(':', '-')}.sig`;
    const before = store.manifest(repository, tag);
    const layers = before ? (JSON.parse(Buffer.from(before.bytes).toString()) as { layers: object[] }).layers : [];
    const layer = { ...store.putBlob(repository, payload, simpleSigningType), annotations: { [signatureAnnotation]: signature, ...more } };
    store.putManifest(repository, tag, { schemaVersion: 2, mediaType: types.manifest, config: store.putBlob(repository, '{}', types.config), layers: [...layers, layer] });
  }

  /** A bundle among the referrers. @param subject of the referrer; default: the image */
  addBundle(bytes: Uint8Array = this.bundle(), subject: StoredDescriptor = this.image): StoredDescriptor {
    return this.registry.store.putReferrer(repository, { mediaType: subject.mediaType, digest: subject.digest, size: subject.size }, bytes, bundleType);
  }

  bundle(by: TestKey = release, claim = this.image.digest, annotations: Readonly<Record<string, string>> = {}): Uint8Array {
    return makeBundle(claim as Digest, by, { annotations });
  }

  /** The list of referrers under the image's fallback tag. */
  setFallbackTag(entries: readonly object[], of = this.image): void {
    this.registry.store.putManifest(repository, of.digest.replace(':', '-'), { schemaVersion: 2, mediaType: types.index, manifests: entries }, types.index);
  }

  ask(options: AskOptions & { readonly keys?: Readonly<Record<string, string>>; readonly image?: string } = {}): Promise<Verdict> {
    return ask(this.engine, options.image ?? this.name, options.keys ?? { release: release.pem }, options);
  }
}

export async function withScene(use: (scene: Scene) => Promise<void>, options: RegistryOptions = {}, settings: Parameters<typeof testEngine>[0] = {}): Promise<void> {
  const registry = await startRegistry(options);
  const engine = testEngine({ timeoutMs: 5000, ...settings });
  try {
    await use(new Scene(registry, engine));
  } finally {
    await engine.dispose();
    await registry.close();
  }
}

/** `verified`, `unsigned`, or `untrusted: other-key`, or the code of what could not be checked. */
export function outcome(verdict: Verdict): string {
  if (verdict.kind === 'unchecked') return verdict.reason.code;
  if (verdict.kind !== 'untrusted') return verdict.kind;
  return `untrusted: ${[...new Set(verdict.signatures.map(({ fault }) => fault))].sort().join(', ')}`;
}

/** A statement of any content in an envelope of any type, signed as such. */
export function envelope(statement: object | string | Uint8Array, by: TestKey = release, payloadType = 'application/vnd.in-toto+json', more: object = {}): Uint8Array {
  const payload = statement instanceof Uint8Array ? Buffer.from(statement) : Buffer.from(typeof statement === 'string' ? statement : JSON.stringify(statement));
  const pae = Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `), payload]);
  return Buffer.from(JSON.stringify({
    mediaType: bundleType, verificationMaterial: { publicKey: { hint: '' }, ...more },
    dsseEnvelope: { payload: payload.toString('base64'), payloadType, signatures: [{ sig: sign('sha256', pae, by.privateKey).toString('base64') }] },
  }));
}
