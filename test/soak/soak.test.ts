// Hours of bad weather in a short time: faults in three requests of ten over verifying, signing and copying, checked against what is known to be true.
import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { it } from 'node:test';
import { createCopyEngine } from '../../src/core/copy/createCopyEngine.ts';
import { CosignError } from '../../src/core/errors.ts';
import { importPrivateKey, type PrivateKey } from '../../src/core/crypto/privateKey.ts';
import { parseReference } from '../../src/core/oci/reference.ts';
import { RegistryClient } from '../../src/core/oci/registryClient.ts';
import type { Clock } from '../../src/core/oci/transport.ts';
import type { Verdict } from '../../src/core/policy/verdict.ts';
import { planSigning, signPlan, type FormatChoice } from '../../src/core/signing/signImage.ts';
import { Verifier } from '../../src/core/verification/verifier.ts';
import { UndiciTransport } from '../../src/node/undiciTransport.ts';
import { Random } from '../hostile/random.ts';
import { addBundle, addLayer, assertNoHoles, assertOnlyFallbackIndexes } from '../support/copyPair.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { makeKey } from '../support/signedImages.ts';
import { Weather } from './weather.ts';

/** `node test/run.mjs soak --seconds 3600 --seed 7` for a long one, or one again. */
const seconds = Number(process.env['COUNTERSIGN_SECONDS'] ?? 15);
const seed = Number(process.env['COUNTERSIGN_SEED'] ?? 20260102);
const workers = 4;
const never = new AbortController().signal;
setMaxListeners(0, never);

const [release, stranger] = [makeKey(), makeKey()];
const releaseKey: PrivateKey = importPrivateKey(Buffer.from(release.privateKey.export({ type: 'pkcs8', format: 'pem' })));
const trust = { keys: [{ name: 'release', reference: release.pem }], policies: [], problems: [] };

/** Pauses between attempts are what makes such a test long; they pass at once. */
const clock: Clock & { passedMs: number } = {
  passedMs: 0,
  now: () => 1_767_323_045_000 + clock.passedMs,
  sleep: async (ms, signal) => {
    signal.throwIfAborted();
    clock.passedMs += ms;
    await new Promise((done) => { setImmediate(done); });
  },
};

interface World {
  readonly source: TestRegistry;
  readonly mirror: TestRegistry;
  readonly weather: Weather;
  readonly client: RegistryClient;
  readonly verifier: Verifier;
  readonly counts: Map<string, number>;
}

const keySource = { read: ({ reference }: { readonly reference: string }) => Promise.resolve(Buffer.from(reference)) };
const newVerifier = (client: RegistryClient): Verifier => new Verifier({ registry: client, keySource, clock, tagLifetimeMs: 0 });
const look = (verifier: Verifier, image: string, fresh = true): Promise<Verdict> => verifier.verify({ reference: parseReference(image), trust, fresh }, never);

/** Every signature there is, by format, key and fate. */
const fates = (verdict: Verdict): readonly string[] => ('signatures' in verdict ? verdict.signatures.map(({ format, signedBy, fault }) => `${format} ${signedBy?.key ?? fault ?? ''}`).sort() : []);
const count = ({ counts }: World, what: string): void => { counts.set(what, (counts.get(what) ?? 0) + 1); };
const said = (verdict: Verdict): string => (verdict.kind === 'unchecked' ? `unchecked (${verdict.reason.code})` : verdict.kind);

async function inWeather<T>(work: () => Promise<T>): Promise<T | CosignError> {
  try {
    return await work();
  } catch (error) {
    assert.ok(error instanceof CosignError && error.code !== 'INTERNAL', String(error));
    return error;
  }
}

function put(world: World, registry: TestRegistry, repository: string, tag: string, random: Random): { readonly truth: string; readonly signed: readonly string[] } {
  const native = registry === world.source;
  const image = registry.store.putImage(repository, tag);
  const signed: string[] = [];
  for (const [name, key] of [['release', release], ['other-key', stranger]] as const) {
    if (random.below(3) === 0) {
      addLayer(registry.store, repository, image, key);
      signed.push(`legacy ${name}`);
    }
    if (random.below(3) === 0) {
      addBundle(registry.store, repository, image, { by: key, native });
      signed.push(`bundle ${name}`);
    }
  }
  return { truth: signed.some((what) => what.endsWith('release')) ? 'verified' : signed.length > 0 ? 'untrusted' : 'unsigned', signed: signed.sort() };
}

