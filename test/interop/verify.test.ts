// Images in Debian's docker-registry, signed by the real cosign 2.5 and 3.1 in both formats: our verdict beside cosign's own.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Verdict } from '../../src/core/policy/verdict.ts';
import { Cosign, type SignatureFormat } from '../support/cosign.ts';
import { ask, testEngine } from '../support/engine.ts';
import { pushImage, pushIndex } from '../support/images.ts';
import { requirePeers, startDistribution, type Distribution } from '../support/peers.ts';

const engine = testEngine();
let registry: Distribution;
let programs: readonly { readonly cosign: Cosign; readonly formats: readonly SignatureFormat[] }[];
let keys: Awaited<ReturnType<Cosign['generateKeyPair']>>;
let other: typeof keys;

before(async () => {
  const peers = await requirePeers(['cosign2', 'cosign3', 'registry']);
  registry = await startDistribution();
  const [two, three] = [new Cosign(peers.cosign2, 2), new Cosign(peers.cosign3, 3)];
  programs = [{ cosign: two, formats: ['legacy'] }, { cosign: three, formats: ['legacy', 'bundle'] }];
  keys = await two.generateKeyPair('release');
  other = await three.generateKeyPair('other');
});
after(async () => {
  await engine.dispose();
  await registry.close();
});

const kinds = (verdict: Verdict): unknown => ('signatures' in verdict ? verdict.signatures.map(({ format, signedBy, fault }) => [format, signedBy?.key ?? fault]) : verdict.kind);
const unique = (() => { let next = 0; return (name: string) => `${name}-${++next}`; })();

async function signedImage(major: number, format: SignatureFormat, more: readonly string[] = [], key = keys.key): Promise<string> {
  const program = programs.find(({ cosign }) => cosign.major === major);
  assert.ok(program);
  const image = await pushImage(registry.host, `demo/${unique('app')}`, '1.0');
  await program.cosign.sign(key, image.byDigest, format, more);
  return `${registry.host}/${image.repository}:1.0`;
}

for (const [major, format] of [[2, 'legacy'], [3, 'legacy'], [3, 'bundle']] as const) {
  describe(`an image signed by cosign ${major} as ${format}`, () => {
    it('is verified by tag and by digest, as cosign itself says', async () => {
      const image = await signedImage(major, format);
      const verdict = await ask(engine, image, { release: keys.pem });
      assert.ok(verdict.kind === 'verified', JSON.stringify(verdict));
      assert.deepEqual(kinds(verdict), [[format, 'release']]);
      assert.equal((await ask(engine, `${image.replace(/:1\.0$/, '')}@${verdict.digest}`, { release: keys.pem })).kind, 'verified');
      const program = programs.find(({ cosign }) => cosign.major === major);
      assert.equal((await program?.cosign.verify(keys.pub, image))?.code, 0);
    });

    it('is untrusted with another key, as cosign itself says', async () => {
      const image = await signedImage(major, format);
      const verdict = await ask(engine, image, { other: other.pem });
      assert.equal(verdict.kind, 'untrusted', JSON.stringify(verdict));
      assert.deepEqual(kinds(verdict), [[format, 'other-key']]);
      const program = programs.find(({ cosign }) => cosign.major === major);
      assert.notEqual((await program?.cosign.verify(other.pub, image))?.code, 0);
    });

    it('satisfies a policy with its annotations and no other', async () => {
      const image = await signedImage(major, format, ['-a', 'env=prod', '-a', 'note=a<b&c']);
      const policy = (annotations: object): readonly object[] => [{ images: ['**'], keys: ['release'], annotations }];
      assert.equal((await ask(engine, image, { release: keys.pem }, { policies: policy({ env: 'prod', note: 'a<b&c' }) })).kind, 'verified');
      const wrong = await ask(engine, image, { release: keys.pem }, { policies: policy({ env: 'dev' }) });
      assert.equal(wrong.kind, 'untrusted');
      assert.deepEqual(kinds(wrong), [[format, 'annotations']]);
    });
  });
}

