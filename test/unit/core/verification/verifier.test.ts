import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { CosignError, type ErrorCode } from '../../../../src/core/errors.ts';
import { said } from '../../../../src/core/said.ts';
import type { Descriptor } from '../../../../src/core/oci/manifest.ts';
import { parseReference } from '../../../../src/core/oci/reference.ts';
import type { DemandRule, PolicyFile, SignerRule } from '../../../../src/core/policy/demand.ts';
import { parseKeys, parsePolicies } from '../../../../src/core/policy/parseTrust.ts';
import type { TrustPolicy } from '../../../../src/core/policy/trustPolicy.ts';
import type { Verdict } from '../../../../src/core/policy/verdict.ts';
import type { RegistryReader } from '../../../../src/core/verification/registryReader.ts';
import { findLimits } from '../../../../src/core/verification/signatureFinder.ts';
import { signaturesLifetimeMs, Verifier } from '../../../../src/core/verification/verifier.ts';
import { bundleType, indexType, makeKey, manifestType, MemoryRegistry, putImage, sha256, signBundle, signLegacy, type Operation } from '../../../support/signedImages.ts';

const [release, team, stranger] = [makeKey(), makeKey(), makeKey()];
const name = 'localhost:5000/demo/app';
const tagLifetimeMs = 60_000;

let registry: MemoryRegistry;
let verifier: Verifier;
let now: number;
let image: Descriptor;

beforeEach(() => {
  now = 1_000_000;
  registry = new MemoryRegistry();
  verifier = makeVerifier(registry);
  image = putImage(registry, '1.0');
});

function makeVerifier(reader: RegistryReader): Verifier {
  return new Verifier({
    registry: reader, tagLifetimeMs, clock: { now: () => now, sleep: () => Promise.resolve() },
    keySource: { read: ({ reference }) => (reference === 'unreadable' ? Promise.reject(new CosignError('KEY_UNREADABLE', said`gone`)) : Promise.resolve(Buffer.from(reference))) },
  });
}

interface Asked { readonly checkClaims?: boolean; readonly keys?: Readonly<Record<string, string>>; readonly policies?: unknown; readonly platform?: string; readonly fresh?: boolean; readonly signal?: AbortSignal; readonly with?: Verifier }

function ask(text: string, options: Asked = {}): Promise<Verdict> {
  const keys = parseKeys(options.keys ?? { release: release.pem });
  const policies = parsePolicies(options.policies, new Set(keys.values.map((key) => key.name)));
  return (options.with ?? verifier).verify({
    reference: parseReference(text), fresh: options.fresh ?? false, trust: { keys: keys.values, policies: policies.values, problems: [...keys.problems, ...policies.problems] },
    ...(options.platform === undefined ? {} : { platform: options.platform }), ...(options.checkClaims === undefined ? {} : { checkClaims: options.checkClaims }),
  }, options.signal ?? new AbortController().signal);
}

const fates = (verdict: Verdict): unknown => ('signatures' in verdict ? verdict.signatures.map(({ format, store, signedBy, fault }) => [format, store, signedBy?.key ?? fault]) : verdict);
const codeOf = (verdict: Verdict): string => (verdict.kind === 'unchecked' ? verdict.reason.code : verdict.kind);
const calls = (...operations: readonly Operation[]): number => registry.calls.filter((call) => operations.includes(call)).length;

