// Two registries in this process, images with everything that can hang on them, and the closure of what a tag leads to.
import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { afterEach } from 'node:test';
import { sign } from 'node:crypto';
import { createCopyEngine } from '../../src/core/copy/createCopyEngine.ts';
import type { CopyEngine, CopyOptions, CopyPlan, CopyProgress, CopyResult, CopySelection } from '../../src/core/copyEngine.ts';
import type { Digest } from '../../src/core/crypto/digest.ts';
import { RegistryClient } from '../../src/core/oci/registryClient.ts';
import { parseReference } from '../../src/core/oci/reference.ts';
import type { Credentials, Transport } from '../../src/core/oci/transport.ts';
import type { TrustSettings } from '../../src/core/policy/trustPolicy.ts';
import { Verifier } from '../../src/core/verification/verifier.ts';
import { NodeTransport } from './nodeTransport.ts';
import { startRegistry, type RegistryOptions, type TestRegistry } from './registry.ts';
import { never, SteppedClock } from './registryClient.ts';
import { parse, sha256, types, type RegistryStore, type StoredDescriptor } from './registryStore.ts';
import { bundleType, makeBundle, makeKey, simpleSigningType, type TestKey } from './signedImages.ts';

export const key = makeKey();
export const trust: TrustSettings = { keys: [{ name: 'release', reference: key.pem }], policies: [], problems: [] };

export interface Pair {
  readonly source: TestRegistry;
  readonly destination: TestRegistry;
  readonly engine: CopyEngine;
  readonly transport: Transport;
  close(): Promise<void>;
}

export interface PairOptions {
  readonly source?: RegistryOptions;
  readonly destination?: RegistryOptions;
  /** Host → login. */
  readonly logins?: (host: string, source: TestRegistry) => Credentials | undefined;
  /** Default: the smallest honest one, of the tests. */
  readonly transport?: Transport & { dispose(): Promise<void> };
}

/** Starts pairs for the tests of a file, and closes all of them after each test. */
export function usePairs(): (options?: PairOptions) => Promise<Pair> {
  const open: Pair[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((pair) => pair.close()));
  });
  return async (options = {}) => {
    const pair = await startPair(options);
    open.push(pair);
    return pair;
  };
}

export async function startPair(options: PairOptions = {}): Promise<Pair> {
  const source = await startRegistry(options.source);
  const destination = await startRegistry(options.destination);
  const plain = new NodeTransport();
  const transport: Transport = options.transport ?? plain;
  const clock = new SteppedClock();
  const base = {
    transport, clock, random: () => 0.5, rules: { allowsPlainHttp: () => true },
    keychain: { find: (host: string) => Promise.resolve(options.logins?.(host, source)) },
  };
  const reading = new RegistryClient(base);
  const keySource = { read: ({ reference }: { readonly reference: string }) => Promise.resolve(Buffer.from(reference)) };
  const verifier = new Verifier({ registry: reading, keySource, clock, tagLifetimeMs: 0 });
  const plainEngine = createCopyEngine(() => ({
    source: reading, destination: new RegistryClient({ ...base, actions: 'pull,push' }), clock, random: base.random, keySource,
    verify: (query, signal) => verifier.verify(query, signal),
  }));
  // As the composition root does: one signal is listened to by everything that is under way.
  const engine: CopyEngine = {
    ...plainEngine,
    plan: (request, signal) => { setMaxListeners(0, signal); return plainEngine.plan(request, signal); },
    copy: (plan, selection, copyOptions, onProgress, signal) => { setMaxListeners(0, signal); return plainEngine.copy(plan, selection, copyOptions, onProgress, signal); },
  };
  return {
    source, destination, engine, transport,
    close: async () => {
      plain.close();
      await options.transport?.dispose();
      await Promise.all([source.close(), destination.close()]);
    },
  };
}

export const planOf = ({ engine, source, destination }: Pair, from = 'team/app:1.0', to = 'mirror/app:1.0', signal: AbortSignal = never): Promise<CopyPlan> =>
  engine.plan({ source: parseReference(`${source.host}/${from}`), destination: parseReference(`${destination.host}/${to}`) }, signal);

export interface RunOptions extends Partial<CopyOptions> {
  readonly selection?: CopySelection;
  readonly from?: string;
  readonly to?: string;
  readonly onProgress?: (progress: CopyProgress) => void;
  readonly signal?: AbortSignal;
}

