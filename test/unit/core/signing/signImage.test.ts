import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CosignError } from '../../../../src/core/errors.ts';
import { importPrivateKey } from '../../../../src/core/crypto/privateKey.ts';
import { signBytes } from '../../../../src/core/crypto/signatures.ts';
import { encodePayload } from '../../../../src/core/cosign/simpleSigning.ts';
import { planSigning, signPlan } from '../../../../src/core/signing/signImage.ts';
import type { Digest } from '../../../../src/core/crypto/digest.ts';
import { lyingDigestHeader, on, status } from '../../../support/faults.ts';
import { failsWith } from '../../../support/registryClient.ts';
import { types } from '../../../support/registryStore.ts';
import { keyFile } from '../cosign/fixtures.ts';
import { never, newKey, reference, sign, signers, startHarness, verify, type Harness } from './harness.ts';
import { sign as nodeSign } from 'node:crypto';

const alice = newKey();
const bob = newKey();
const puts = ({ registry }: Harness): number => registry.requests.filter(({ method }) => method === 'PUT' || method === 'POST').length;
const putManifests = ({ registry }: Harness): readonly string[] => registry.requests.filter(({ method, kind }) => method === 'PUT' && kind === 'manifest').map(({ target }) => target);
const sigTag = (digest: string): string => `${digest.replace(':', '-')}.sig`;
const referrersTag = (digest: string): string => digest.replace(':', '-');
const body = (harness: Harness, repository: string, tag: string): { layers?: { annotations: Record<string, string> }[]; manifests?: { digest: string }[]; mediaType: string; config: { mediaType: string } } =>
  JSON.parse(Buffer.from(harness.registry.store.manifest(repository, tag)?.bytes ?? '{}').toString()) as never;

for (const referrers of ['native', 'router 404', 'json 404'] as const) {
  describe(`signing on a registry with referrers: ${referrers}`, () => {
    it('writes both formats by default, and the same again writes nothing', async () => {
      const harness = await startHarness({ referrers });
      const image = harness.registry.store.putImage('demo/app', '1.0');
      const progress: string[] = [];
      const done = await sign(harness, 'demo/app:1.0', { key: alice, annotations: { env: 'prod' }, onProgress: (at, of) => progress.push(`${at}/${of}`) });
      assert.deepEqual(done, [{ digest: image.digest, format: 'legacy', outcome: 'pushed' }, { digest: image.digest, format: 'bundle', outcome: 'pushed' }]);
      assert.deepEqual(progress, ['0/2', '1/2', '2/2']);
      assert.deepEqual(await signers(harness, 'demo/app:1.0', { alice }), ['bundle alice', 'legacy alice']);
      harness.registry.clearLog();
      const again = await sign(harness, 'demo/app:1.0', { key: alice, annotations: { env: 'prod' } });
      assert.deepEqual(again.map(({ outcome }) => outcome), ['already there', 'already there']);
      assert.equal(puts(harness), 0);
    });

    it('adds to the signatures of others, and repeats none', async () => {
      const harness = await startHarness({ referrers });
      harness.registry.store.putImage('demo/app', '1.0');
      await sign(harness, 'demo/app:1.0', { key: alice });
      await sign(harness, 'demo/app:1.0', { key: bob });
      await sign(harness, 'demo/app:1.0', { key: alice });
      await sign(harness, 'demo/app:1.0', { key: alice, annotations: { env: 'prod' } });
      assert.deepEqual(await signers(harness, 'demo/app:1.0', { alice, bob }), ['bundle alice', 'bundle alice', 'bundle bob', 'legacy alice', 'legacy alice', 'legacy bob']);
    });

    it('writes only the format that was asked for', async () => {
      const harness = await startHarness({ referrers });
      harness.registry.store.putImage('demo/app', '1.0');
      harness.registry.store.putImage('demo/app', '2.0');
      await sign(harness, 'demo/app:1.0', { key: alice, format: 'legacy' });
      await sign(harness, 'demo/app:2.0', { key: alice, format: 'bundle' });
      assert.deepEqual(await signers(harness, 'demo/app:1.0', { alice }), ['legacy alice']);
      assert.deepEqual(await signers(harness, 'demo/app:2.0', { alice }), ['bundle alice']);
    });

    it('puts signatures into another repository when told to, and still names the image', async () => {
      const harness = await startHarness({ referrers });
      const image = harness.registry.store.putImage('demo/app', '1.0');
      await sign(harness, 'demo/app:1.0', { key: alice, signatureRepository: 'signatures/all' });
      assert.deepEqual(await signers(harness, 'demo/app:1.0', { alice }), 'unsigned');
      assert.ok(harness.registry.requests.every(({ method, repository }) => (method !== 'PUT' && method !== 'POST') || repository === 'signatures/all'));
      harness.registry.store.putImage('signatures/all', undefined, 'demo/app:1.0');
      const verdict = await verify(harness, `signatures/all@${image.digest}`, { alice });
      assert.ok(verdict.kind === 'verified');
      assert.deepEqual(verdict.signatures.map(({ format, identity }) => [format, identity]), [['legacy', `${harness.registry.host}/demo/app`], ['bundle', undefined]]);
    });
  });
}