describe('the verdict of an image', () => {
  it('is verified with a legacy signature by a trusted key', async () => {
    signLegacy(registry, image.digest, release);
    const verdict = await ask(`${name}:1.0`);
    assert.deepEqual(fates(verdict), [['legacy', 'signature tag', 'release']]);
    assert.ok(verdict.kind === 'verified' && verdict.digest === image.digest && verdict.decidedBy === image.digest && verdict.checkedAt === now);
  });

  it('is verified with a bundle from the referrers API', async () => {
    signBundle(registry, image, release);
    assert.deepEqual(fates(await ask(`${name}:1.0`)), [['bundle', 'referrers API', 'release']]);
  });

  for (const api of ['unsupported on host', 'unsupported in repository'] as const) {
    it(`is verified with a bundle from the fallback tag when referrers are ${api}`, async () => {
      registry.referrersApi = api;
      signBundle(registry, image, release);
      const verdict = await ask(`${name}:1.0`);
      assert.equal(verdict.kind, 'verified');
      assert.deepEqual(fates(verdict), [['bundle', 'referrers tag', 'release']]);
    });
  }

  it('is unsigned only after every place was looked at', async () => {
    assert.equal((await ask(`${name}:1.0`)).kind, 'unsigned');
    assert.deepEqual([calls('signature tag'), calls('referrers'), calls('referrers tag')], [1, 1, 1]);
  });

  it('is unsigned on a registry without referrers only after its API was asked for this very digest', async () => {
    registry.referrersApi = 'unsupported on host';
    assert.equal((await ask(`${name}:1.0`)).kind, 'unsigned');
    assert.equal(calls('referrers'), 1);
  });

  it('is verified when the probe was wrong about the host and the signature is in its API', async () => {
    registry.probe = 'unsupported on host';
    signBundle(registry, image, release);
    assert.equal((await ask(`${name}:1.0`)).kind, 'verified');
  });

  it('is verified from the fallback tag when the API answers with an empty list', async () => {
    signBundle(registry, image, release, { where: 'tag' });
    assert.deepEqual(fates(await ask(`${name}:1.0`)), [['bundle', 'referrers tag', 'release']]);
  });

  it('is untrusted when others signed it', async () => {
    signLegacy(registry, image.digest, stranger);
    signBundle(registry, image, stranger);
    const verdict = await ask(`${name}:1.0`);
    assert.equal(verdict.kind, 'untrusted');
    assert.deepEqual(fates(verdict), [['legacy', 'signature tag', 'other-key'], ['bundle', 'referrers API', 'other-key']]);
  });

  it('is verified when one of many signatures passes, and all are reported', async () => {
    for (const key of [stranger, team, release]) signLegacy(registry, image.digest, key);
    const verdict = await ask(`${name}:1.0`);
    assert.equal(verdict.kind, 'verified');
    assert.deepEqual(fates(verdict), [['legacy', 'signature tag', 'other-key'], ['legacy', 'signature tag', 'other-key'], ['legacy', 'signature tag', 'release']]);
  });

  it('is untrusted when a trusted key signed another digest under its tag', async () => {
    signLegacy(registry, image.digest, release, { claim: sha256('other') });
    signBundle(registry, image, release, { claim: sha256('other') });
    assert.deepEqual(fates(await ask(`${name}:1.0`)), [['legacy', 'signature tag', 'wrong-digest'], ['bundle', 'referrers API', 'wrong-digest']]);
  });

  it('without claims takes a legacy signature for whatever digest it was made, a bundle for its own only, and is not remembered for those who ask with claims', async () => {
    signLegacy(registry, image.digest, release, { claim: sha256('other') });
    signBundle(registry, image, release, { claim: sha256('other') });
    assert.equal((await ask(`${name}:1.0`)).kind, 'untrusted');
    const without = await ask(`${name}:1.0`, { checkClaims: false });
    assert.equal(without.kind, 'verified');
    assert.deepEqual(fates(without), [['legacy', 'signature tag', 'release'], ['bundle', 'referrers API', 'wrong-digest']]);
    assert.equal((await ask(`${name}:1.0`)).kind, 'untrusted');
    assert.equal((await ask(`${name}:1.0`, { checkClaims: false, keys: { other: stranger.pem } })).kind, 'untrusted', 'the signature itself is checked all the same');
  });

  it('brings the signed bytes along for legacy signatures that count, and for no others', async () => {
    for (const key of [stranger, release]) signLegacy(registry, image.digest, key);
    signBundle(registry, image, release);
    const verdict = await ask(`${name}:1.0`);
    assert.ok(verdict.kind === 'verified');
    assert.deepEqual(verdict.signatures.map(({ format, signedBy, payload }) => [format, signedBy !== undefined, payload !== undefined]), [['legacy', false, false], ['legacy', true, true], ['bundle', true, false]]);
  });

  it('does not depend on the repository named in the payload', async () => {
    signLegacy(registry, image.digest, release, { repository: 'ghcr.io/somewhere/else' });
    const verdict = await ask(`${name}:1.0`);
    assert.ok(verdict.kind === 'verified' && verdict.signatures[0]?.identity === 'ghcr.io/somewhere/else');
  });

  it('ignores a referrer whose subject is another image', async () => {
    signBundle(registry, image, release, { subject: sha256('other') });
    assert.equal((await ask(`${name}:1.0`)).kind, 'unsigned');
  });

  it('takes an image under the fallback tag for no list of referrers', async () => {
    registry.referrersApi = 'unsupported on host';
    registry.tags.set(image.digest.replace(':', '-'), registry.tags.get('1.0')!);
    assert.equal((await ask(`${name}:1.0`)).kind, 'unsigned');
  });

  it('counts referrers that are no signatures as nothing', async () => {
    registry.addReferrer(image.digest, { schemaVersion: 2, mediaType: manifestType, config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: sha256('{}'), size: 2 }, layers: [{ mediaType: 'application/spdx+json', digest: sha256('s'), size: 1 }], subject: image, artifactType: 'application/spdx+json' });
    assert.equal((await ask(`${name}:1.0`)).kind, 'unsigned');
  });

  it('is unchecked when the image is not there, by tag and by digest', async () => {
    assert.equal(codeOf(await ask(`${name}:2.0`)), 'IMAGE_NOT_FOUND');
    assert.equal(codeOf(await ask(`${name}@${sha256('nowhere')}`)), 'IMAGE_NOT_FOUND');
  });

  it('is unchecked when a listed referrer is gone', async () => {
    signBundle(registry, image, release);
    for (const { digest } of registry.referrerLists.get(image.digest) ?? []) registry.tags.delete(digest);
    assert.equal(codeOf(await ask(`${name}:1.0`)), 'MANIFEST_INVALID');
  });

  for (const where of ['API', 'tag'] as const) {
    it(`is unchecked when a referrer has a digest that is not read, by ${where}, and verified when another signs it`, async () => {
      const other = { mediaType: manifestType, size: 1, digest: `sha512:${'0'.repeat(128)}` };
      if (where === 'API') registry.otherDigests = [other.digest];
      else {
        registry.referrersApi = 'unsupported on host';
        registry.put(Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [other] })), indexType, image.digest.replace(':', '-'));
      }
      assert.equal(codeOf(await ask(`${name}:1.0`)), 'MANIFEST_INVALID');
      signBundle(registry, image, release);
      assert.equal((await ask(`${name}:1.0`, { fresh: true })).kind, 'verified');
    });
  }

  it('is unchecked when there are more referrers than are read and none of those passes', async () => {
    for (let n = 0; n <= findLimits.referrers; n++) signBundle(registry, image, stranger);
    assert.equal(codeOf(await ask(`${name}:1.0`)), 'COUNT_LIMIT');
  });

  it('is unchecked when a signature manifest cannot be read', async () => {
    registry.put(Buffer.from('{"schemaVersion":2,'), manifestType, `${image.digest.replace(':', '-')}.sig`);
    assert.equal(codeOf(await ask(`${name}:1.0`)), 'MANIFEST_INVALID');
  });
});