describe('both stores', () => {
  it('are both reported when both hold a signature', async () => {
    const image = await pushImage(registry.host, `demo/${unique('both')}`, '1.0');
    for (const { cosign, formats } of programs) for (const format of formats) await cosign.sign(keys.key, image.byDigest, format);
    const verdict = await ask(engine, `${registry.host}/${image.repository}:1.0`, { release: keys.pem });
    assert.equal(verdict.kind, 'verified');
    // cosign 3 does not repeat what cosign 2 already signed with the same key.
    assert.deepEqual(kinds(verdict), [['legacy', 'release'], ['bundle', 'release']]);
  });

  it('a foreign bundle does not hide a good legacy signature, unlike in cosign 3', async () => {
    const image = await pushImage(registry.host, `demo/${unique('hidden')}`, '1.0');
    const [two, three] = programs;
    assert.ok(two && three);
    await two.cosign.sign(keys.key, image.byDigest, 'legacy');
    await three.cosign.sign(other.key, image.byDigest, 'bundle');
    const verdict = await ask(engine, image.byDigest, { release: keys.pem });
    assert.equal(verdict.kind, 'verified');
    assert.deepEqual(kinds(verdict), [['legacy', 'release'], ['bundle', 'other-key']]);
    assert.notEqual((await three.cosign.verify(keys.pub, image.byDigest)).code, 0);
  });

  it('an image nobody signed is unsigned, and one that is not there could not be checked', async () => {
    const image = await pushImage(registry.host, `demo/${unique('bare')}`, '1.0');
    assert.equal((await ask(engine, `${registry.host}/${image.repository}:1.0`, { release: keys.pem })).kind, 'unsigned');
    assert.equal((await ask(engine, image.byDigest, { release: keys.pem })).kind, 'unsigned');
    for (const missing of [`${registry.host}/${image.repository}:2.0`, `${registry.host}/${image.repository}@sha256:${'0'.repeat(64)}`]) {
      const verdict = await ask(engine, missing, { release: keys.pem });
      assert.ok(verdict.kind === 'unchecked' && verdict.reason.code === 'IMAGE_NOT_FOUND', JSON.stringify(verdict));
    }
  });

  it('the signature tag of one image says nothing for another', async () => {
    const [signed, bare] = [await pushImage(registry.host, 'demo/swap', '1.0', 'signed'), await pushImage(registry.host, 'demo/swap', '2.0', 'bare')];
    await programs[0]?.cosign.sign(keys.key, signed.byDigest, 'legacy');
    const content = Buffer.from(await (await fetch(`http://${registry.host}/v2/demo/swap/manifests/${signed.digest.replace(':', '-')}.sig`, { headers: { accept: 'application/vnd.oci.image.manifest.v1+json' } })).arrayBuffer());
    await fetch(`http://${registry.host}/v2/demo/swap/manifests/${bare.digest.replace(':', '-')}.sig`, { method: 'PUT', body: content, headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' } });
    const verdict = await ask(engine, bare.byDigest, { release: keys.pem });
    assert.equal(verdict.kind, 'untrusted');
    assert.deepEqual(kinds(verdict), [['legacy', 'wrong-digest']]);
  });
});

describe('an index', () => {
  for (const [major, format] of [[2, 'legacy'], [3, 'bundle']] as const) {
    it(`signed by cosign ${major} as ${format} is verified as the digest that was named`, async () => {
      const { index } = await pushIndex(registry.host, `demo/${unique('index')}`, '1.0', ['linux/amd64', 'linux/arm64']);
      await programs.find(({ cosign }) => cosign.major === major)?.cosign.sign(keys.key, index.byDigest, format);
      const verdict = await ask(engine, `${registry.host}/${index.repository}:1.0`, { release: keys.pem }, { platform: 'linux/arm64' });
      assert.ok(verdict.kind === 'verified', JSON.stringify(verdict));
      assert.equal(verdict.decidedBy, index.digest);
      assert.equal(verdict.platform, undefined);
    });

    it(`whose child alone is signed by cosign ${major} as ${format} is verified for that platform only, and says so`, async () => {
      const { index, children } = await pushIndex(registry.host, `demo/${unique('child')}`, '1.0', ['linux/amd64', 'linux/arm64']);
      const child = children.get('linux/arm64');
      assert.ok(child);
      await programs.find(({ cosign }) => cosign.major === major)?.cosign.sign(keys.key, child.byDigest, format);
      const image = `${registry.host}/${index.repository}:1.0`;
      const verdict = await ask(engine, image, { release: keys.pem }, { platform: 'linux/arm64' });
      assert.ok(verdict.kind === 'verified', JSON.stringify(verdict));
      assert.deepEqual([verdict.digest, verdict.decidedBy, verdict.platform], [index.digest, child.digest, 'linux/arm64']);
      assert.equal((await ask(engine, image, { release: keys.pem }, { platform: 'linux/amd64' })).kind, 'unsigned');
      assert.equal((await ask(engine, image, { release: keys.pem })).kind, 'unsigned');
      const missing = await ask(engine, image, { release: keys.pem }, { platform: 'linux/s390x' });
      assert.ok(missing.kind === 'unchecked' && missing.reason.code === 'PLATFORM_NOT_FOUND');
    });
  }
});
