// What we sign, for both real cosigns; what they sign, for us; over every kind of key. What cosign itself cannot do is asserted to fail there.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Cosign, type CosignResult } from '../support/cosign.ts';
import { pushImage, pushIndex } from '../support/images.ts';
import { requirePeers, startDistribution, type Distribution } from '../support/peers.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { algorithms, Ours, password, Table, type Algorithm, type KeyFiles } from './signing.ts';

const ours = new Ours();
const [oursByThem, theirsByAll] = [new Table(), new Table()];
const imported = new Map<Algorithm, KeyFiles>();
const theirKeys = new Map<Algorithm, KeyFiles>();
let two: Cosign;
let three: Cosign;
let plain: Distribution;
let native: TestRegistry;
let generated: KeyFiles;

before(async () => {
  const peers = await requirePeers(['cosign2', 'cosign3', 'registry']);
  [two, three] = [new Cosign(peers.cosign2, 2), new Cosign(peers.cosign3, 3)];
  [plain, native] = [await startDistribution(), await startRegistry()];
  generated = await ours.generated('generated');
  for (const algorithm of algorithms) {
    imported.set(algorithm, await ours.imported(algorithm));
    theirKeys.set(algorithm, await ours.theirs(algorithm));
  }
});
after(async () => {
  ours.close();
  await plain.close();
  await native.close();
  oursByThem.print('written by us, verified by');
  theirsByAll.print('written by cosign, verified by');
});

let next = 0;
const image = async (host = plain.host): Promise<string> => (await pushImage(host, `demo/app-${++next}`, '1.0')).byDigest;
const keyOf = (keys: ReadonlyMap<Algorithm, KeyFiles>, algorithm: Algorithm): KeyFiles => keys.get(algorithm) ?? generated;
const blob = (): string => {
  const path = join(ours.directory, `blob-${++next}`);
  writeFileSync(path, `hello ${next}\n`);
  return path;
};
/** 2.5 refreshes trust over the network unless it is given a root. */
const verifyBlob = (cosign: Cosign, pub: string, file: string, how: 'signature' | 'bundle', path: string): Promise<CosignResult> => cosign.run([
  'verify-blob', '--key', pub, '--insecure-ignore-tlog',
  ...(how === 'signature' ? ['--signature', path] : ['--bundle', path, ...(cosign.major === 2 ? ['--new-bundle-format', '--trusted-root', join(cosign.directory, 'root.json')] : [])]),
  file,
]);
const formatFlags = ({ major }: Cosign, format: 'legacy' | 'bundle'): readonly string[] => (major === 2 ? [] : ['--use-signing-config=false', `--new-bundle-format=${format === 'bundle'}`]);
const signWith = (cosign: Cosign, key: string, target: string, format: 'legacy' | 'bundle', more: readonly string[] = []): Promise<CosignResult> =>
  cosign.must(['sign', '--key', key, '--tlog-upload=false', '--yes', '--allow-http-registry', ...formatFlags(cosign, format), ...more, target], { password });
function accepted(table: Table, row: string, column: string, { code, stderr }: CosignResult, expected = true): void {
  table.set(row, column, code === 0);
  assert.equal(code === 0, expected, `${row} / ${column}: ${stderr}`);
}