/** Plan and copy. */
export async function run(pair: Pair, { selection = {}, from, to, onProgress = () => undefined, signal = never, ...options }: RunOptions = {}): Promise<CopyResult> {
  return pair.engine.copy(await planOf(pair, from, to, signal), selection, { trust, ...options }, onProgress, signal);
}

/** A legacy signature (or, with `.att`, an attestation's layer) more under the tag of an image. */
export function addLayer(store: RegistryStore, repository: string, image: StoredDescriptor, by: TestKey = key, suffix: 'sig' | 'att' = 'sig', name = 'ghcr.io/team/app'): void {
  const payload = Buffer.from(JSON.stringify(suffix === 'sig'
    ? { critical: { identity: { 'docker-reference': name }, image: { 'docker-manifest-digest': image.digest }, type: 'cosign container image signature' }, optional: null }
    : { payloadType: 'application/vnd.in-toto+json', payload: `${image.digest} as ${name}`, signatures: [] }));
  const annotations = { 'dev.cosignproject.cosign/signature': suffix === 'sig' ? sign('sha256', payload, by.privateKey).toString('base64') : '' };
  const layer = { ...store.putBlob(repository, payload, suffix === 'sig' ? simpleSigningType : 'application/vnd.dsse.envelope.v1+json'), annotations };
  const tag = `${image.digest.replace(':', '-')}.${suffix}`;
  const before = store.manifest(repository, tag);
  const layers = [...before ? (JSON.parse(Buffer.from(before.bytes).toString()) as { layers: StoredDescriptor[] }).layers : [], layer];
  const config = store.putBlob(repository, { architecture: '', os: '', rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) }, history: layers.map(() => ({ created: '0001-01-01T00:00:00Z' })), config: {} }, types.config);
  store.putManifest(repository, tag, { schemaVersion: 2, mediaType: types.manifest, config, layers });
}

/** A bundle as a referrer; listed under the fallback tag where there is no API. */
export function addBundle(store: RegistryStore, repository: string, subject: StoredDescriptor, options: { readonly by?: TestKey; readonly native: boolean; readonly predicateType?: string }): StoredDescriptor {
  const { by = key, native, predicateType = 'https://sigstore.dev/cosign/sign/v1' } = options;
  const bundle = makeBundle(subject.digest as Digest, by, { annotations: { predicateType } });
  return addReferrer(store, repository, subject, bundle, bundleType, native, { 'dev.sigstore.bundle.content': 'dsse-envelope', 'dev.sigstore.bundle.predicateType': predicateType });
}

export function addReferrer(store: RegistryStore, repository: string, subject: StoredDescriptor, content: Uint8Array | string, artifactType: string, native: boolean, annotations: Record<string, string> = {}): StoredDescriptor {
  const { mediaType, size, digest } = subject;
  const referrer = store.putReferrer(repository, { mediaType, size, digest }, content, artifactType, annotations);
  if (!native) {
    const tag = digest.replace(':', '-');
    const before = store.manifest(repository, tag);
    const manifests = [...before ? (JSON.parse(Buffer.from(before.bytes).toString()) as { manifests: object[] }).manifests : [], { ...referrer, artifactType }];
    store.putManifest(repository, tag, { schemaVersion: 2, mediaType: types.index, manifests }, types.index);
  }
  return referrer;
}

export interface Everything {
  readonly top: StoredDescriptor;
  readonly children: ReadonlyMap<string, StoredDescriptor>;
  /** How many signatures of ours are valid. */
  readonly signatures: number;
}

/** An index in an index, two platforms, with every kind of proof on several levels. */
export function putEverything(store: RegistryStore, native: boolean, repository = 'team/app', tag = '1.0'): Everything {
  const { index: inner, children } = store.putIndex(repository, undefined, ['linux/amd64', 'linux/arm64']);
  const top = store.putManifest(repository, tag, { schemaVersion: 2, mediaType: types.index, manifests: [inner] }, types.index);
  for (const image of [top, ...children.values()]) {
    addLayer(store, repository, image);
    addBundle(store, repository, image, { native });
  }
  addLayer(store, repository, top, key, 'att');
  addBundle(store, repository, top, { native, predicateType: 'https://slsa.dev/provenance/v1' });
  const sbom = addReferrer(store, repository, inner, '{"spdxVersion":"SPDX-2.3"}', 'application/spdx+json', native);
  addBundle(store, repository, sbom, { native });
  addLayer(store, repository, sbom);
  const attached = store.putManifest(repository, `${inner.digest.replace(':', '-')}.sbom`, {
    schemaVersion: 2, mediaType: types.manifest, config: store.putBlob(repository, '{}', types.config), layers: [store.putBlob(repository, 'SPDXVersion: SPDX-2.2', 'text/spdx')],
  });
  addLayer(store, repository, attached);
  return { top, children, signatures: 10 };
}

