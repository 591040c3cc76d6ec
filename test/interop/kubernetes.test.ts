// Keys in Kubernetes: a secret of ours for both real cosigns and for kubectl, a secret of theirs for us, on one API server.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Engine } from '../../src/core/engine.ts';
import { parseReference } from '../../src/core/oci/reference.ts';
import { Cosign, type CosignResult } from '../support/cosign.ts';
import { ask, testEngine } from '../support/engine.ts';
import { pushImage } from '../support/images.ts';
import { KubeApi } from '../support/kubeApi.ts';
import { requirePeers, startDistribution, type Distribution } from '../support/peers.ts';

const never = new AbortController().signal;
const reference = 'k8s://prod/cosign';
const place = { namespace: 'prod', name: 'cosign' };
const key = { name: 'cluster', reference };
let api: KubeApi;
let registry: Distribution;
let engine: Engine;
let kubeconfig: string;
let kubectlProgram: string;
let cosigns: readonly Cosign[] = [];
let next = 0;

before(async () => {
  const peers = await requirePeers(['cosign2', 'cosign3', 'registry', 'kubectl']);
  cosigns = [new Cosign(peers.cosign2, 2), new Cosign(peers.cosign3, 3)];
  kubectlProgram = peers.kubectl;
  [api, registry] = [await KubeApi.start(), await startDistribution()];
  kubeconfig = api.kubeconfig('certificate');
  engine = testEngine({ kubernetes: { kubeconfig } });
});
after(async () => {
  await engine.dispose();
  api.close();
  await registry.close();
});
beforeEach(() => {
  api.secrets.clear();
  api.version = { major: '1', minor: '30' };
  api.allows = () => true;
});

const newImage = async (): Promise<string> => (await pushImage(registry.host, `demo/app-${++next}`, '1.0')).byDigest;
const generate = async (more: object = {}): Promise<string> => {
  const plan = await engine.kubernetes.planKeyPair({ place, ...more }, never);
  await plan.write(never);
  return plan.publicKey.pem;
};
/** With the cluster's password only: COSIGN_PASSWORD is not set. */
const run = (cosign: Cosign, ...args: readonly string[]): Promise<CosignResult> => cosign.run(args, { password: null, env: { KUBECONFIG: kubeconfig } });
const ok = ({ code, stderr }: CosignResult): void => { assert.equal(code, 0, stderr); };
const withoutLog = ({ major }: Cosign, format: 'legacy' | 'bundle'): readonly string[] =>
  ['--tlog-upload=false', '--yes', ...(major === 2 ? [] : ['--use-signing-config=false', `--new-bundle-format=${format === 'bundle'}`])];
const kubectl = (...args: readonly string[]): Promise<{ readonly code: number; readonly out: string }> => new Promise((resolve) => {
  execFile(kubectlProgram, [...args], { env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', KUBECONFIG: kubeconfig } }, (error, stdout, stderr) => {
    resolve({ code: error ? 1 : 0, out: `${stdout}${stderr}` });
  });
});
async function signByUs(image: string): Promise<void> {
  const plan = await engine.signing.planImage({ reference: parseReference(image), format: 'both', recursive: false }, never);
  await engine.signing.signImage({ plan, key, annotations: {}, dockerMediaTypes: false }, () => undefined, never);
}