describe('the requests of signing', () => {
  it('are as few, one after another, as they can be', async () => {
    const harness = await startHarness({ latencyMs: 20 });
    harness.registry.store.putImage('demo/app', '1.0');
    await sign(harness, 'demo/app:1.0', { key: alice });
    const kinds = harness.registry.requests.map(({ method, kind }) => `${method} ${kind}`).sort();
    assert.deepEqual(kinds, [
      'GET manifest', 'GET manifest', 'GET manifest', 'GET manifest', 'GET referrers', 'GET referrers',
      'HEAD blob', 'HEAD blob', 'HEAD blob', 'HEAD blob',
      'POST upload', 'POST upload', 'POST upload', 'POST upload', 'PUT manifest', 'PUT manifest', 'PUT upload', 'PUT upload', 'PUT upload', 'PUT upload',
    ]);
  });

  it('never sign a digest that only a header names', async () => {
    const harness = await startHarness();
    harness.registry.store.putImage('demo/app', '1.0');
    harness.registry.intercept = on('manifest 1.0', lyingDigestHeader);
    await assert.rejects(sign(harness, 'demo/app:1.0', { key: alice }), failsWith('DIGEST_MISMATCH'));
    assert.equal(harness.registry.requests.some(({ method }) => method === 'PUT' || method === 'POST'), false);
  });

  it('hold a condition where the registry gave an ETag, and a rewritten ETag does not stop them', async () => {
    const harness = await startHarness({ etags: true, referrers: 'json 404' });
    harness.registry.store.putImage('demo/app', '1.0');
    await sign(harness, 'demo/app:1.0', { key: alice });
    harness.registry.clearLog();
    await sign(harness, 'demo/app:1.0', { key: bob });
    const conditions = harness.registry.requests.filter(({ method, kind, target }) => method === 'PUT' && kind === 'manifest' && !target.startsWith('sha256:')).map(({ headers }) => headers['if-match'] !== undefined);
    assert.deepEqual(conditions, [true, true]);
    harness.registry.intercept = on('GET manifest', (_request, ordinary) => {
      const answer = ordinary();
      return { ...answer, headers: { ...answer.headers, etag: '"rewritten by a proxy"' } };
    });
    const carol = newKey();
    await sign(harness, 'demo/app:1.0', { key: carol });
    harness.registry.intercept = undefined;
    assert.deepEqual(await signers(harness, 'demo/app:1.0', { alice, bob, carol }), ['bundle alice', 'bundle bob', 'bundle carol', 'legacy alice', 'legacy bob', 'legacy carol']);
  });

  it('use Docker media types for a new signature tag when told to, and leave an existing one as it is', async () => {
    const harness = await startHarness();
    const image = harness.registry.store.putImage('demo/app', '1.0');
    await sign(harness, 'demo/app:1.0', { key: alice, dockerMediaTypes: true, format: 'legacy' });
    const written = body(harness, 'demo/app', sigTag(image.digest));
    assert.deepEqual([written.mediaType, written.config.mediaType], ['application/vnd.docker.distribution.manifest.v2+json', 'application/vnd.docker.container.image.v1+json']);
    await sign(harness, 'demo/app:1.0', { key: bob, format: 'legacy' });
    assert.equal(body(harness, 'demo/app', sigTag(image.digest)).mediaType, 'application/vnd.docker.distribution.manifest.v2+json');
    assert.deepEqual(await signers(harness, 'demo/app:1.0', { alice, bob }), ['legacy alice', 'legacy bob']);
  });
});

