// Every way a registry can fail, over real HTTP, at every request of a verification: the verdict is "could not check", with its cause.
import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { ErrorCode } from '../../src/core/errors.ts';
import type { Digest } from '../../src/core/crypto/digest.ts';
import type { Engine } from '../../src/core/engine.ts';
import type { Verdict } from '../../src/core/policy/verdict.ts';
import { ask, testEngine } from '../support/engine.ts';
import { contentType, cutBody, cutConnection, endlessBody, endlessPages, lyingDigestHeader, malformedDigestHeader, missingDigestHeader, on, pageLoop, redirect, redirectLoop, shortBody, silence, slowBody, status, tamperedBody, times, tooManyRequests, unauthorizedForever, webPage } from '../support/faults.ts';
import { failure } from '../support/registryAnswer.ts';
import { startRegistry, type Fault, type RegistryOptions, type TestRegistry } from '../support/registry.ts';
import type { RegistryStore, StoredDescriptor } from '../support/registryStore.ts';
import { makeBundle, makeKey, type TestKey } from '../support/signedImages.ts';

const release = makeKey();
const repository = 'demo/app';
type Signed = 'unsigned' | 'legacy' | 'bundle';

/** Signs with an annotation, so that the payload has to be fetched. */
function addLegacy(store: RegistryStore, image: StoredDescriptor, key: TestKey): void {
  const payload = Buffer.from(JSON.stringify({ critical: { identity: { 'docker-reference': 'x' }, image: { 'docker-manifest-digest': image.digest }, type: 'cosign container image signature' }, optional: { a: 'b' } }));
  const layer = { ...store.putBlob(repository, payload, 'application/vnd.dev.cosign.simplesigning.v1+json'), annotations: { 'dev.cosignproject.cosign/signature': sign('sha256', payload, key.privateKey).toString('base64') } };
  const config = store.putBlob(repository, {}, 'application/vnd.oci.image.config.v1+json');
  store.putManifest(repository, `${image.digest.replace(':', '-')}.sig`, { schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config, layers: [layer] });
}

/** Long enough for a busy machine: only faults that are about waiting are given {@link impatientMs}. */
const patientMs = 20_000;
const impatientMs = 400;

async function withRegistry(options: RegistryOptions, signed: Signed, use: (registry: TestRegistry, engine: Engine, image: string, descriptor: StoredDescriptor) => Promise<void>, timeoutMs = patientMs): Promise<void> {
  const registry = await startRegistry(options);
  const engine = testEngine({ timeoutMs });
  try {
    const image = registry.store.putImage(repository, '1.0');
    if (signed === 'legacy') addLegacy(registry.store, image, release);
    if (signed === 'bundle') registry.store.putReferrer(repository, image, makeBundle(image.digest as Digest, release), 'application/vnd.dev.sigstore.bundle.v0.3+json');
    await use(registry, engine, `${registry.host}/${repository}:1.0`, image);
  } finally {
    await engine.dispose();
    await registry.close();
  }
}

const codeOf = (verdict: Verdict): string => (verdict.kind === 'unchecked' ? verdict.reason.code : verdict.kind);
const keys = { release: release.pem };

describe('without a fault', () => {
  for (const signed of ['legacy', 'bundle'] as const) {
    it(`an image signed as ${signed} is verified`, () => withRegistry({}, signed, async (_registry, engine, image) => {
      const verdict = await ask(engine, image, keys);
      assert.equal(verdict.kind, 'verified', JSON.stringify(verdict));
    }));
  }
  it('an unsigned image is unsigned', () => withRegistry({}, 'unsigned', async (_registry, engine, image) => assert.equal(codeOf(await ask(engine, image, keys)), 'unsigned')));
});

/** Which request to spoil: the tag, the `.sig` tag, the referrers, the bundle's manifest, the blob. */
const requests: readonly (readonly [string, Signed, (registry: TestRegistry, image: StoredDescriptor) => string])[] = [
  ['the tag', 'legacy', () => '1.0'],
  ['the signature tag', 'legacy', (_registry, image) => `${image.digest.replace(':', '-')}.sig`],
  ['the signature tag of an unsigned image', 'unsigned', (_registry, image) => `${image.digest.replace(':', '-')}.sig`],
  ['the referrers', 'bundle', () => 'referrers'],
  ['the referrers of an unsigned image', 'unsigned', () => 'referrers'],
  ['the referrers tag of an unsigned image', 'unsigned', (_registry, image) => image.digest.replace(':', '-')],
  ['a blob of a legacy signature', 'legacy', () => 'blob'],
  ['a blob of a bundle', 'bundle', () => 'blob'],
];