describe('keys and policies', () => {
  it('no key at all is unchecked without any request', async () => {
    assert.equal(codeOf(await ask(`${name}:1.0`, { keys: {} })), 'SETTING_INVALID');
    assert.deepEqual(registry.calls, []);
  });

  it('an image no policy covers is uncovered without any request', async () => {
    assert.equal((await ask(`${name}:1.0`, { policies: [{ images: ['ghcr.io/**'], keys: ['release'] }] })).kind, 'uncovered');
    assert.deepEqual(registry.calls, []);
  });

  it('a policy that cannot be read makes every image unchecked', async () => {
    signLegacy(registry, image.digest, release);
    assert.equal(codeOf(await ask(`${name}:1.0`, { policies: [{ images: ['ghcr.io/**'], keys: ['release'], oops: 1 }] })), 'POLICY_INVALID');
  });

  it('with only an unreadable key nothing is asked and nothing said', async () => {
    assert.equal(codeOf(await ask(`${name}:1.0`, { keys: { release: 'unreadable' } })), 'KEY_UNREADABLE');
    assert.deepEqual(registry.calls, []);
  });

  it('with an unreadable key a foreign signature is unchecked, not untrusted; a good one is verified; none is unsigned', async () => {
    const keys = { release: release.pem, team: 'unreadable' };
    assert.equal((await ask(`${name}:1.0`, { keys })).kind, 'unsigned');
    verifier.forget();
    signLegacy(registry, image.digest, stranger);
    assert.equal(codeOf(await ask(`${name}:1.0`, { keys })), 'KEY_UNREADABLE');
    verifier.forget();
    signLegacy(registry, image.digest, release);
    assert.equal((await ask(`${name}:1.0`, { keys })).kind, 'verified');
  });

  it('every policy that covers the image must be satisfied', async () => {
    const keys = { release: release.pem, team: team.pem };
    const policies = [{ name: 'a', images: ['**'], keys: ['release'] }, { name: 'b', images: ['localhost:5000/**'], keys: ['team'] }];
    signLegacy(registry, image.digest, release);
    const half = await ask(`${name}:1.0`, { keys, policies });
    assert.ok(half.kind === 'untrusted');
    assert.deepEqual(half.policies.map(({ policy, satisfied }) => [policy, satisfied]), [['a', true], ['b', false]]);
    verifier.forget();
    signBundle(registry, image, team);
    assert.equal((await ask(`${name}:1.0`, { keys, policies })).kind, 'verified');
  });

  it('a key trusted for other images does not count for this one', async () => {
    signLegacy(registry, image.digest, team);
    const verdict = await ask(`${name}:1.0`, { keys: { release: release.pem, team: team.pem }, policies: [{ images: ['localhost:5000/**'], keys: ['release'] }, { images: ['ghcr.io/**'], keys: ['team'] }] });
    assert.equal(verdict.kind, 'untrusted');
  });

  it('a required annotation must be in one signature together with the right key', async () => {
    const policies = [{ images: ['**'], keys: ['release'], annotations: { env: 'prod' } }];
    signLegacy(registry, image.digest, release, { annotations: { env: 'dev' } });
    signLegacy(registry, image.digest, stranger, { annotations: { env: 'prod' } });
    const verdict = await ask(`${name}:1.0`, { policies });
    assert.equal(verdict.kind, 'untrusted');
    assert.deepEqual(fates(verdict), [['legacy', 'signature tag', 'annotations'], ['legacy', 'signature tag', 'other-key']]);
    verifier.forget();
    signBundle(registry, image, release, { annotations: { env: 'prod' } });
    assert.equal((await ask(`${name}:1.0`, { policies })).kind, 'verified');
  });

  it('a changed key set is judged anew from what is remembered, without a request', async () => {
    signLegacy(registry, image.digest, team);
    const byDigest = `${name}@${image.digest}`;
    assert.equal((await ask(byDigest)).kind, 'untrusted');
    registry.calls.length = 0;
    assert.equal((await ask(byDigest, { keys: { team: team.pem } })).kind, 'verified');
    assert.deepEqual(registry.calls.filter((call) => call !== 'probe'), []);
  });
});