/** An index over one platform, with a signature in each format. */
export function putSmall(store: RegistryStore, native: boolean, repository = 'team/app', tag = '1.0'): StoredDescriptor {
  const { index } = store.putIndex(repository, tag, ['linux/amd64']);
  addLayer(store, repository, index);
  addBundle(store, repository, index, { native });
  return index;
}

/** Every manifest and blob that a manifest names, itself included. @throws when one is not there */
export function closureOf(store: RegistryStore, repository: string, reference: string, found = new Set<string>()): ReadonlySet<string> {
  const manifest = store.manifest(repository, reference);
  assert.ok(manifest, `${repository} lacks the manifest ${reference}`);
  found.add(manifest.digest);
  assert.equal(sha256(manifest.bytes), manifest.digest);
  const json = parse(manifest.bytes) as { config?: StoredDescriptor; layers?: StoredDescriptor[]; manifests?: StoredDescriptor[]; subject?: StoredDescriptor };
  for (const { digest } of [...json.config ? [json.config] : [], ...json.layers ?? []]) {
    const bytes = store.repository(repository).blobs.get(digest);
    assert.ok(bytes, `${repository} lacks the blob ${digest}`);
    assert.equal(sha256(bytes), digest);
    found.add(digest);
  }
  for (const { digest } of json.manifests ?? []) closureOf(store, repository, digest, found);
  return found;
}

/** Everything in a repository that a tag leads to is there; a list of referrers lists nothing that is not. */
export function assertNoHoles(store: RegistryStore, repository: string): void {
  for (const tag of store.repository(repository).tags.keys()) closureOf(store, repository, tag);
}

/** A tag `sha256-<hex>` lists referrers of that digest and is never an image. */
export function assertOnlyFallbackIndexes(store: RegistryStore, repository: string): void {
  for (const [tag, digest] of store.repository(repository).tags) {
    const hex = /^sha256-([0-9a-f]{64})$/.exec(tag)?.[1];
    if (hex === undefined) continue;
    const entries = (parse(store.manifest(repository, digest)?.bytes ?? new Uint8Array()) as { manifests?: StoredDescriptor[] }).manifests ?? [];
    assert.notEqual(entries.length, 0, `${tag} is no list of referrers`);
    for (const entry of entries) {
      const subject = parse(store.manifest(repository, entry.digest)?.bytes ?? new Uint8Array())?.subject;
      assert.equal(subject?.digest, `sha256:${hex}`);
    }
  }
}

/** Everything of the source's repository but the fallback indexes, which depend on the registry. */
export function assertSameContent(from: RegistryStore, to: RegistryStore, fromRepository = 'team/app', toRepository = 'mirror/app'): void {
  const [a, b] = [from.repository(fromRepository), to.repository(toRepository)];
  const isFallback = (tag: string): boolean => /^sha256-[0-9a-f]{64}$/.test(tag);
  const lists = new Set([...a.tags].filter(([tag]) => isFallback(tag)).map(([, digest]) => digest));
  for (const [digest, { bytes, mediaType }] of a.manifests) {
    if (lists.has(digest) || isSuperseded(from, fromRepository, digest)) continue;
    assert.deepEqual(Buffer.from(b.manifests.get(digest)?.bytes ?? []), Buffer.from(bytes), `the manifest ${digest}`);
    assert.equal(b.manifests.get(digest)?.mediaType, mediaType);
  }
  for (const [tag, digest] of a.tags) if (!isFallback(tag)) assert.equal(b.tags.get(tag), digest, tag);
}

/** An earlier state of a tag that has moved on, which nothing leads to. */
function isSuperseded(store: RegistryStore, repository: string, digest: string): boolean {
  const { tags, manifests } = store.repository(repository);
  const named = [...manifests.values()].some(({ bytes }) => (parse(bytes) as { manifests?: StoredDescriptor[] }).manifests?.some((entry) => entry.digest === digest));
  return ![...tags.values()].includes(digest) && !named && parse(manifests.get(digest)?.bytes ?? new Uint8Array())?.subject === undefined;
}
