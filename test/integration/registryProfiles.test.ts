// Every registry as it is: what is signed there is verified, what is not is unsigned, and signing and copying work, with its logins and its habits.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { createCopyEngine } from '../../src/core/copy/createCopyEngine.ts';
import type { CopyEngine } from '../../src/core/copyEngine.ts';
import { CosignError } from '../../src/core/errors.ts';
import { parseReference } from '../../src/core/oci/reference.ts';
import { RegistryClient } from '../../src/core/oci/registryClient.ts';
import type { TrustSettings } from '../../src/core/policy/trustPolicy.ts';
import type { Verdict } from '../../src/core/policy/verdict.ts';
import type { SigningEngine } from '../../src/core/signingEngine.ts';
import { Verifier } from '../../src/core/verification/verifier.ts';
import { createKeySource } from '../../src/node/keySource.ts';
import { createSigningEngine } from '../../src/signing.ts';
import { addBundle, addLayer, key, trust } from '../support/copyPair.ts';
import { either, on, status, webPage } from '../support/faults.ts';
import { ProfileTransport, profileFault, profiles, type RegistryProfile } from '../support/registryProfiles.ts';
import { never, SteppedClock } from '../support/registryClient.ts';
import { startRegistry, type Fault, type TestRegistry } from '../support/registry.ts';

const fixture = (name: string): string => resolve('test/fixtures/keys', name);
const release = { name: 'release', reference: fixture('p256.key') };
const releaseTrust: TrustSettings = { keys: [{ name: 'release', reference: readFileSync(fixture('p256.pub'), 'utf8') }], policies: [], problems: [] };

interface Scene {
  readonly registry: TestRegistry;
  readonly signing: SigningEngine;
  readonly copying: CopyEngine;
  readonly verify: (tag: string, trusted?: TrustSettings) => Promise<Verdict>;
}

async function at(profile: RegistryProfile, use: (scene: Scene) => Promise<void>, { anonymous = false, fault }: { readonly anonymous?: boolean; readonly fault?: Fault } = {}): Promise<void> {
  const registry = await startRegistry({ ...profile.options, ...(profile.realm === undefined || profile.options.auth?.kind !== 'bearer' ? {} : { auth: { ...profile.options.auth, realm: profile.realm } }) });
  registry.intercept = fault ? either(fault, profileFault(profile)) : profileFault(profile);
  const transport = new ProfileTransport(profile, registry);
  const clock = new SteppedClock();
  const base = {
    transport, clock, random: () => 0.5, rules: { allowsPlainHttp: () => false },
    keychain: { find: () => Promise.resolve(anonymous ? undefined : profile.login) },
  };
  const client = new RegistryClient(base);
  const keySource = createKeySource({ transport, env: {}, homeDirectory: '/nonexistent' });
  const verifier = new Verifier({ registry: client, keySource, clock, tagLifetimeMs: 0 });
  const signing = createSigningEngine({ registry: () => client, clock, random: base.random, keySource: () => keySource });
  const copying = createCopyEngine(() => ({
    source: client, destination: new RegistryClient({ ...base, actions: 'pull,push' }), clock, random: base.random, keySource,
    verify: (query, signal) => verifier.verify(query, signal),
  }));
  try {
    await use({ registry, signing, copying, verify: (tag, trusted = trust) => verifier.verify({ reference: parseReference(`${profile.image}:${tag}`), trust: trusted, fresh: true }, never) });
    assert.deepEqual(transport.leaks, []);
  } finally {
    signing.lock();
    transport.close();
    await registry.close();
  }
}

const hasApi = ({ options: { referrers = 'native' } }: RegistryProfile): boolean => referrers === 'native';
const codeOf = (verdict: Verdict): string => (verdict.kind === 'unchecked' ? verdict.reason.code : verdict.kind);