describe('signatures in another repository', () => {
  const elsewhere = { registry: 'localhost:5000', repository: 'signatures' };
  let other: MemoryRegistry;
  const askThere = (policyPlace: boolean, besideImage = false): Promise<Verdict> => {
    const keys = parseKeys({ release: release.pem }).values;
    const rule = { kind: 'signers', keys, threshold: 1, annotations: {}, ...(policyPlace ? { repository: elsewhere } : {}) } as const;
    return verifier.verify({
      reference: parseReference(`${name}:1.0`), fresh: false,
      trust: { keys, policies: [], problems: [], files: [{ uri: 'file:///p', demandsFor: () => [{ policy: 'p', origin: { kind: 'cluster-image-policy' }, rule }] }] },
      ...(policyPlace ? {} : { signatureRepository: elsewhere, besideImage }),
    }, new AbortController().signal);
  };
  beforeEach(() => {
    other = new MemoryRegistry();
    const at = (repository: { readonly repository: string }): MemoryRegistry => (repository.repository === 'signatures' ? other : registry);
    const both: RegistryReader = {
      resolve: (reference, signal) => at(reference).resolve(reference, signal),
      manifest: (repository, tag, signal) => at(repository).manifest(repository, tag, signal),
      blob: (repository, descriptor, signal) => at(repository).blob(repository, descriptor, signal),
      referrers: (repository, digest, signal) => at(repository).referrers(repository, digest, signal),
      probeReferrers: (repository, signal) => at(repository).probeReferrers(repository, signal),
    };
    verifier = makeVerifier(both);
  });

  for (const policyPlace of [true, false]) {
    const by = policyPlace ? 'the policy' : 'the question';
    it(`that ${by} names are found in both formats, and the report says where`, async () => {
      signLegacy(other, image.digest, release);
      const legacy = await askThere(policyPlace);
      assert.ok(legacy.kind === 'verified' && legacy.signatures[0]?.repository === 'localhost:5000/signatures');
      other.tags.clear();
      verifier.forget();
      signBundle(other, image, release);
      assert.deepEqual(fates(await askThere(policyPlace)), [['bundle', 'referrers API', 'release']]);
    });
    it(`that ${by} names are the only ones that count`, async () => {
      signLegacy(registry, image.digest, release);
      assert.equal((await askThere(policyPlace)).kind, 'unsigned');
    });
  }
  it('and beside the image are found in both places, and neither may fail unnoticed', async () => {
    assert.equal((await askThere(false, true)).kind, 'unsigned');
    verifier.forget();
    signLegacy(registry, image.digest, release);
    assert.deepEqual(fates(await askThere(false, true)), [['legacy', 'signature tag', 'release']]);
    verifier.forget();
    signLegacy(other, image.digest, stranger);
    assert.equal((await askThere(false, true)).kind, 'verified');
    other.fail = () => new CosignError('REGISTRY_DENIED', said`no`);
    registry.tags.delete(`${image.digest.replace(':', '-')}.sig`);
    verifier.forget();
    assert.equal(codeOf(await askThere(false, true)), 'REGISTRY_DENIED');
  });
  it('do not count for a rule whose enforcer looks beside the image only, whatever the question names', async () => {
    const keys = parseKeys({ release: release.pem }).values;
    const asking = (rule: Partial<SignerRule>): Promise<Verdict> => verifier.verify({
      reference: parseReference(`${name}:1.0`), fresh: true, signatureRepository: elsewhere, besideImage: true,
      trust: { keys, policies: [], problems: [], files: [{ uri: 'file:///p', demandsFor: () => [{ policy: 'p', origin: { kind: 'cluster-image-policy' }, rule: { kind: 'signers', keys, threshold: 1, annotations: {}, ...rule } }] }] },
    }, new AbortController().signal);
    signLegacy(other, image.digest, release);
    assert.equal((await asking({})).kind, 'verified');
    assert.equal((await asking({ besideImage: true })).kind, 'unsigned');
    assert.equal((await asking({ besideImage: true, repository: elsewhere })).kind, 'verified', 'unless the policy names the place itself');
    signLegacy(registry, image.digest, release);
    assert.deepEqual(fates(await asking({ besideImage: true })), [['legacy', 'signature tag', 'release']]);
  });
  it('need not hold the image itself, and an image that is nowhere is not unsigned', async () => {
    assert.equal((await askThere(true)).kind, 'unsigned');
    registry.tags.delete(image.digest);
    verifier.forget();
    assert.equal(codeOf(await askThere(true)), 'IMAGE_NOT_FOUND');
  });
  it('that cannot be reached leave the image unchecked', async () => {
    other.fail = () => new CosignError('REGISTRY_DENIED', said`no`);
    assert.equal(codeOf(await askThere(true)), 'REGISTRY_DENIED');
  });
});