describe('what forbids signing', () => {
  it('an occupied referrers tag of any manifest is found before anything is pushed', async () => {
    const harness = await startHarness({ referrers: 'router 404' });
    const { children } = harness.registry.store.putIndex('demo/app', '1.0', ['linux/amd64', 'linux/arm64', 'linux/s390x']);
    const last = children.get('linux/s390x');
    assert.ok(last);
    harness.registry.store.putImage('demo/app', referrersTag(last.digest), 'what cosign copy puts there');
    await assert.rejects(sign(harness, 'demo/app:1.0', { key: alice, recursive: true }), { code: 'REFERRERS_TAG_OCCUPIED' });
    assert.equal(puts(harness), 0);
    await sign(harness, 'demo/app:1.0', { key: alice, recursive: true, format: 'legacy' });
    assert.deepEqual(await signers(harness, 'demo/app:1.0', { alice }), ['legacy alice']);
  });

  it('an occupied tag does not matter where the registry lists referrers itself', async () => {
    const harness = await startHarness();
    const image = harness.registry.store.putImage('demo/app', '1.0');
    harness.registry.store.putImage('demo/app', referrersTag(image.digest), 'what cosign copy puts there');
    await sign(harness, 'demo/app:1.0', { key: alice });
    assert.deepEqual(await signers(harness, 'demo/app:1.0', { alice }), ['bundle alice', 'legacy alice']);
  });

  for (const [what, content, code] of [
    ['no JSON', 'hello', 'MANIFEST_INVALID'], ['an index', { schemaVersion: 2, mediaType: types.index, manifests: [] }, 'MANIFEST_INVALID'],
    ['a manifest without its config', { schemaVersion: 2, mediaType: types.manifest, config: { mediaType: types.config, size: 2, digest: `sha256:${'0'.repeat(64)}` }, layers: [] }, 'REGISTRY_RESPONSE_INVALID'],
  ] as const) {
    it(`a signature tag that holds ${what} is left alone, and nothing is pushed`, async () => {
      const harness = await startHarness();
      const image = harness.registry.store.putImage('demo/app', '1.0');
      const before = harness.registry.store.putManifest('demo/app', sigTag(image.digest), content);
      await assert.rejects(sign(harness, 'demo/app:1.0', { key: alice }), { code });
      assert.equal(puts(harness), 0);
      assert.equal(harness.registry.store.manifest('demo/app', sigTag(image.digest))?.digest, before.digest);
    });
  }

  it('an image, or a child, that is not there', async () => {
    const harness = await startHarness();
    await assert.rejects(sign(harness, 'demo/app:1.0', { key: alice }), { code: 'IMAGE_NOT_FOUND' });
    const { children } = harness.registry.store.putIndex('demo/app', '1.0', ['linux/amd64', 'linux/arm64']);
    harness.registry.store.repository('demo/app').manifests.delete(children.get('linux/arm64')?.digest ?? '');
    await assert.rejects(sign(harness, 'demo/app:1.0', { key: alice, recursive: true }), { code: 'IMAGE_NOT_FOUND' });
    assert.equal(puts(harness), 0);
    await sign(harness, 'demo/app:1.0', { key: alice });
  });

  it('an annotation without a name', async () => {
    const harness = await startHarness();
    harness.registry.store.putImage('demo/app', '1.0');
    await assert.rejects(sign(harness, 'demo/app:1.0', { key: alice, annotations: { '': 'x' } }), { code: 'ANNOTATION_INVALID' });
    assert.equal(puts(harness), 0);
  });

  for (const code of [403, 500] as const) {
    it(`a referrers API that answers ${code} is no registry without one`, async () => {
      const harness = await startHarness();
      harness.registry.store.putImage('demo/app', '1.0');
      harness.registry.intercept = on('referrers', status(code));
      await assert.rejects(sign(harness, 'demo/app:1.0', { key: alice }), { code: code === 403 ? 'REGISTRY_DENIED' : 'REGISTRY_UNAVAILABLE' });
      assert.equal(puts(harness), 0);
    });
  }

  it('a registry that refuses OCI media types: nothing counts until Docker\'s are used', async () => {
    const harness = await startHarness();
    harness.registry.store.putImage('demo/app', '1.0');
    harness.registry.intercept = (request) => (request.method === 'PUT' && request.kind === 'manifest' && request.headers['content-type']?.includes('vnd.oci.') === true ? status(415, 'UNSUPPORTED')(request, () => ({ status: 415 })) : undefined);
    for (const format of ['legacy', 'bundle'] as const) {
      await assert.rejects(sign(harness, 'demo/app:1.0', { key: alice, format }), (error: CosignError) => error.code === 'REGISTRY_REFUSED_MANIFEST' && error.remedy?.toString().includes('countersign.signing.dockerMediaTypes') === true);
    }
    assert.equal(await signers(harness, 'demo/app:1.0', { alice }), 'unsigned');
    await sign(harness, 'demo/app:1.0', { key: alice, format: 'legacy', dockerMediaTypes: true });
    assert.deepEqual(await signers(harness, 'demo/app:1.0', { alice }), ['legacy alice']);
  });

  it('a registry that takes one format only: the error says what was pushed, and that verifies', async () => {
    const harness = await startHarness();
    const image = harness.registry.store.putImage('demo/app', '1.0');
    // The manifest of a bundle has a subject, and this registry refuses what it does not know.
    harness.registry.intercept = (request) => (request.method === 'PUT' && request.kind === 'manifest' && request.target.startsWith('sha256:') ? status(400, 'MANIFEST_INVALID')(request, () => ({ status: 400 })) : undefined);
    await assert.rejects(sign(harness, 'demo/app:1.0', { key: alice }), (error: Error & { code: string }) => error.code === 'REGISTRY_REFUSED_MANIFEST' && error.message.includes(`the legacy signature of ${image.digest} was pushed`));
    harness.registry.intercept = undefined;
    assert.deepEqual(await signers(harness, 'demo/app:1.0', { alice }), ['legacy alice']);
  });
});