const faults: readonly (readonly [string, Fault, readonly ErrorCode[]])[] = [
  ['answers 500', status(500), ['REGISTRY_UNAVAILABLE']],
  ['answers 502', status(502), ['REGISTRY_UNAVAILABLE']],
  ['answers 503', status(503), ['REGISTRY_UNAVAILABLE']],
  ['answers 429 without Retry-After', tooManyRequests(), ['REGISTRY_RATE_LIMITED']],
  ['answers 429 and asks for an hour', tooManyRequests('3600'), ['REGISTRY_RATE_LIMITED']],
  ['answers 403', status(403, 'DENIED'), ['REGISTRY_DENIED']],
  ['answers 401 without a challenge', status(401), ['REGISTRY_UNAUTHORIZED']],
  ['answers 401 for ever with Basic', unauthorizedForever('Basic realm="x"'), ['REGISTRY_UNAUTHORIZED']],
  ['answers 401 with a realm on plain http elsewhere', unauthorizedForever('Bearer realm="http://attacker.example/token",service="x"'), ['REGISTRY_REALM_REFUSED']],
  ['answers 401 with a realm in a private network', unauthorizedForever('Bearer realm="https://169.254.169.254/token"'), ['REGISTRY_REALM_REFUSED']],
  ['cuts the connection', cutConnection, ['REGISTRY_UNREACHABLE', 'REGISTRY_TLS']],
  ['answers 418', status(418), ['REGISTRY_RESPONSE_INVALID']],
];