describe('what an untrusted workspace adds', () => {
  const keys = parseKeys({ release: release.pem, team: team.pem }).values;
  const own = { name: 'own', images: ['localhost:5000/**'], keys: ['release'], annotations: {} };
  const added = (rule: DemandRule): PolicyFile => ({ uri: 'file:///hostile', demandsOnly: true, demandsFor: () => [{ policy: 'hostile', origin: { kind: 'cluster-image-policy' }, rule }] });
  const askWith = (rule: DemandRule, policies: readonly TrustPolicy[] = [own]): Promise<Verdict> =>
    verifier.verify({ reference: parseReference(`${name}:1.0`), fresh: true, trust: { keys, policies, problems: [], files: [added(rule)] } }, new AbortController().signal);
  const teams: DemandRule = { kind: 'signers', keys: keys.slice(1), threshold: 1, annotations: {} };
  const keyless: DemandRule = { kind: 'unsupported', error: new CosignError('POLICY_UNSUPPORTED', said`keyless`) };

  it('is asked for beside the own policies', async () => {
    signLegacy(registry, image.digest, release);
    assert.equal((await askWith(teams)).kind, 'untrusted');
    signLegacy(registry, image.digest, team);
    assert.equal((await askWith(teams)).kind, 'verified');
  });
  it('takes "verified" away when it is not known', async () => {
    signLegacy(registry, image.digest, release);
    assert.equal(codeOf(await askWith(keyless)), 'POLICY_UNSUPPORTED');
  });
  it('hides nothing of what the own policies find', async () => {
    assert.equal((await askWith(keyless)).kind, 'unsigned');
    signLegacy(registry, image.digest, stranger);
    for (const rule of [keyless, { kind: 'accept', reason: said`pass` }, { kind: 'signers', keys: [{ name: 'x', reference: 'unreadable' }], threshold: 1, annotations: {} }] as const) {
      assert.equal((await askWith(rule)).kind, 'untrusted', rule.kind);
      assert.equal((await askWith(rule, [])).kind, 'untrusted', `${rule.kind} beside any trusted key`);
    }
  });
  it('never verifies an image that no own policy covers', async () => {
    signLegacy(registry, image.digest, team);
    assert.deepEqual(await askWith(teams, [{ ...own, images: ['ghcr.io/**'] }]), { kind: 'uncovered' });
  });
});

