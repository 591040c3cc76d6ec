// What podman asks beyond a signature by a key: every key readable, only the first of a file, and the platform's image signed, not the index.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CosignError } from '../../../../src/core/errors.ts';
import { said } from '../../../../src/core/said.ts';
import { parseReference } from '../../../../src/core/oci/reference.ts';
import type { SignerRule } from '../../../../src/core/policy/demand.ts';
import type { KeySetting } from '../../../../src/core/policy/trustPolicy.ts';
import type { Verdict } from '../../../../src/core/policy/verdict.ts';
import { Verifier } from '../../../../src/core/verification/verifier.ts';
import { indexType, makeKey, MemoryRegistry, putImage, signLegacy } from '../../../support/signedImages.ts';

const [ours, theirs] = [makeKey(), makeKey()];
const files: Readonly<Record<string, string>> = { ours: ours.pem, theirs: theirs.pem, both: theirs.pem + ours.pem };
const key = (name: string, firstOnly = false): KeySetting => ({ name, reference: name, ...(firstOnly ? { firstOnly } : {}) });

function ask(registry: MemoryRegistry, rules: readonly (Partial<SignerRule> & Pick<SignerRule, 'keys'>)[], more: { readonly tag?: string; readonly platform?: string } = {}): Promise<Verdict> {
  const verifier = new Verifier({
    registry, clock: { now: () => 0, sleep: () => Promise.resolve() }, tagLifetimeMs: 0,
    keySource: {
      read: ({ reference }) => (files[reference] === undefined ? Promise.reject(new CosignError('KEY_UNREADABLE', said`gone`)) : Promise.resolve(Buffer.from(files[reference]))),
    },
  });
  const demands = rules.map((rule, index) => ({ policy: `rule ${index}`, origin: { kind: 'containers-policy' as const }, rule: { kind: 'signers' as const, threshold: 1, annotations: {}, ...rule } }));
  const file = { uri: 'file:///policy.json', demandsFor: () => demands };
  return verifier.verify({
    reference: parseReference(`localhost:5000/demo/app:${more.tag ?? '1.0'}`), trust: { keys: [], policies: [], files: [file], problems: [] }, fresh: false,
    ...(more.platform === undefined ? {} : { platform: more.platform }),
  }, new AbortController().signal);
}

const told = (verdict: Verdict): string => (verdict.kind === 'unchecked' ? verdict.reason.code : verdict.kind);

describe('the keys of a podman rule', () => {
  it('all have to be readable, even when one that is has signed', async () => {
    const registry = new MemoryRegistry();
    signLegacy(registry, putImage(registry, '1.0').digest, ours);
    assert.equal(told(await ask(registry, [{ keys: [key('ours'), key('gone')] }])), 'verified');
    assert.equal(told(await ask(registry, [{ keys: [key('ours'), key('gone')], needsEveryKey: true }])), 'KEY_UNREADABLE');
    assert.equal(told(await ask(registry, [{ keys: [key('ours'), key('theirs')], needsEveryKey: true }])), 'verified');
  });

  it('are the first of each file only', async () => {
    const registry = new MemoryRegistry();
    signLegacy(registry, putImage(registry, '1.0').digest, ours);
    assert.equal(told(await ask(registry, [{ keys: [key('both')] }])), 'verified');
    assert.equal(told(await ask(registry, [{ keys: [key('both', true)] }])), 'untrusted');
    // The same file, taken whole by one policy and not by another.
    assert.equal(told(await ask(registry, [{ keys: [key('both')] }, { keys: [key('both', true)] }])), 'untrusted');
  });
});

describe('a rule about the image of the platform', () => {
  const platforms = ['amd64', 'arm64'];
  function indexed(registry: MemoryRegistry): { readonly index: ReturnType<typeof putImage>; readonly children: readonly ReturnType<typeof putImage>[] } {
    const children = platforms.map((architecture) => putImage(registry, architecture));
    const manifests = children.map((child, at) => ({ ...child, platform: { os: 'linux', architecture: platforms[at] } }));
    return { index: registry.putJson({ schemaVersion: 2, mediaType: indexType, manifests }, indexType, '1.0'), children };
  }
  const rule = { keys: [key('ours')], ofPlatform: true };

  it('is not met by a signature of the index alone', async () => {
    const registry = new MemoryRegistry();
    signLegacy(registry, indexed(registry).index.digest, ours);
    assert.equal(told(await ask(registry, [{ keys: [key('ours')] }])), 'verified');
    assert.equal(told(await ask(registry, [rule])), 'unsigned');
    // Nor does one rule lend its signatures to the other.
    assert.equal(told(await ask(registry, [rule, { keys: [key('ours')] }])), 'untrusted');
  });

  it('is met by a signature of that image, and says which one', async () => {
    const registry = new MemoryRegistry();
    const { index, children: [amd64, arm64] } = indexed(registry);
    assert.ok(amd64 && arm64);
    signLegacy(registry, arm64.digest, ours);
    const verdict = await ask(registry, [rule], { platform: 'linux/arm64' });
    assert.ok(verdict.kind === 'verified', told(verdict));
    assert.deepEqual([verdict.digest, verdict.decidedBy, verdict.platform], [index.digest, arm64.digest, 'linux/arm64']);
    assert.equal(told(await ask(registry, [rule], { platform: 'linux/amd64' })), 'unsigned');
    // Without a platform, what a Dockerfile is taken to be for.
    assert.equal(told(await ask(registry, [rule])), 'unsigned');
    signLegacy(registry, amd64.digest, ours);
    assert.equal(told(await ask(registry, [rule])), 'verified');
    assert.equal(told(await ask(registry, [rule], { platform: 'linux/s390x' })), 'PLATFORM_NOT_FOUND');
  });

  it('needs both where another rule is about the index', async () => {
    const registry = new MemoryRegistry();
    const { index, children: [amd64] } = indexed(registry);
    assert.ok(amd64);
    signLegacy(registry, amd64.digest, ours);
    signLegacy(registry, index.digest, theirs);
    assert.equal(told(await ask(registry, [rule, { keys: [key('theirs')] }])), 'verified');
    assert.equal(told(await ask(registry, [{ ...rule, keys: [key('theirs')] }, { keys: [key('ours')] }])), 'untrusted');
  });

  it('is about the image itself where there is no index', async () => {
    const registry = new MemoryRegistry();
    signLegacy(registry, putImage(registry, '2.0').digest, ours);
    const both = await ask(registry, [rule, { keys: [key('ours')] }, { keys: [key('ours')], asNamed: true }], { tag: '2.0' });
    assert.equal(both.kind === 'verified' && both.signatures.length, 1, 'one signature, however many rules it satisfies');
    assert.equal(told(await ask(registry, [rule], { tag: '2.0', platform: 'linux/arm64' })), 'verified');
  });
});