for (const profile of profiles) {
  describe(profile.name, () => {
    for (const anonymous of profile.isPublic ? [false, true] : [false]) {
      it(`says who signed${anonymous ? ', to everybody' : ''}`, () => at(profile, async ({ registry: { store }, verify }) => {
        const { repository } = profile;
        addLayer(store, repository, store.putImage(repository, 'legacy'));
        addBundle(store, repository, store.putImage(repository, 'bundle'), { native: hasApi(profile) });
        store.putImage(repository, 'unsigned');
        const formats = async (tag: string): Promise<unknown> => {
          const verdict = await verify(tag);
          return verdict.kind === 'verified' ? verdict.signatures.map(({ format }) => format) : codeOf(verdict);
        };
        assert.deepEqual([await formats('legacy'), await formats('bundle'), await formats('unsigned')], [['legacy'], ['bundle'], 'unsigned']);
        assert.equal(codeOf(await verify('nowhere')), 'IMAGE_NOT_FOUND');
      }, { anonymous }));
    }

    it('takes signatures in both formats, and they are verified', () => at(profile, async ({ registry: { store }, signing, verify }) => {
      store.putImage(profile.repository, '1.0');
      await signing.unlock(release, 'fixture password', 600_000, never);
      const plan = await signing.planImage({ reference: parseReference(`${profile.image}:1.0`), format: 'both', recursive: false }, never);
      const signed = await signing.signImage({ plan, key: release, annotations: {}, dockerMediaTypes: false }, () => undefined, never);
      assert.deepEqual(signed.map(({ format }) => format).sort(), ['bundle', 'legacy']);
      const verdict = await verify('1.0', releaseTrust);
      assert.ok(verdict.kind === 'verified', JSON.stringify(verdict));
      assert.deepEqual(verdict.signatures.map(({ format }) => format).sort(), ['bundle', 'legacy']);
    }));

    it('takes a copy with its signatures, which is verified', () => at(profile, async ({ registry: { store }, copying }) => {
      const { repository, image } = profile;
      const pushed = store.putImage(repository, '1.0');
      addLayer(store, repository, pushed);
      addBundle(store, repository, pushed, { native: hasApi(profile) });
      const plan = await copying.plan({ source: parseReference(`${image}:1.0`), destination: parseReference(`${image}:2.0`) }, never);
      const { digest, proof } = await copying.copy(plan, {}, { trust }, () => undefined, never);
      assert.deepEqual([digest, proof.holds, proof.destination.kind], [pushed.digest, true, 'verified']);
    }));

    it('is not believed to have nothing when a web page, a refusal or an outage comes in place of the signatures', async () => {
      for (const [fault, code] of [
        [on('GET referrers', webPage()), 'REGISTRY_RESPONSE_INVALID'], [on('GET referrers', status(403, 'DENIED')), 'REGISTRY_DENIED'],
        [on('GET referrers', status(429, 'TOOMANYREQUESTS')), 'REGISTRY_RATE_LIMITED'], [on('GET referrers', status(503)), 'REGISTRY_UNAVAILABLE'],
      ] as const) {
        await at(profile, async ({ registry: { store }, verify }) => {
          addBundle(store, profile.repository, store.putImage(profile.repository, 'bundle'), { native: true });
          store.putImage(profile.repository, 'unsigned');
          assert.deepEqual([codeOf(await verify('bundle')), codeOf(await verify('unsigned'))], [code, code]);
        }, { fault });
      }
    });
  });
}

describe('Docker Hub', () => {
  const [hub] = profiles;
  assert.ok(hub);

  it('has one canonical name for all its aliases', () => {
    const names = ['app', 'library/app', 'docker.io/app', 'docker.io/library/app', 'index.docker.io/library/app', 'registry-1.docker.io/library/app'];
    assert.deepEqual([...new Set(names.map((name) => { const { registry, repository } = parseReference(name); return `${registry}/${repository}`; }))], ['index.docker.io/library/app']);
  });

  it('asks for a manifest by HEAD, which is not counted, before any GET', () => at(hub, async ({ registry, verify }) => {
    registry.store.putImage('library/app', 'unsigned');
    await verify('unsigned');
    assert.deepEqual([...new Set(registry.requests.filter(({ target }) => target === 'unsigned').map(({ method }) => method))], ['HEAD']);
  }));

  it('says how much of its limit is left when it refuses', () => at(hub, async ({ registry, verify }) => {
    registry.store.putImage('library/app', '1.0');
    const verdict = await verify('1.0');
    assert.ok(verdict.kind === 'unchecked' && verdict.reason instanceof CosignError, JSON.stringify(verdict));
    assert.equal(verdict.reason.code, 'REGISTRY_RATE_LIMITED');
    assert.match(verdict.reason.message, /0 of 100 requests in 6 h are left/);
  }, { fault: on('manifest', status(429, 'TOOMANYREQUESTS', { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600' })) }));
});

describe('ECR', () => {
  it('is not asked to make a repository that must be there before', () => {
    const ecr = profiles.find(({ name }) => name === 'ECR');
    assert.ok(ecr);
    return at(ecr, async ({ registry: { store }, copying }) => {
      addLayer(store, 'app', store.putImage('app', '1.0'), key);
      const destination = parseReference(`${ecr.apiHost}/other:1.0`);
      await assert.rejects(async () => copying.copy(await copying.plan({ source: parseReference(`${ecr.image}:1.0`), destination }, never), {}, { trust }, () => undefined, never), (error) => error instanceof CosignError && error.code === 'REGISTRY_DENIED');
    });
  });
});