describe('an index', () => {
  const child = (platform: string, content: string): Descriptor & { platform: object } => {
    const [os, architecture] = platform.split('/');
    return { ...putImage(registry, `child-${content}`, content), platform: { os, architecture } } as Descriptor & { platform: object };
  };

  it('that is unsigned is decided by the child of the wanted platform, and the verdict names both', async () => {
    const children = [child('linux/amd64', 'a'), child('linux/arm64', 'b')];
    const index = registry.putJson({ schemaVersion: 2, mediaType: indexType, manifests: children }, indexType, 'multi');
    signLegacy(registry, children[1]!.digest, release);
    const verdict = await ask(`${name}:multi`, { platform: 'linux/arm64' });
    assert.ok(verdict.kind === 'verified');
    assert.deepEqual([verdict.digest, verdict.decidedBy, verdict.platform], [index.digest, children[1]!.digest, 'linux/arm64']);
    assert.equal((await ask(`${name}:multi`, { platform: 'linux/amd64' })).kind, 'unsigned');
    assert.equal((await ask(`${name}:multi`)).kind, 'unsigned');
    assert.equal(codeOf(await ask(`${name}:multi`, { platform: 'windows/amd64' })), 'PLATFORM_NOT_FOUND');
  });

  it('is not decided by its child for a rule about what the reference names, nor for another rule beside it', async () => {
    const only = child('linux/amd64', 'a');
    const index = registry.putJson({ schemaVersion: 2, mediaType: indexType, manifests: [only] }, indexType, 'multi');
    const keys = parseKeys({ release: release.pem }).values;
    const asking = (...rules: readonly Partial<SignerRule>[]): Promise<Verdict> => verifier.verify({
      reference: parseReference(`${name}:multi`), fresh: true, platform: 'linux/amd64',
      trust: { keys, policies: [], problems: [], files: [{ uri: 'file:///p', demandsFor: () => rules.map((rule) => ({ policy: 'p', origin: { kind: 'cluster-image-policy' }, rule: { kind: 'signers', keys, threshold: 1, annotations: {}, ...rule } })) }] },
    }, new AbortController().signal);
    signLegacy(registry, only.digest, release);
    assert.equal((await asking({})).kind, 'verified');
    assert.equal((await asking({ asNamed: true })).kind, 'unsigned');
    const both = await asking({ asNamed: true }, {});
    assert.deepEqual([both.kind, 'policies' in both && both.policies.map(({ satisfied }) => satisfied)], ['untrusted', [false, true]]);
    signLegacy(registry, index.digest, release);
    assert.equal((await asking({ asNamed: true })).kind, 'verified');
  });

  it('that a stranger signed is untrusted, whatever its child says', async () => {
    const only = child('linux/amd64', 'a');
    const index = registry.putJson({ schemaVersion: 2, mediaType: indexType, manifests: [only] }, indexType, 'multi');
    signLegacy(registry, index.digest, stranger);
    signLegacy(registry, only.digest, release);
    assert.equal((await ask(`${name}:multi`, { platform: 'linux/amd64' })).kind, 'untrusted');
  });

  it('a platform on a plain image changes nothing', async () => {
    assert.equal((await ask(`${name}:1.0`, { platform: 'linux/arm64' })).kind, 'unsigned');
    verifier.forget();
    signLegacy(registry, image.digest, release);
    assert.equal((await ask(`${name}:1.0`, { platform: 'linux/arm64' })).kind, 'verified');
  });
});