describe('cosign\'s dupe rule', () => {
  it('holds only for signatures as we write them: one over SHA-384, which cosign does not verify, is no reason not to sign', async () => {
    const harness = await startHarness();
    const p384 = importPrivateKey(keyFile('p384.pkcs8.pem'));
    const image = harness.registry.store.putImage('demo/app', '1.0');
    const payload = encodePayload({ repository: `${harness.registry.host}/demo/app`, digest: image.digest as Digest, annotations: {} });
    const put = (signature: Uint8Array): void => {
      const layer = { ...harness.registry.store.putBlob('demo/app', payload, 'application/vnd.dev.cosign.simplesigning.v1+json'), annotations: { 'dev.cosignproject.cosign/signature': Buffer.from(signature).toString('base64') } };
      harness.registry.store.putManifest('demo/app', sigTag(image.digest), { schemaVersion: 2, mediaType: types.manifest, config: harness.registry.store.putBlob('demo/app', {}, types.config), layers: [layer] });
    };
    put(nodeSign('sha384', payload, p384.handle));
    assert.deepEqual((await sign(harness, 'demo/app:1.0', { key: p384, format: 'legacy' })).map(({ outcome }) => outcome), ['pushed']);
    put(signBytes(p384, payload));
    assert.deepEqual((await sign(harness, 'demo/app:1.0', { key: p384, format: 'legacy' })).map(({ outcome }) => outcome), ['already there']);
  });

  it('holds for the same key in two windows: what the other wrote meanwhile is not repeated', async () => {
    const harness = await startHarness();
    const { digest } = harness.registry.store.putImage('demo/app', '1.0');
    const layers = (): number => body(harness, 'demo/app', sigTag(digest)).layers?.length ?? 0;
    const [first, second] = await Promise.all([1, 2].map(() => planSigning(harness.client, { reference: reference(harness, 'demo/app:1.0'), format: 'legacy', recursive: false }, never)));
    assert.ok(first && second);
    let other: Promise<unknown> | undefined;
    // The other window signs between our look at the tag and our write.
    const context = { ...harness.context, registry: new Proxy(harness.client, { get: (client, name) => {
      const member = Reflect.get(client, name) as unknown;
      if (typeof member !== 'function') return member;
      if (name !== 'pushBlob') return member.bind(client) as unknown;
      return async (...args: readonly unknown[]): Promise<unknown> => {
        other ??= signPlan(harness.context, second, { key: alice, annotations: {}, dockerMediaTypes: false }, () => undefined, never);
        await other;
        return (member as (...all: readonly unknown[]) => Promise<unknown>).apply(client, [...args]);
      };
    } }) };
    await signPlan(context, first, { key: alice, annotations: {}, dockerMediaTypes: false }, () => undefined, never);
    assert.ok(other !== undefined);
    assert.equal(layers(), 1);
    assert.deepEqual(await signers(harness, 'demo/app:1.0', { alice }), ['legacy alice']);
  });

  it('does not let somebody else\'s unreadable referrer stop us', async () => {
    const harness = await startHarness();
    const image = harness.registry.store.putImage('demo/app', '1.0');
    harness.registry.store.putReferrer('demo/app', image, 'no bundle', 'application/vnd.dev.sigstore.bundle.v0.3+json');
    const gone = harness.registry.store.putReferrer('demo/app', image, 'gone', 'application/vnd.dev.sigstore.bundle.v0.3+json');
    harness.registry.intercept = on(`GET ${gone.digest}`, status(404, 'MANIFEST_UNKNOWN'));
    assert.deepEqual((await sign(harness, 'demo/app:1.0', { key: alice, format: 'bundle' })).map(({ outcome }) => outcome), ['pushed']);
  });
});