/** One image's life: verified, signed, copied, and looked at again when the sky is clear. */
async function round(stormy: World, clear: World, repository: string, tag: string, random: Random): Promise<void> {
  const registry = random.below(2) === 0 ? stormy.source : stormy.mirror;
  const { truth, signed } = put(stormy, registry, repository, tag, random);
  const image = `${registry.host}/${repository}:${tag}`;

  for (let n = 0; n < 3; n++) {
    const verdict = await look(stormy.verifier, image, n > 0);
    assert.ok(verdict.kind === 'unchecked' || verdict.kind === truth, `${image} is ${truth} and was called ${said(verdict)}`);
    if (verdict.kind === 'unchecked') assert.notEqual(verdict.reason.code, 'INTERNAL', verdict.reason.message);
    count(stormy, verdict.kind);
  }

  const format: FormatChoice = (['legacy', 'bundle', 'both'] as const)[random.below(3)] ?? 'both';
  const done = await inWeather(async () => {
    const context = { registry: stormy.client, clock, random: () => random.next() };
    const plan = await planSigning(stormy.client, { reference: parseReference(image), format, recursive: false }, never);
    return signPlan(context, plan, { key: releaseKey, annotations: { round: tag }, dockerMediaTypes: false }, () => undefined, never);
  });
  count(stormy, done instanceof CosignError ? 'signing failed' : 'signed');
  const after = await look(clear.verifier, image);
  const now = fates(after);
  const wanted = done instanceof CosignError ? signed : [...signed, ...(format === 'both' ? ['legacy', 'bundle'] : [format]).map((one) => `${one} release`)];
  for (const what of new Set(wanted)) {
    const [had, has] = [wanted, now].map((list) => list.filter((one) => one === what).length);
    assert.ok((has ?? 0) >= (had ?? 0), `${image}: "${what}" was lost; there were ${wanted.join(', ')} and are ${now.join(', ')}`);
  }
  assertNoHoles(registry.store, repository);

  if (registry !== stormy.source) return;
  const copying = createCopyEngine(() => ({ source: stormy.client, destination: stormy.client, clock, random: () => 0.5, keySource, verify: (query, signal) => clear.verifier.verify(query, signal) }));
  const target = `${stormy.mirror.host}/copy/${repository}:${tag}`;
  const copied = await inWeather(async () => {
    const plan = await copying.plan({ source: parseReference(image), destination: parseReference(target) }, never);
    return copying.copy(plan, {}, { trust }, () => undefined, never);
  });
  const { store } = stormy.mirror;
  if (store.has(`copy/${repository}`)) {
    assertNoHoles(store, `copy/${repository}`);
    assertOnlyFallbackIndexes(store, `copy/${repository}`);
  }
  count(stormy, copied instanceof CosignError ? 'copying failed' : 'copied');
  if (copied instanceof CosignError) return;
  const there = await look(clear.verifier, target);
  if (copied.proof.holds) assert.deepEqual(fates(there), now, 'the copy is proven and is another');
}

const resources = (): Readonly<Record<string, number>> => {
  const found: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) if (/TCP|TLS|Timeout|Pipe/.test(name)) found[name] = (found[name] ?? 0) + 1;
  return found;
};

it('in bad weather no verdict is wrong, no signature is lost and nothing is left open', { timeout: (seconds + 220) * 1000 }, async (test) => {
  const rejections: unknown[] = [];
  const remember = (reason: unknown): void => { rejections.push(reason); };
  process.on('unhandledRejection', remember);
  const before = resources();
  const weather = new Weather(seed);
  const [source, mirror] = [await startRegistry(), await startRegistry({ referrers: 'router 404' })];
  const options = { version: '0.0.0', env: {}, settings: { insecureRegistries: [], certificateAuthorities: {}, noProxy: [], proxyStrictSSL: true, timeoutMs: 400 } };
  const [transport, clearTransport] = [new UndiciTransport(options), new UndiciTransport({ ...options, settings: { ...options.settings, timeoutMs: 30_000 } })];
  const base = { keychain: { find: () => Promise.resolve(undefined) }, rules: { allowsPlainHttp: () => true }, clock, random: () => 0.5 };
  // The clear world's requests say so, and are left alone.
  const marked = { send: (request: Parameters<UndiciTransport['send']>[0], signal: AbortSignal) => clearTransport.send({ ...request, headers: { ...request.headers, 'x-sky': 'clear' } }, signal) };
  const client = new RegistryClient({ ...base, transport, actions: 'pull,push' });
  const clearClient = new RegistryClient({ ...base, transport: marked });
  for (const registry of [source, mirror]) registry.intercept = (request, ordinary) => (request.headers['x-sky'] === 'clear' ? undefined : weather.fault(request, ordinary));
  weather.percent = 30;
  const counts = new Map<string, number>();
  const stormy: World = { source, mirror, weather, client, verifier: newVerifier(client), counts };
  const clear: World = { ...stormy, client: clearClient, verifier: newVerifier(clearClient) };
  let rounds = 0;
  const end = performance.now() + seconds * 1000;
  try {
    await Promise.all(Array.from({ length: workers }, async (_, worker) => {
      const random = new Random(seed + worker);
      for (let n = 0; n < 8 || performance.now() < end; n++) {
        rounds++;
        await round(stormy, clear, `${n % 2 === 0 ? 'mild' : 'wild'}/app${worker}x${n}`, `r${n}`, random);
      }
    }));
  } finally {
    test.diagnostic(`» soak with --seed ${seed}: ${rounds} rounds, ${weather.requests} requests in bad weather; ${[...counts].map(([what, times]) => `${what} ${times}`).join(', ')}; faults: ${[...weather.spoiled].map(([what, times]) => `${what} ${times}`).join(', ')}`);
    await Promise.all([transport.dispose(), clearTransport.dispose()]);
    await Promise.all([source.close(), mirror.close()]);
  }
  for (let turn = 0; turn < 500 && JSON.stringify(resources()) !== JSON.stringify(before); turn++) await new Promise((done) => { setImmediate(done); });
  assert.deepEqual(resources(), before);
  process.off('unhandledRejection', remember);
  assert.deepEqual(rejections, []);
  const spoiled = [...weather.spoiled.values()].reduce((sum, times) => sum + times, 0);
  assert.ok(spoiled > weather.requests / 5, `${spoiled} of ${weather.requests} requests were spoiled`);
  for (const what of ['verified', 'unchecked', 'signed', 'signing failed', 'copied', 'copying failed']) assert.ok(counts.has(what), `never ${what}`);
});