describe('a failure at any step', () => {
  const operations: readonly Operation[] = ['resolve', 'signature tag', 'referrers tag', 'referrers', 'manifest', 'blob', 'probe'];
  const codes: readonly ErrorCode[] = ['REGISTRY_RATE_LIMITED', 'REGISTRY_UNAVAILABLE', 'REGISTRY_TIMEOUT', 'REGISTRY_TLS', 'REGISTRY_UNAUTHORIZED', 'REGISTRY_DENIED', 'REGISTRY_UNREACHABLE', 'DIGEST_MISMATCH', 'SIZE_LIMIT'];
  type Setup = 'unsigned' | 'legacy' | 'bundle' | 'both' | 'foreign';
  const setups: readonly Setup[] = ['unsigned', 'legacy', 'bundle', 'both', 'foreign'];

  function arrange(setup: Setup, api: MemoryRegistry['referrersApi']): void {
    registry = new MemoryRegistry();
    registry.referrersApi = api;
    verifier = makeVerifier(registry);
    image = putImage(registry, '1.0');
    if (setup === 'legacy' || setup === 'both') signLegacy(registry, image.digest, release, { annotations: { a: 'b' } });
    if (setup === 'bundle' || setup === 'both') signBundle(registry, image, release);
    if (setup === 'foreign') {
      signLegacy(registry, image.digest, stranger);
      signBundle(registry, image, stranger);
    }
  }

  it('never makes an image unsigned or untrusted that is not, nor verified without a signature that was read', async () => {
    await fc.assert(fc.asyncProperty(fc.constantFrom(...setups), fc.constantFrom('native', 'unsupported on host', 'unsupported in repository'), fc.subarray([...operations], { minLength: 1 }), fc.constantFrom(...codes), async (setup, api, failing, code) => {
      arrange(setup, api);
      registry.fail = (operation) => (failing.includes(operation) ? new CosignError(code, said`fault`) : undefined);
      const verdict = await ask(`${name}:1.0`);
      const truth = { unsigned: 'unsigned', foreign: 'untrusted', legacy: 'verified', bundle: 'verified', both: 'verified' }[setup];
      assert.ok(verdict.kind === truth || verdict.kind === 'unchecked', `${setup}: ${verdict.kind}`);
      if (verdict.kind === 'unchecked') assert.ok(verdict.reason.code === code, `cause ${verdict.reason.code}`);
      if (verdict.kind === 'unsigned' || verdict.kind === 'untrusted') assert.deepEqual(verdict.incomplete, []);
      // Nothing about a failure is remembered: when the registry is well again the verdict is the truth.
      registry.fail = () => undefined;
      assert.equal((await ask(`${name}:1.0`)).kind, truth);
    }), { numRuns: 400 });
  });

  for (const operation of ['resolve', 'signature tag', 'referrers'] as const) {
    for (const code of codes) {
      it(`${code} at ${operation} of an unsigned image is unchecked with that cause`, async () => {
        registry.fail = (at) => (at === operation ? new CosignError(code, said`fault`) : undefined);
        assert.equal(codeOf(await ask(`${name}:1.0`)), code);
      });
    }
  }

  it('beside a good signature leaves the image verified and says what could not be read', async () => {
    signLegacy(registry, image.digest, release);
    registry.fail = (at) => (at === 'referrers' ? new CosignError('REGISTRY_UNAVAILABLE', said`fault`) : undefined);
    const verdict = await ask(`${name}:1.0`);
    assert.ok(verdict.kind === 'verified');
    assert.deepEqual(verdict.incomplete.map(({ code }) => code), ['REGISTRY_UNAVAILABLE']);
  });

  it('that is a bug of ours is unchecked too', async () => {
    registry.fail = () => { throw new TypeError('undefined is not a function'); };
    assert.equal(codeOf(await ask(`${name}:1.0`)), 'INTERNAL');
  });
});

describe('what is remembered', () => {
  beforeEach(() => { signLegacy(registry, image.digest, release); });
  const countAfter = async (text: string, options: Asked = {}): Promise<number> => {
    registry.calls.length = 0;
    assert.equal((await ask(text, options)).kind, 'verified');
    return registry.calls.filter((call) => call !== 'probe').length;
  };

  it('a digest asks nothing the second time', async () => {
    assert.ok(await countAfter(`${name}@${image.digest}`) > 0);
    assert.equal(await countAfter(`${name}@${image.digest}`), 0);
  });

  it('a tag asks nothing within its lifetime, and only for its digest afterwards', async () => {
    await countAfter(`${name}:1.0`);
    assert.equal(await countAfter(`${name}:1.0`), 0);
    now += tagLifetimeMs + 1;
    assert.equal(await countAfter(`${name}:1.0`), 1);
  });

  it('a moved tag gets the verdict of its new digest', async () => {
    await countAfter(`${name}:1.0`);
    putImage(registry, '1.0', 'moved');
    now += tagLifetimeMs + 1;
    assert.equal((await ask(`${name}:1.0`)).kind, 'unsigned');
  });

  it('"fresh" looks again at everything', async () => {
    const cold = await countAfter(`${name}:1.0`);
    assert.equal(await countAfter(`${name}:1.0`, { fresh: true }), cold);
  });

  it('signatures are looked for again after their lifetime', async () => {
    await countAfter(`${name}@${image.digest}`);
    now += signaturesLifetimeMs + 1;
    assert.ok(await countAfter(`${name}@${image.digest}`) > 0);
  });

  it('many askers of one image share one look', async () => {
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => ask(`${name}:1.0`)));
    assert.ok(verdicts.every(({ kind }) => kind === 'verified'));
    assert.deepEqual([calls('resolve'), calls('signature tag')], [1, 1]);
  });
});