for (const algorithm of algorithms) {
  describe(`what we write with ${algorithm}`, () => {
    it('images in every format: both cosigns verify them with no flag', async () => {
      const key = keyOf(imported, algorithm);
      const targets = { legacy: await image(), bundle: await image(), both: await image() };
      for (const format of ['legacy', 'bundle', 'both'] as const) await ours.sign(targets[format], key, format, { annotations: { env: 'prod', note: 'a<b&c' } });
      const verified = (cosign: Cosign, format: keyof typeof targets): Promise<CosignResult> => cosign.verify(key.pub, targets[format], ['-a', 'env=prod', '-a', 'note=a<b&c']);
      for (const format of ['legacy', 'both'] as const) accepted(oursByThem, algorithm, `image ${format}, 2.5`, await verified(two, format));
      for (const format of ['legacy', 'bundle', 'both'] as const) accepted(oursByThem, algorithm, `image ${format}, 3.1`, await verified(three, format));
      // 2.5 knows no bundles of images.
      if (algorithm === 'P-256') accepted(oursByThem, algorithm, 'image bundle, 2.5', await verified(two, 'bundle'), false);
    });

    it('images with a key that cosign wrote: both cosigns verify them with no flag', async () => {
      const key = keyOf(theirKeys, algorithm);
      const target = await image();
      await ours.sign(target, key, 'both');
      for (const [name, cosign] of [['2.5', two], ['3.1', three]] as const) accepted(oursByThem, algorithm, `image, their key, ${name}`, await cosign.verify(key.pub, target));
    });

    it('indexes, recursively: both cosigns verify the whole and a child', async () => {
      const key = keyOf(imported, algorithm);
      const { index, children } = await pushIndex(plain.host, `demo/index-${++next}`, '1.0', ['linux/amd64', 'linux/arm64']);
      await ours.sign(index.byDigest, key, 'both', { recursive: true });
      const child = children.get('linux/arm64') ?? index;
      for (const [name, cosign] of [['2.5', two], ['3.1', three]] as const) {
        accepted(oursByThem, algorithm, `index, ${name}`, await cosign.verify(key.pub, index.byDigest));
        accepted(oursByThem, algorithm, `index child, ${name}`, await cosign.verify(key.pub, child.byDigest));
      }
    });

    it('files: both cosigns verify both outputs, and not for other contents', async () => {
      const key = keyOf(imported, algorithm);
      const file = blob();
      const { signature, bundle } = await ours.signFile(file, key);
      for (const [name, cosign] of [['2.5', two], ['3.1', three]] as const) {
        accepted(oursByThem, algorithm, `file .sig, ${name}`, await verifyBlob(cosign, key.pub, file, 'signature', signature));
        accepted(oursByThem, algorithm, `file bundle, ${name}`, await verifyBlob(cosign, key.pub, file, 'bundle', bundle));
      }
      assert.notEqual((await verifyBlob(three, key.pub, blob(), 'signature', signature)).code, 0);
    });
  });

  describe(`what cosign writes with ${algorithm}`, () => {
    const sha256Only = algorithm === 'P-384' || algorithm === 'P-521' || algorithm === 'Ed25519';
    for (const [name, format] of [['2.5', 'legacy'], ['3.1', 'legacy'], ['3.1', 'bundle']] as const) {
      it(`images by ${name} as ${format}, with a key that ${name === '2.5' ? 'we imported' : 'cosign imported'}: we verify them`, async () => {
        const key = keyOf(name === '2.5' ? imported : theirKeys, algorithm);
        const cosign = name === '2.5' ? two : three;
        const target = await image();
        await signWith(cosign, key.key, target, format);
        const verdict = await ours.verify(target, key);
        theirsByAll.set(algorithm, `image ${format} of ${name}, us`, verdict.kind === 'verified');
        assert.equal(verdict.kind, 'verified', JSON.stringify(verdict));
        // 3.1 signs with P-384, P-521 and Ed25519 what no verify command accepts by default.
        accepted(theirsByAll, algorithm, `image ${format} of ${name}, ${name}`, await cosign.verify(key.pub, target), name === '2.5' || !sha256Only);
      });
    }

    it('indexes, recursively: we verify the whole and each child', async () => {
      const key = keyOf(theirKeys, algorithm);
      for (const [name, cosign, format] of [['2.5', two, 'legacy'], ['3.1', three, 'bundle']] as const) {
        const { index, children } = await pushIndex(plain.host, `demo/index-${++next}`, '1.0', ['linux/amd64', 'linux/arm64']);
        await signWith(cosign, key.key, index.byDigest, format, ['-r']);
        const kinds = await Promise.all([index, ...children.values()].map(async ({ byDigest }) => (await ours.verify(byDigest, key)).kind));
        theirsByAll.set(algorithm, `index of ${name}, us`, kinds.every((kind) => kind === 'verified'));
        assert.deepEqual(kinds, ['verified', 'verified', 'verified']);
      }
    });

    it('files: we verify what it wrote, as far as it says which file it is for', async () => {
      const key = keyOf(theirKeys, algorithm);
      const file = blob();
      const out = { sig2: `${file}.2.sig`, bundle2: `${file}.2.sigstore.json`, sig3: `${file}.3.sig`, legacy3: `${file}.3.bundle`, bundle3: `${file}.3.sigstore.json` };
      const signBlob = (cosign: Cosign, ...args: readonly string[]): Promise<CosignResult> => cosign.must(['sign-blob', '--yes', '--key', key.key, '--tlog-upload=false', ...args, file], { password });
      await signBlob(two, '--output-signature', out.sig2);
      await signBlob(two, '--new-bundle-format', '--bundle', out.bundle2);
      await signBlob(three, '--use-signing-config=false', '--new-bundle-format=false', '--output-signature', out.sig3, '--bundle', out.legacy3);
      await signBlob(three, '--use-signing-config=false', '--bundle', out.bundle3);
      // 3.1's own bundle with Ed25519 says not which file it is for, and 3.1 itself refuses it.
      const noDigest = algorithm === 'Ed25519';
      for (const [column, path, format, expected] of [
        ['file .sig of 2.5', out.sig2, 'signature', true], ['file bundle of 2.5', out.bundle2, 'bundle', true],
        ['file .sig of 3.1', out.sig3, 'signature', true], ['file old bundle of 3.1', out.legacy3, 'legacy bundle', true], ['file bundle of 3.1', out.bundle3, 'bundle', !noDigest],
      ] as const) {
        const verdict = await ours.verifyFile(file, key, path, format);
        theirsByAll.set(algorithm, `${column}, us`, verdict.kind === 'verified');
        assert.equal(verdict.kind, expected ? 'verified' : 'untrusted', `${column} ${JSON.stringify(verdict)}`);
      }
      accepted(theirsByAll, algorithm, 'file bundle of 3.1, 3.1', await verifyBlob(three, key.pub, file, 'bundle', out.bundle3), !sha256Only);
    });
  });
}