for (const at of [0, 1]) {
  const major = at + 2;
  const theirs = (): Cosign => cosigns[at] ?? assert.fail();
  const formats = major === 2 ? ['legacy'] as const : ['legacy', 'bundle'] as const;

  describe(`a secret that we made, for cosign ${major}`, () => {
    for (const format of formats) {
      it(`signs an image as ${format}, which cosign and we verify with it`, async () => {
        await generate();
        const image = await newImage();
        ok(await run(theirs(), 'sign', '--key', reference, '--allow-http-registry', ...withoutLog(theirs(), format), image));
        ok(await run(theirs(), 'verify', '--key', reference, '--insecure-ignore-tlog', '--allow-http-registry', image));
        assert.equal((await ask(engine, image, { cluster: reference }, { fresh: true })).kind, 'verified');
      });
    }

    it('signs and verifies a file', async () => {
      await generate();
      const file = join(theirs().directory, `blob-${++next}`);
      writeFileSync(file, 'hello');
      ok(await run(theirs(), 'sign-blob', '--key', reference, '--output-signature', `${file}.sig`, ...withoutLog(theirs(), 'legacy'), file));
      ok(await run(theirs(), 'verify-blob', '--key', reference, '--insecure-ignore-tlog', '--signature', `${file}.sig`, file));
      await engine.signing.signFile({ file, key, signature: `${file}.ours.sig`, overwrite: false }, () => undefined, never);
      ok(await run(theirs(), 'verify-blob', '--key', reference, '--insecure-ignore-tlog', '--signature', `${file}.ours.sig`, file));
    });

    it('verifies what we signed with it, also with the secret that has the public key only', async () => {
      await generate({ publicOnly: { namespace: 'prod', name: 'cosign-public' } });
      const image = await newImage();
      await signByUs(image);
      for (const name of ['cosign', 'cosign-public']) ok(await run(theirs(), 'verify', '--key', `k8s://prod/${name}`, '--insecure-ignore-tlog', '--allow-http-registry', image));
      assert.equal((await ask(engine, image, { cluster: 'k8s://prod/cosign-public' }, { fresh: true })).kind, 'verified');
    });

    it('cannot be generated over by cosign, because it is immutable', async () => {
      await generate();
      assert.match((await run(theirs(), 'generate-key-pair', reference)).stderr, /immutable/);
    });
  });

  describe(`a secret that cosign ${major} made, for us`, () => {
    for (const minor of ['20', '30']) {
      it(`on Kubernetes 1.${minor} signs what cosign verifies, and verifies what cosign signed`, async () => {
        api.version = { major: '1', minor };
        ok(await theirs().run(['generate-key-pair', reference], { password: 'their password', env: { KUBECONFIG: kubeconfig } }));
        assert.equal(api.secrets.get('prod/cosign')?.immutable, minor === '30' ? true : undefined);
        assert.equal(api.text('prod', 'cosign', 'cosign.password'), 'their password');
        const [ours, theirImage] = [await newImage(), await newImage()];
        await signByUs(ours);
        ok(await run(theirs(), 'verify', '--key', reference, '--insecure-ignore-tlog', '--allow-http-registry', ours));
        ok(await run(theirs(), 'sign', '--key', reference, '--allow-http-registry', ...withoutLog(theirs(), formats.at(-1) ?? 'legacy'), theirImage));
        assert.equal((await ask(engine, theirImage, { cluster: reference }, { fresh: true })).kind, 'verified');
        const pub = join(theirs().directory, 'cosign.pub');
        assert.equal(existsSync(pub) ? readFileSync(pub, 'utf8') : '', api.text('prod', 'cosign', 'cosign.pub'));
      });

      it(`on Kubernetes 1.${minor} can be generated over by us, and cosign signs with the new key`, async () => {
        api.version = { major: '1', minor };
        ok(await theirs().run(['generate-key-pair', reference], { password: 'their password', env: { KUBECONFIG: kubeconfig } }));
        const plan = await engine.kubernetes.planKeyPair({ place }, never);
        assert.deepEqual(plan.secrets.map(({ action }) => action), [minor === '30' ? 'replace' : 'update']);
        await plan.write(never);
        const image = await newImage();
        ok(await run(theirs(), 'sign', '--key', reference, '--allow-http-registry', ...withoutLog(theirs(), formats.at(-1) ?? 'legacy'), image));
        assert.equal((await ask(engine, image, { made: plan.publicKey.pem })).kind, 'verified');
      });
    }
  });
}

describe('kubectl', () => {
  it('reads what we wrote', async () => {
    const pem = await generate();
    const { code, out } = await kubectl('get', 'secret', 'cosign', '--namespace', 'prod', '--output', 'json');
    assert.equal(code, 0, out);
    const { data, immutable, type } = JSON.parse(out) as { data: Record<string, string>; immutable: boolean; type: string };
    assert.deepEqual([Object.keys(data).sort(), immutable, type], [['cosign.key', 'cosign.password', 'cosign.pub'], true, 'Opaque']);
    assert.equal(Buffer.from(data['cosign.pub'] ?? '', 'base64').toString(), pem);
  });

  it('says no to the question that a forbidden secret names', async () => {
    await generate();
    api.allows = ({ verb, resource }) => !(verb === 'get' && resource === 'secrets');
    const verdict = await ask(engine, await newImage(), { cluster: reference }, { fresh: true });
    assert.ok(verdict.kind === 'unchecked', verdict.kind);
    assert.equal(verdict.reason.code, 'KUBERNETES_FORBIDDEN');
    const line = /kubectl (auth can-i .+)$/.exec(String(verdict.reason.remedy))?.[1] ?? assert.fail(String(verdict.reason.remedy));
    assert.match((await kubectl(...line.split(' '))).out, /^no/m);
    api.allows = () => true;
    assert.match((await kubectl(...line.split(' '))).out, /^yes/m);
  });
});

describe('a cluster that fails', () => {
  it('makes the images of its key unchecked and leaves the others alone', async () => {
    const files = cosigns[0] ?? assert.fail();
    const [mine, other] = [await newImage(), await newImage()];
    const pair = await files.generateKeyPair(`local-${++next}`);
    await files.sign(pair.key, other, 'legacy');
    const policies = [{ images: [other.split('@')[0] ?? ''], keys: ['local'] }, { images: [mine.split('@')[0] ?? ''], keys: ['cluster'] }];
    const keys = { local: pair.pem, cluster: reference };
    const [first, second] = await Promise.all([ask(engine, mine, keys, { policies, fresh: true }), ask(engine, other, keys, { policies, fresh: true })]);
    assert.deepEqual([first.kind, second.kind], ['unchecked', 'verified']);
    assert.equal(first.kind === 'unchecked' && first.reason.code, 'KUBERNETES_SECRET_NOT_FOUND');
  });

  it('is asked again by a fresh verification only, and once for all images of a file', async () => {
    await generate();
    const images = [await newImage(), await newImage(), await newImage()];
    const own = testEngine({ kubernetes: { kubeconfig } });
    const reads = (): number => api.requests.filter(({ verb, name }) => verb === 'get' && name === 'cosign').length;
    const start = reads();
    await Promise.all(images.map((image) => ask(own, image, { cluster: reference })));
    await Promise.all(images.map((image) => ask(own, image, { cluster: reference })));
    assert.equal(reads() - start, 1);
    await Promise.all(images.map((image) => ask(own, image, { cluster: reference }, { fresh: true })));
    assert.equal(reads() - start, 2);
    await own.dispose();
  });
});