describe('signing recursively', () => {
  const build = (harness: Harness): { readonly top: string; readonly inner: string; readonly all: readonly string[]; readonly shared: string } => {
    const { store } = harness.registry;
    const shared = store.putImage('demo/app', undefined, 'shared');
    const only = store.putImage('demo/app', undefined, 'only');
    const attestation = store.putImage('demo/app', undefined, 'attestation', { os: 'unknown', architecture: 'unknown' });
    const inner = store.putManifest('demo/app', undefined, { schemaVersion: 2, mediaType: types.index, manifests: [{ ...shared, platform: { os: 'linux', architecture: 'amd64' } }, { ...only, platform: { os: 'linux', architecture: 'arm', variant: 'v7' } }] }, types.index);
    const other = store.putManifest('demo/app', undefined, { schemaVersion: 2, mediaType: types.index, manifests: [shared, inner] }, types.index);
    const top = store.putManifest('demo/app', 'multi', { schemaVersion: 2, mediaType: types.index, manifests: [inner, other, shared, { ...attestation, platform: { os: 'unknown', architecture: 'unknown' } }] }, types.index);
    return { top: top.digest, inner: inner.digest, shared: shared.digest, all: [top, inner, other, shared, only, attestation].map(({ digest }) => digest) };
  };

  it('plans every manifest once, indexes before what they list, with platforms and places', async () => {
    const harness = await startHarness();
    const { top, all } = build(harness);
    const plan = await planSigning(harness.client, { reference: reference(harness, 'demo/app:multi'), format: 'both', recursive: true }, never);
    const order = plan.manifests.map(({ descriptor }) => descriptor.digest as string);
    assert.deepEqual([...order].sort(), [...all].sort());
    assert.equal(order[0], top);
    assert.equal(plan.digest, top);
    for (const digest of order) {
      const { manifests = [] } = body(harness, 'demo/app', digest);
      for (const child of manifests) assert.ok(order.indexOf(child.digest) > order.indexOf(digest));
    }
    assert.deepEqual(plan.manifests.flatMap(({ platform = [] }) => platform).sort(), ['linux/amd64', 'linux/arm/v7', 'unknown/unknown']);
    assert.equal(plan.places.length, 12);
    assert.equal(plan.places[0], `${harness.registry.host}/demo/app:${sigTag(top)}`);
    assert.equal(String(plan.places[1]), `a referrer of ${harness.registry.host}/demo/app@${top}`);
  });

  it('names subjects as they are stored, whatever an index says of them', async () => {
    const harness = await startHarness();
    const image = harness.registry.store.putImage('demo/app', undefined, 'child');
    harness.registry.store.putManifest('demo/app', '1.0', { schemaVersion: 2, mediaType: types.index, manifests: [{ ...image, size: 1 }] }, types.index);
    await sign(harness, 'demo/app:1.0', { key: alice, recursive: true, format: 'bundle' });
    const [referrer] = harness.registry.store.referrers('demo/app', image.digest);
    const { subject } = JSON.parse(Buffer.from(harness.registry.store.manifest('demo/app', referrer?.digest ?? '')?.bytes ?? '').toString()) as { subject: unknown };
    assert.deepEqual(subject, image);
  });

  for (const referrers of ['native', 'router 404'] as const) {
    it(`signs all of them, children before the indexes that list them (referrers: ${referrers})`, async () => {
      const harness = await startHarness({ referrers });
      const { all } = build(harness);
      const done = await sign(harness, 'demo/app:multi', { key: alice, recursive: true });
      assert.equal(done.length, 12);
      for (const digest of all) assert.deepEqual(await signers(harness, `demo/app@${digest}`, { alice }), ['bundle alice', 'legacy alice'], digest);
      const order = putManifests(harness).filter((target) => target.endsWith('.sig')).map((target) => target.slice(0, -4).replace('-', ':'));
      for (const digest of all) {
        for (const child of body(harness, 'demo/app', digest).manifests ?? []) assert.ok(order.indexOf(child.digest) < order.indexOf(digest));
      }
    });
  }

  it('signs only the index when not recursive', async () => {
    const harness = await startHarness();
    const { top, shared } = build(harness);
    await sign(harness, 'demo/app:multi', { key: alice });
    assert.deepEqual(await signers(harness, `demo/app@${top}`, { alice }), ['bundle alice', 'legacy alice']);
    assert.equal(await signers(harness, `demo/app@${shared}`, { alice }), 'unsigned');
  });

  it('refuses indexes nested too deep and with too many images', async () => {
    const harness = await startHarness();
    const { store } = harness.registry;
    let inner = store.putImage('demo/app', undefined, 'deep');
    for (let depth = 0; depth < 6; depth++) inner = store.putManifest('demo/app', 'deep', { schemaVersion: 2, mediaType: types.index, manifests: [inner] }, types.index);
    await assert.rejects(sign(harness, 'demo/app:deep', { key: alice, recursive: true }), { code: 'COUNT_LIMIT' });
    const many = Array.from({ length: 501 }, (_, index) => ({ mediaType: types.manifest, size: 2, digest: `sha256:${index.toString(16).padStart(64, '0')}` }));
    store.putManifest('demo/app', 'wide', { schemaVersion: 2, mediaType: types.index, manifests: many }, types.index);
    await assert.rejects(sign(harness, 'demo/app:wide', { key: alice, recursive: true }), { code: 'COUNT_LIMIT' });
    assert.equal(puts(harness), 0);
  });
});