describe('keys', () => {
  it('that we made are read by both cosigns, and sign and verify there', async () => {
    for (const [cosign, format] of [[two, 'legacy'], [three, 'bundle']] as const) {
      assert.equal((await cosign.must(['public-key', '--key', generated.key], { password })).stdout, generated.pem);
      const target = await image();
      await signWith(cosign, generated.key, target, format);
      assert.equal((await ours.verify(target, generated)).kind, 'verified');
      assert.notEqual((await cosign.run(['public-key', '--key', generated.key], { password: 'wrong' })).code, 0);
    }
  });

  it('that cosign made sign with us', async () => {
    for (const which of ['P-256', 'P-256 of 2.5'] as const) {
      const key = await ours.theirs(which);
      const target = await image();
      await ours.sign(target, key, 'both');
      for (const cosign of [two, three]) assert.equal((await cosign.verify(key.pub, target)).code, 0);
    }
  });

  it('are read by both cosigns after their password was changed', async () => {
    const key = await ours.generated('changed');
    await ours.engine.changePassword(key.key, password, 'žluťoučký', new AbortController().signal);
    for (const cosign of [two, three]) assert.equal((await cosign.must(['public-key', '--key', key.key], { password: 'žluťoučký' })).stdout, key.pem);
  });
});

for (const kind of ['Debian\'s distribution registry', 'a registry with native referrers'] as const) {
  describe(`on ${kind}`, () => {
    const host = (): string => (kind === 'a registry with native referrers' ? native.host : plain.host);

    it('an index signed recursively verifies whole and child by child', async () => {
      const { index, children } = await pushIndex(host(), `demo/index-${++next}`, '1.0', ['linux/amd64', 'linux/arm64']);
      await ours.sign(index.byDigest, generated, 'both', { recursive: true });
      for (const target of [index, ...children.values()]) for (const cosign of [two, three]) assert.equal((await cosign.verify(generated.pub, target.byDigest)).code, 0, target.byDigest);
    });

    it('an index that cosign signed recursively is signed by us nowhere again, and is verified', async () => {
      const { index, children } = await pushIndex(host(), `demo/index-${++next}`, '1.0', ['linux/amd64', 'linux/arm64']);
      await signWith(three, generated.key, index.byDigest, 'legacy', ['-r']);
      await signWith(three, generated.key, index.byDigest, 'bundle', ['-r']);
      assert.deepEqual((await ours.sign(index.byDigest, generated, 'both', { recursive: true })).map(({ outcome }) => outcome), Array.from({ length: 6 }, () => 'already there'));
      for (const child of children.values()) assert.equal((await ours.verify(child.byDigest, generated)).kind, 'verified');
    });

    it('signatures by several parties with several programs stand side by side', async () => {
      const target = await image(host());
      const [alice, bob, carol] = [keyOf(imported, 'P-256'), keyOf(theirKeys, 'P-256'), generated];
      await signWith(two, alice.key, target, 'legacy');
      await signWith(three, alice.key, target, 'bundle');
      await ours.sign(target, bob, 'both');
      await signWith(two, carol.key, target, 'legacy');
      await signWith(three, carol.key, target, 'bundle');
      // The dupe rule, across programs: nobody repeats what another wrote with the same key.
      await signWith(two, bob.key, target, 'legacy');
      assert.deepEqual((await ours.sign(target, alice, 'both')).map(({ outcome }) => outcome), ['already there', 'already there']);
      const verdict = await ours.verify(target, alice, bob, carol);
      assert.ok(verdict.kind === 'verified');
      assert.deepEqual(verdict.signatures.map(({ format, signedBy }) => `${format} ${signedBy?.key ?? 'nobody'}`).sort(), ['bundle key 0', 'bundle key 1', 'bundle key 2', 'legacy key 0', 'legacy key 1', 'legacy key 2']);
      for (const { pub } of [alice, bob, carol]) for (const cosign of [two, three]) assert.equal((await cosign.verify(pub, target)).code, 0);
    });

    it('a repository for signatures is where both cosigns look with COSIGN_REPOSITORY', async () => {
      const target = await image(host());
      const env = { COSIGN_REPOSITORY: `${host()}/demo/signatures` };
      await ours.sign(target, generated, 'both', { signatureRepository: env.COSIGN_REPOSITORY });
      for (const cosign of [two, three]) {
        const verify = ['verify', '--key', generated.pub, '--insecure-ignore-tlog', '--allow-http-registry', target];
        assert.equal((await cosign.run(verify, { env })).code, 0);
        assert.notEqual((await cosign.run(verify)).code, 0);
      }
    });

    it('Docker media types are read by both cosigns', async () => {
      const target = await image(host());
      await ours.sign(target, generated, 'legacy', { dockerMediaTypes: true });
      for (const cosign of [two, three]) assert.equal((await cosign.verify(generated.pub, target)).code, 0);
    });
  });
}
