// Cuts a copy of a whole tree at any request, by closing real sockets under the product's own transport, and judges what is left behind.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UndiciTransport } from '../../src/node/undiciTransport.ts';
import { addBundle, addLayer, addReferrer, assertNoHoles, assertOnlyFallbackIndexes, assertSameContent, key, run, startPair, trust, type Pair } from './copyPair.ts';
import { testSettings } from './engine.ts';
import type { Fault, RegistryOptions } from './registry.ts';
import type { RegistryRequest } from './registryAnswer.ts';
import { types, type RegistryStore, type StoredDescriptor } from './registryStore.ts';
import { makeKey } from './signedImages.ts';

type Referrers = NonNullable<RegistryOptions['referrers']>;

/** From where to where; `within` one registry. */
export interface Route {
  readonly name: string;
  readonly source: Referrers;
  readonly destination: Referrers | 'within';
}

/** `before`: the request is not carried out; `after`: it is, and its answer is lost. The connection is closed either way. */
export type When = 'before' | 'after';

interface Prepared {
  readonly pair: Pair;
  readonly route: Route;
  readonly top: string;
  readonly old: string;
}

const other = makeKey();
const both = { ...trust, keys: [...trust.keys, { name: 'other', reference: other.pem }] };
const [from, to] = ['team/app', 'mirror/app'];

/**
 * An index over an image and an index over another one. Signatures in both formats on the whole and on one image, an attestation, an
 * SBOM under a tag, and a signed SBOM among the referrers of the image that is deepest.
 */
function putTree(store: RegistryStore, native: boolean): StoredDescriptor {
  const [amd64, arm64] = ['amd64', 'arm64'].map((architecture) => store.putImage(from, undefined, architecture, { os: 'linux', architecture })) as [StoredDescriptor, StoredDescriptor];
  const index = (tag: string | undefined, manifests: readonly object[]): StoredDescriptor => store.putManifest(from, tag, { schemaVersion: 2, mediaType: types.index, manifests }, types.index);
  const inner = index(undefined, [{ ...arm64, platform: { os: 'linux', architecture: 'arm64' } }]);
  const top = index('1.0', [{ ...amd64, platform: { os: 'linux', architecture: 'amd64' } }, inner]);
  for (const image of [top, amd64]) {
    addLayer(store, from, image);
    addBundle(store, from, image, { native });
  }
  addLayer(store, from, top, key, 'att');
  store.putManifest(from, `${inner.digest.replace(':', '-')}.sbom`, {
    schemaVersion: 2, mediaType: types.manifest, config: store.putBlob(from, '{}', types.config), layers: [store.putBlob(from, 'SPDXVersion: SPDX-2.2', 'text/spdx')],
  });
  const sbom = addReferrer(store, from, arm64, '{"spdxVersion":"SPDX-2.3"}', 'application/spdx+json', native);
  addBundle(store, from, sbom, { native });
  return top;
}

/** At the destination the tag is another image, and the image has a signature of somebody else's in each format. */
async function prepare(route: Route): Promise<Prepared> {
  const transport = new UndiciTransport({ version: '0.0.0', env: {}, homeDirectory: '/nonexistent', settings: testSettings, connectionsPerHost: 64 });
  const within = route.destination === 'within';
  const started = await startPair({ source: { referrers: route.source, strictOrder: true }, destination: { referrers: route.destination === 'within' ? route.source : route.destination, strictOrder: true }, transport });
  const pair = within ? { ...started, destination: started.source, close: () => started.close() } : started;
  const top = putTree(pair.source.store, route.source === 'native');
  const { store } = pair.destination;
  const old = store.putImage(to, '1.0', 'what was there before');
  addLayer(store, to, top, other);
  addBundle(store, to, top, { by: other, native: (within ? route.source : route.destination) === 'native' });
  return { pair, route, top: top.digest, old: old.digest };
}

const isWrite = ({ method }: Pick<RegistryRequest, 'method'>): boolean => method !== 'GET' && method !== 'HEAD';