describe('cancellation', () => {
  it('rejects with the reason and is no verdict', async () => {
    const abort = new AbortController();
    registry.wait = (_operation, signal) => new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(signal.reason as Error); }); });
    const asked = ask(`${name}:1.0`, { signal: abort.signal });
    const reason = new Error('the person moved on');
    setImmediate(() => { abort.abort(reason); });
    await assert.rejects(asked, reason);
  });

  it('of one asker leaves the others their verdict', async () => {
    signLegacy(registry, image.digest, release);
    for (const at of ['resolve', 'signature tag', 'referrers', 'probe'] as const) {
      verifier.forget();
      let open: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => { open = resolve; });
      registry.wait = (operation, signal) => (operation === at ? Promise.race([gate, new Promise<void>((_resolve, reject) => { signal.addEventListener('abort', () => { reject(signal.reason as Error); }); })]) : Promise.resolve());
      const abort = new AbortController();
      const [first, second] = [ask(`${name}:1.0`, { signal: abort.signal }), ask(`${name}:1.0`)];
      setTimeout(() => { abort.abort(new Error('gone')); setTimeout(open, 1); }, 1);
      await assert.rejects(first, /gone/);
      assert.equal((await second).kind, 'verified', at);
    }
  });

  it('by everybody aborts the load', async () => {
    let aborted = 0;
    registry.wait = (operation, signal) => (operation !== 'resolve' ? Promise.resolve() : new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { aborted++; reject(signal.reason as Error); }); }));
    const abort = new AbortController();
    const asked = [ask(`${name}:1.0`, { signal: abort.signal }), ask(`${name}:1.0`, { signal: abort.signal })];
    setImmediate(() => { abort.abort(new Error('gone')); });
    for (const one of asked) await assert.rejects(one, /gone/);
    assert.equal(aborted, 1);
  });
});

it('the bundle media type the tests use is the one cosign writes', () => { assert.equal(bundleType, 'application/vnd.dev.sigstore.bundle.v0.3+json'); });

describe('where a tag leads', () => {
  const lead = (pin: string, fresh = false, tag = '1.0'): Promise<unknown> => verifier.resolveTag({ reference: parseReference(`${name}:${tag}@${pin}`), fresh }, new AbortController().signal);

  it('is one question where it still leads to the pin, remembered like a tag that is verified', async () => {
    assert.deepEqual(await lead(image.digest), { digest: image.digest, includesPin: true });
    assert.deepEqual(registry.calls, ['resolve']);
    await lead(image.digest);
    assert.equal(calls('resolve'), 1);
    await lead(image.digest, true);
    assert.equal(calls('resolve'), 2);
    now += tagLifetimeMs;
    await lead(image.digest);
    assert.equal(calls('resolve'), 3);
  });

  it('does not cost what verifies the pin anything, which asks for no tag', async () => {
    signLegacy(registry, image.digest, release);
    await ask(`${name}:1.0@${image.digest}`);
    const { length } = registry.calls;
    assert.equal(calls('resolve'), 0);
    await ask(`${name}:1.0@${image.digest}`);
    assert.equal(registry.calls.filter((call) => call !== 'probe').length, registry.calls.slice(0, length).filter((call) => call !== 'probe').length);
  });

  it('is elsewhere when another image was pushed under it', async () => {
    const other = putImage(registry, '1.0', 'other');
    assert.deepEqual(await lead(image.digest), { digest: other.digest, includesPin: false });
    assert.deepEqual(registry.calls, ['resolve']);
  });

  it('is no other place when it is an index that lists the pin', async () => {
    const index = registry.putJson({ schemaVersion: 2, mediaType: indexType, manifests: [image] }, indexType, 'multi');
    assert.deepEqual(await lead(image.digest, false, 'multi'), { digest: index.digest, includesPin: true });
    assert.deepEqual(await lead(sha256(Buffer.from('elsewhere')), false, 'multi'), { digest: index.digest, includesPin: false });
  });

  it('is an error, never "still there", when it cannot be found out', async () => {
    await assert.rejects(lead(image.digest, false, 'gone'), { code: 'IMAGE_NOT_FOUND' });
    registry.wait = () => Promise.reject(new CosignError('REGISTRY_UNAVAILABLE', said`down`));
    await assert.rejects(lead(image.digest), { code: 'REGISTRY_UNAVAILABLE' });
  });
});