describe('a registry that', { concurrency: 8 }, () => {
  for (const [what, fault, codes] of faults) {
    for (const [where, signed, target] of requests) {
      it(`${what} at ${where} leaves the image unchecked`, () => withRegistry({}, signed, async (registry, engine, image, descriptor) => {
        registry.intercept = on(target(registry, descriptor), fault);
        const verdict = await ask(engine, image, keys);
        assert.ok(verdict.kind === 'unchecked' && codes.includes(verdict.reason.code), `${codeOf(verdict)} ${verdict.kind === 'unchecked' ? verdict.reason.message : ''}`);
        assert.ok(verdict.reason.message.length > 20 && !/undefined|\[object/.test(verdict.reason.message), verdict.reason.message);
        registry.intercept = undefined;
        assert.equal((await ask(engine, image, keys)).kind, signed === 'unsigned' ? 'unsigned' : 'verified', 'a failure was remembered');
      }));
    }
  }

  const spoiled: readonly (readonly [string, Signed, string, Fault, readonly string[]])[] = [
    ['cuts the body of the signature manifest', 'legacy', 'GET manifest', cutBody, ['REGISTRY_UNREACHABLE']],
    ['cuts the body of a blob', 'bundle', 'GET blob', cutBody, ['REGISTRY_UNREACHABLE']],
    ['shortens a blob', 'bundle', 'GET blob', shortBody, ['DIGEST_MISMATCH']],
    ['shortens a payload', 'legacy', 'GET blob', shortBody, ['DIGEST_MISMATCH']],
    ['tampers with a blob', 'bundle', 'GET blob', tamperedBody, ['DIGEST_MISMATCH']],
    ['tampers with a payload', 'legacy', 'GET blob', tamperedBody, ['DIGEST_MISMATCH']],
    ['tampers with the signature manifest', 'legacy', 'GET manifest', tamperedBody, ['DIGEST_MISMATCH']],
    ['lies about the digest of the signature manifest', 'legacy', 'GET manifest', lyingDigestHeader, ['DIGEST_MISMATCH']],
    ['sends a bundle without end', 'bundle', 'GET blob', endlessBody, ['SIZE_LIMIT']],
    ['sends a manifest without end', 'legacy', 'GET manifest', endlessBody, ['SIZE_LIMIT']],
    ['sends referrers without end', 'bundle', 'referrers', endlessBody, ['SIZE_LIMIT']],
    ['lists pages without end', 'unsigned', 'referrers', endlessPages(), ['COUNT_LIMIT']],
    ['lists pages in a circle', 'unsigned', 'referrers', pageLoop, ['COUNT_LIMIT']],
    ['redirects in a circle', 'bundle', 'GET blob', redirectLoop, ['REGISTRY_REDIRECT_REFUSED']],
    ['redirects to a private address', 'bundle', 'GET blob', redirect('http://10.0.0.1/blob'), ['REGISTRY_REDIRECT_REFUSED']],
    ['redirects to the metadata service', 'bundle', 'GET blob', redirect('http://169.254.169.254/latest'), ['REGISTRY_REDIRECT_REFUSED']],
    ['redirects off http', 'bundle', 'GET blob', redirect('file:///etc/passwd'), ['REGISTRY_REDIRECT_REFUSED']],
    ['never answers', 'legacy', 'manifest', silence, ['REGISTRY_TIMEOUT']],
    ['sends a byte now and then', 'bundle', 'GET blob', slowBody(50), ['REGISTRY_TIMEOUT']],
    ['answers the signature tag with a web page', 'unsigned', 'GET manifest', webPage(), ['REGISTRY_RESPONSE_INVALID']],
    ['answers the signature tag with a web page that says 404', 'unsigned', 'GET manifest', webPage(404), ['REGISTRY_RESPONSE_INVALID']],
    ['has a firewall before it that says 404 to what it does not know', 'legacy', 'GET manifest', webPage(404), ['REGISTRY_RESPONSE_INVALID']],
    ['cuts the 404 of the signature tag', 'unsigned', 'GET manifest', cutBody, ['REGISTRY_UNREACHABLE']],
    ['answers the referrers with a web page that says 400', 'bundle', 'referrers', webPage(400), ['REGISTRY_RESPONSE_INVALID']],
    ['answers the referrers with a web page that says 405', 'bundle', 'referrers', webPage(405), ['REGISTRY_RESPONSE_INVALID']],
    ['answers the referrers with a bare 400', 'bundle', 'referrers', () => ({ status: 400 }), ['REGISTRY_RESPONSE_INVALID']],
    ['cuts a 404 for the referrers', 'bundle', 'referrers', () => ({ status: 404, headers: { 'content-type': 'application/json' }, body: '{"errors":[{"code":"DENIED"}]}', cut: 'in body' }), ['REGISTRY_UNREACHABLE']],
  ];
  for (const [what, signed, words, fault, codes] of spoiled) {
    it(`${what} leaves the image unchecked`, () => withRegistry({}, signed, async (registry, engine, image) => {
      registry.intercept = on(words, fault);
      const verdict = await ask(engine, image, keys);
      assert.ok(codes.includes(codeOf(verdict)), `${codeOf(verdict)} ${JSON.stringify(verdict)}`);
    }, codes.includes('REGISTRY_TIMEOUT') ? impatientMs : patientMs));
  }

  for (const [what, elsewhere, kind] of [['where there is nothing', { status: 404 }, 'unchecked'], ['where a registry says that there is none', failure(404, 'MANIFEST_UNKNOWN'), 'unsigned']] as const) {
    it(`redirects the signature tag to another host ${what} leaves the image ${kind}`, async () => {
      const other = await startRegistry({ intercept: () => elsewhere });
      try {
        await withRegistry({}, 'unsigned', async (registry, engine, image) => {
          registry.intercept = on('GET manifest', redirect(`http://${other.host}/gone`));
          assert.equal((await ask(engine, image, keys)).kind, kind);
        });
      } finally {
        await other.close();
      }
    });
  }

  it('lies about the digest of a tag in its header is believed by nobody who hashes', () => withRegistry({}, 'legacy', async (registry, engine, image) => {
    registry.intercept = on('HEAD 1.0', lyingDigestHeader);
    assert.notEqual(codeOf(await ask(engine, image, keys)), 'verified');
  }));

  for (const [what, fault] of [['sends no digest header', missingDigestHeader], ['sends a malformed digest header', malformedDigestHeader]] as const) {
    it(`${what} is hashed instead`, () => withRegistry({}, 'legacy', async (registry, engine, image) => {
      registry.intercept = on('manifest', fault);
      assert.equal(codeOf(await ask(engine, image, keys)), 'verified');
    }));
  }

  for (const [signed, code] of [['legacy', 'verified'], ['bundle', 'REGISTRY_RESPONSE_INVALID'], ['unsigned', 'REGISTRY_RESPONSE_INVALID']] as const) {
    it(`answers the referrers with a web page leaves what is signed as ${signed} ${code === 'verified' ? 'verified by what was read' : 'unchecked, never unsigned'}`, () => withRegistry({}, signed, async (registry, engine, image) => {
      registry.intercept = on('referrers', webPage());
      assert.equal(codeOf(await ask(engine, image, keys)), code);
    }));
  }

  it('answers the referrers with 303 to another host, as GHCR at times, has none', () => withRegistry({}, 'unsigned', async (registry, engine, image) => {
    registry.intercept = on('referrers', redirect('https://github.example/truncated', 303));
    assert.equal(codeOf(await ask(engine, image, keys)), 'unsigned');
  }));

  it('serves an index of referrers with a charset is understood', () => withRegistry({}, 'bundle', async (registry, engine, image) => {
    registry.intercept = on('referrers', contentType('application/vnd.oci.image.index.v1+json; charset=utf-8'));
    assert.equal(codeOf(await ask(engine, image, keys)), 'verified');
  }));

  it('fails once is asked again', () => withRegistry({}, 'bundle', async (registry, engine, image) => {
    registry.intercept = times(2, status(503));
    assert.equal(codeOf(await ask(engine, image, keys)), 'verified');
  }));

  it('asks to wait a second is waited for', () => withRegistry({}, 'bundle', async (registry, engine, image) => {
    registry.intercept = times(1, tooManyRequests('1'));
    assert.equal(codeOf(await ask(engine, image, keys)), 'verified');
  }));

  it('pages its referrers is read to the end', () => withRegistry({ referrersPageSize: 2 }, 'bundle', async (registry, engine, image, descriptor) => {
    for (let n = 0; n < 7; n++) registry.store.putReferrer(repository, descriptor, `sbom ${n}`, 'application/spdx+json');
    assert.equal(codeOf(await ask(engine, image, keys)), 'verified');
    assert.ok(registry.count('referrers') >= 4);
  }));
});

describe('referrers that a registry keeps elsewhere', () => {
  for (const referrers of ['router 404', 'json 404'] as const) {
    it(`are found under the fallback tag when it answers with a ${referrers}`, () => withRegistry({ referrers }, 'unsigned', async (registry, engine, image, descriptor) => {
      const bundle = registry.store.putReferrer(repository, descriptor, makeBundle(descriptor.digest as Digest, release), 'application/vnd.dev.sigstore.bundle.v0.3+json');
      // What cosign 3.1 writes there: the config's type for an artifact type.
      registry.store.putManifest(repository, descriptor.digest.replace(':', '-'), { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [{ ...bundle, artifactType: 'application/vnd.oci.empty.v1+json' }] }, 'application/vnd.oci.image.index.v1+json');
      assert.equal(codeOf(await ask(engine, image, keys)), 'verified');
    }));
  }
});

describe('logging in', () => {
  it('takes one anonymous token for all requests of a repository', () => withRegistry({ auth: { kind: 'bearer' } }, 'bundle', async (registry, engine, image) => {
    const verdicts = await Promise.all(Array.from({ length: 10 }, () => ask(engine, image, keys)));
    assert.ok(verdicts.every(({ kind }) => kind === 'verified'));
    assert.equal(registry.count('token'), 1);
  }));

  it('takes a new token when the old one was revoked', () => withRegistry({ auth: { kind: 'bearer' } }, 'bundle', async (registry, engine, image) => {
    assert.equal(codeOf(await ask(engine, image, keys)), 'verified');
    registry.revokeTokens();
    assert.equal(codeOf(await ask(engine, image, keys, { fresh: true })), 'verified');
    assert.equal(registry.count('token'), 2);
  }));

  it('without a login a private repository is unchecked, and the message says who asked', () => withRegistry({ auth: { kind: 'bearer', anonymousPull: false } }, 'bundle', async (_registry, engine, image) => {
    const verdict = await ask(engine, image, keys);
    assert.ok(verdict.kind === 'unchecked' && verdict.reason.code === 'REGISTRY_UNAUTHORIZED', codeOf(verdict));
    assert.match(verdict.reason.message, /anonymously/);
  }));
});

describe('20 images of one registry', () => {
  let registry: TestRegistry;
  before(async () => { registry = await startRegistry({ referrers: 'router 404', latencyMs: 5 }); });
  after(() => registry.close());

  it('cost at most 65 requests cold, one each with known signatures, none by digest', async () => {
    const engine = testEngine({ tagLifetimeMs: 0 });
    const images = Array.from({ length: 20 }, (_, n) => registry.store.putImage(repository, `v${n}`));
    for (const image of images) addLegacy(registry.store, image, release);
    // A payload with an annotation must be fetched; plain ones, as most are, need no blob: count without them.
    const names = images.map((_, n) => `${registry.host}/${repository}:v${n}`);
    const verifyAll = async (references: readonly string[]): Promise<number> => {
      registry.clearLog();
      const verdicts = await Promise.all(references.map((image) => ask(engine, image, keys)));
      assert.ok(verdicts.every(({ kind }) => kind === 'verified'));
      return registry.count();
    };
    const cold = await verifyAll(names);
    assert.ok(cold - registry.count('blob') <= 65, `${cold} requests`);
    assert.equal(await verifyAll(names), 20);
    assert.equal(await verifyAll(images.map(({ digest }) => `${registry.host}/${repository}@${digest}`)), 0);
    await engine.dispose();
  });
});