/** The request with this number of those that fit is cut, and every one behind it. @returns whether it came to that */
function cutFrom({ pair }: Prepared, number: number, when: When): () => boolean {
  let [count, isDead] = [0, false];
  const intercept: Fault = (request, ordinary) => {
    if (isDead) return { status: 0, cut: 'before answer' };
    // What only reads is the same whether it was carried out or not.
    if (when === 'after' && !isWrite(request)) return undefined;
    if (count++ !== number) return undefined;
    isDead = true;
    if (when === 'after') ordinary();
    return { status: 0, cut: 'before answer' };
  };
  setIntercept(pair, intercept);
  return () => isDead;
}

function setIntercept({ source, destination }: Pair, intercept: Fault | undefined): void {
  for (const registry of new Set([source, destination])) registry.intercept = intercept;
}

const attempt = ({ pair, old }: Prepared): ReturnType<typeof run> => run(pair, { overwriteTag: old as never, trust: both });

function assertSound({ pair, top, old }: Prepared): string {
  const { source, destination: { store } } = pair;
  const tag = store.repository(to).tags.get('1.0');
  assert.ok(tag === old || tag === top, `the tag is ${tag ?? 'gone'}`);
  assertNoHoles(store, to);
  assertOnlyFallbackIndexes(store, to);
  if (tag === old) return tag;
  // The tag comes last, after everything that hangs on the image. What was added to the destination's own signatures is another manifest there.
  const { tags } = source.store.repository(from);
  const [name, signatures] = [`${top.replace(':', '-')}.sig`, tags.get(`${top.replace(':', '-')}.sig`)];
  tags.delete(name);
  assertSameContent(source.store, store, from, to);
  if (signatures !== undefined) tags.set(name, signatures);
  return tag;
}

async function assertCompletes(prepared: Prepared): Promise<void> {
  const { pair, top } = prepared;
  setIntercept(pair, undefined);
  const arrived = new Set(pair.destination.store.repository(to).blobs.keys());
  pair.destination.clearLog();
  const { digest, proof, sentBytes } = await attempt(prepared);
  const uploads = pair.destination.requests.filter(({ kind, method }) => kind === 'upload' && method === 'PUT').map(({ query }) => new URLSearchParams(query).get('digest') ?? '');
  assert.deepEqual(uploads.filter((each) => arrived.has(each)), [], 'a blob that had arrived was sent again');
  if (prepared.route.destination === 'within') assert.equal(sentBytes, 0);
  assert.deepEqual([digest, proof.holds, proof.incomplete, [...new Set(proof.signatures.map(({ state }) => state))]], [top, true, [], ['valid']]);
  assert.equal(proof.signatures.length, 5);
  assert.ok(proof.destination.kind === 'verified');
  // The destination's own are still there.
  assert.deepEqual(proof.destination.signatures.filter(({ signedBy }) => signedBy?.key === 'other').map(({ format }) => format).sort(), ['bundle', 'legacy']);
  assert.equal(assertSound(prepared), top);
}

/** The tests of one route. */
export function cutsOn(route: Route): void {
  describe(`a copy of everything ${route.name}`, () => {
    it('is completed by another after a cut before any request is carried out', async () => {
      assert.ok(await cutEverywhere(route, 'before') > 100);
    });
    it('is completed by another after a cut between any write and its answer', async () => {
      assert.ok(await cutEverywhere(route, 'after') > 20);
    });
  });
}

/** Cuts copies at one request after another, until one gets through. @returns how many did not */
async function cutEverywhere(route: Route, when: When): Promise<number> {
  for (let number = 0; ; number++) {
    const prepared = await prepare(route);
    try {
      const wasCut = cutFrom(prepared, number, when);
      const outcome = await attempt(prepared).then(({ proof }) => (proof.holds ? 'proven' : 'not proven'), () => 'failed');
      const tag = assertSound(prepared);
      // A proof that could not ask is none; and no copy is done before its tag is there.
      if (wasCut()) assert.notEqual(outcome, 'proven', `request ${number}`);
      if (outcome !== 'failed') assert.equal(tag, prepared.top);
      // Where only was read so far, another copy would be the first one.
      if (outcome !== 'failed' || prepared.pair.destination.requests.some(isWrite)) await assertCompletes(prepared);
      if (!wasCut()) return number;
    } finally {
      await prepared.pair.close();
    }
  }
}
