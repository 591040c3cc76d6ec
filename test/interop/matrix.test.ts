// The interop matrix: keys, sign, verify and copy, between us and both real cosigns in both directions, over formats, kinds of key and subjects.
import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseReference } from '../../src/core/oci/reference.ts';
import { Cosign } from '../support/cosign.ts';
import { testEngine } from '../support/engine.ts';
import { pushImage, pushIndex } from '../support/images.ts';
import { requirePeers, startDistribution, type Distribution } from '../support/peers.ts';
import { MatrixTable, type Direction } from './matrixTable.ts';
import { algorithms, never, Ours, password, type Algorithm, type KeyFiles } from './signing.ts';

const noImageBundles = 'cosign 2.5 neither writes nor reads bundles of images.';
const copyLoses = '`cosign copy` leaves the referrers behind, so a copy made by it has lost its bundles; ours keeps them.';
const noDigest = 'cosign 3.1 writes an Ed25519 bundle of a file that does not say which file it is for, and refuses it itself; so do we.';
const importsOnly = 'Debian\'s cosign 2.5 imports Ed25519 keys only; it uses what others imported.';

const ours = new Ours();
const engine = testEngine();
const table = new MatrixTable();
/** Every kind of key of every origin: imported by us, made or imported by cosign, and made by us. */
interface Signer {
  readonly algorithm: Algorithm;
  /** As the table names it. */
  readonly name: string;
  readonly key: KeyFiles;
  /** Another key, of the same kind where there is one. */
  readonly wrong: KeyFiles;
}
const signers: Signer[] = [];
let distribution: Distribution;
let peers: readonly { readonly cosign: Cosign; readonly toThem: Direction; readonly toUs: Direction }[];
let next = 0;

before(async () => {
  const programs = await requirePeers(['cosign2', 'cosign3', 'registry']);
  distribution = await startDistribution();
  peers = [
    { cosign: new Cosign(programs.cosign2, 2), toThem: 'we → 2.5', toUs: '2.5 → we' },
    { cosign: new Cosign(programs.cosign3, 3), toThem: 'we → 3.1', toUs: '3.1 → we' },
  ];
  const pairs = new Map<Algorithm, readonly [imported: KeyFiles, theirs: KeyFiles]>();
  for (const algorithm of algorithms) pairs.set(algorithm, [await ours.imported(algorithm), await ours.theirs(algorithm)]);
  const otherThan = ({ pem }: KeyFiles, ...choices: readonly (KeyFiles | undefined)[]): KeyFiles => choices.find((one) => one !== undefined && one.pem !== pem) ?? assert.fail('no other key');
  const [someone] = [...pairs.values()].flat();
  const [another] = [...pairs.values()].flat().toReversed();
  for (const [algorithm, [imported, theirs]] of pairs) {
    signers.push({ algorithm, name: algorithm, key: imported, wrong: otherThan(imported, theirs, someone, another) });
    signers.push({ algorithm, name: `${algorithm} of cosign`, key: theirs, wrong: otherThan(theirs, imported, someone, another) });
  }
  const made = await ours.generated('made');
  signers.push({ algorithm: 'P-256', name: 'P-256 made by us', key: made, wrong: otherThan(made, someone) });
});
after(async () => {
  ours.close();
  await engine.dispose();
  await distribution.close();
  console.log(`\n${table.markdown()}\n`);
});

type Subject = 'image' | 'index';
type Format = 'legacy' | 'bundle' | 'both';
async function subject(kind: Subject): Promise<string> {
  const name = `matrix/app-${++next}`;
  return kind === 'image' ? (await pushImage(distribution.host, name, '1.0')).byDigest : (await pushIndex(distribution.host, name, '1.0', ['linux/amd64', 'linux/arm64'])).index.byDigest;
}
const signFlags = ({ major }: Cosign, format: 'legacy' | 'bundle'): readonly string[] => (major === 2 ? [] : ['--use-signing-config=false', `--new-bundle-format=${format === 'bundle'}`]);
/** cosign writes one format at a time. */
async function theySign(cosign: Cosign, { key }: KeyFiles, target: string, format: Format): Promise<void> {
  for (const one of format === 'both' ? ['legacy', 'bundle'] as const : [format]) {
    await cosign.must(['sign', '--key', key, '-a', 'env=prod', '--tlog-upload=false', '--yes', '--allow-http-registry', '--recursive', ...signFlags(cosign, one), target], { password });
  }
}
const theyVerify = async (cosign: Cosign, { pub }: KeyFiles, target: string, more: readonly string[] = []): Promise<boolean> => (await cosign.verify(pub, target, more)).code === 0;
const weVerify = async (target: string, key: KeyFiles): Promise<string> => (await ours.verify(target, key)).kind;
const all = <T>(work: (signer: Signer) => Promise<T>): Promise<readonly T[]> => Promise.all(signers.map(work));
const importedByUs = (): readonly Signer[] => signers.filter(({ algorithm, name }) => name === algorithm);

for (const kind of ['image', 'index'] as const) {
  for (const format of ['legacy', 'bundle', 'both'] as const) {
    const signing = `sign: ${kind}, ${format}`;
    const verifying = `verify: ${kind}, ${format}, right key and no other`;

    it(`${kind}, ${format}: what we sign is verified by them with the right key only`, async () => {
      await all(async ({ name, key, wrong }) => {
        const target = await subject(kind);
        await ours.sign(target, key, format, { recursive: true, annotations: { env: 'prod' } });
        for (const { cosign, toThem } of peers) {
          const knows = cosign.major === 3 || format !== 'bundle';
          const [right, other, annotated] = await Promise.all([theyVerify(cosign, key, target), theyVerify(cosign, wrong, target), theyVerify(cosign, key, target, ['-a', 'env=test'])]);
          assert.equal(right, knows, `${signing} ${toThem} ${name}`);
          table.record(signing, toThem, name, right, knows ? undefined : noImageBundles);
          assert.deepEqual([other, annotated], [false, false], `${verifying} ${toThem} ${name}`);
          table.record(verifying, toThem, name, right && !other && !annotated, knows ? undefined : noImageBundles);
        }
      });
    });

    it(`${kind}, ${format}: what they sign is verified by us with the right key only`, async () => {
      for (const { cosign, toUs } of peers) {
        await all(async ({ name, key, wrong }) => {
          const target = await subject(kind);
          const canWrite = cosign.major === 3 || format === 'legacy';
          if (!canWrite) {
            const { code } = await cosign.run(['sign', '--key', key.key, '--tlog-upload=false', '--yes', '--allow-http-registry', '--new-bundle-format', target], { password });
            const verdict = await ours.verify(target, key);
            const wroteBundle = code === 0 && verdict.kind === 'verified' && verdict.signatures.some(({ format: written }) => written === 'bundle');
            assert.equal(wroteBundle, false, `cosign 2.5 wrote a bundle: ${verdict.kind}`);
            for (const row of [signing, verifying]) table.record(row, toUs, name, false, noImageBundles);
            return;
          }
          await theySign(cosign, key, target, format);
          const verdict = await ours.verify(target, key);
          assert.equal(verdict.kind, 'verified', `${signing} ${toUs} ${name}`);
          const formats = verdict.signatures.flatMap(({ format: read, signedBy }) => (signedBy ? [read] : [])).sort();
          assert.deepEqual(formats, format === 'both' ? ['bundle', 'legacy'] : [format], `${signing} ${toUs} ${name}`);
          const other = await weVerify(target, wrong);
          assert.equal(other, 'untrusted', `${verifying} ${toUs} ${name}`);
          for (const row of [signing, verifying]) table.record(row, toUs, name, true);
        });
      }
    });
  }
}

describe('files', () => {
  const blob = (): string => {
    const file = join(ours.directory, `matrix-${++next}`);
    writeFileSync(file, `hello ${next}\n`);
    return file;
  };
  const theyVerifyFile = async (cosign: Cosign, { pub }: KeyFiles, file: string, format: 'signature' | 'bundle', path: string): Promise<boolean> => (await cosign.run([
    'verify-blob', '--key', pub, '--insecure-ignore-tlog',
    ...(format === 'signature' ? ['--signature', path] : ['--bundle', path, ...(cosign.major === 2 ? ['--new-bundle-format', '--trusted-root', join(cosign.directory, 'root.json')] : [])]),
    file,
  ])).code === 0;

  it('that we sign are verified by them, with the right key and the right bytes only', async () => {
    await all(async ({ name, key, wrong }) => {
      const [file, other] = [blob(), blob()];
      const outputs = await ours.signFile(file, key);
      for (const { cosign, toThem } of peers) {
        for (const format of ['signature', 'bundle'] as const) {
          const right = await theyVerifyFile(cosign, key, file, format, outputs[format]);
          const refusals = [await theyVerifyFile(cosign, wrong, file, format, outputs[format]), await theyVerifyFile(cosign, key, other, format, outputs[format])];
          assert.deepEqual([right, ...refusals], [true, false, false], `${format} ${toThem} ${name}`);
          table.record(`sign: file, ${format}`, toThem, name, right);
          table.record(`verify: file, ${format}, right key and bytes and no other`, toThem, name, right && !refusals.includes(true));
        }
      }
    });
  });

  it('that they sign are verified by us, with the right key and the right bytes only', async () => {
    for (const { cosign, toUs } of peers) {
      await all(async ({ algorithm, name, key, wrong }) => {
        const [file, other] = [blob(), blob()];
        const paths = { signature: `${file}.sig`, bundle: `${file}.json` };
        const config = cosign.major === 3 ? ['--use-signing-config=false'] : [];
        const base = ['sign-blob', '--yes', '--key', key.key, '--tlog-upload=false', ...config];
        await cosign.must([...base, ...(cosign.major === 3 ? ['--new-bundle-format=false'] : []), '--output-signature', paths.signature, file], { password });
        await cosign.must([...base, ...(cosign.major === 2 ? ['--new-bundle-format'] : []), '--bundle', paths.bundle, file], { password });
        for (const format of ['signature', 'bundle'] as const) {
          const says = async (which: string, by: KeyFiles): Promise<string> => (await ours.verifyFile(which, by, paths[format], format)).kind;
          const right = await says(file, key);
          const unclear = cosign.major === 3 && format === 'bundle' && algorithm === 'Ed25519';
          assert.equal(right, unclear ? 'untrusted' : 'verified', `${format} ${toUs} ${name}`);
          if (unclear) assert.equal(await theyVerifyFile(cosign, key, file, format, paths[format]), false);
          const refusals = [await says(file, wrong), await says(other, key)];
          assert.deepEqual(refusals, ['untrusted', 'untrusted'], `${format} ${toUs} ${name}`);
          const note = unclear ? noDigest : undefined;
          table.record(`sign: file, ${format}`, toUs, name, right === 'verified', note);
          table.record(`verify: file, ${format}, right key and bytes and no other`, toUs, name, right === 'verified', note);
        }
      });
    }
  });
});

describe('copies', () => {
  for (const kind of ['image', 'index'] as const) {
    for (const format of ['legacy', 'bundle'] as const) {
      it(`of an ${kind} with ${format} signatures of every kind of key`, async () => {
        const row = `copy: ${kind}, ${format}`;
        const source = await subject(kind);
        for (const { key } of importedByUs()) await ours.sign(source, key, format, { recursive: true });
        const [from, digest = ''] = source.split('@');
        const copies = { ours: `${distribution.host}/matrix/copy-${++next}`, theirs: peers.map(() => `${distribution.host}/matrix/copy-${++next}`) };
        const plan = await engine.copying.plan({ source: parseReference(source), destination: parseReference(`${copies.ours}:1.0`) }, never);
        const { proof } = await engine.copying.copy(plan, {}, { trust: { keys: [{ name: 'one', reference: importedByUs()[0]?.key.pem ?? '' }], policies: [], problems: [] } }, () => undefined, never);
        assert.equal(proof.holds, true);
        for (const [index, { cosign, toThem, toUs }] of peers.entries()) {
          const theirs = copies.theirs[index] ?? '';
          await cosign.must(['copy', '--allow-http-registry', `${from ?? ''}@${digest}`, `${theirs}:1.0`]);
          await Promise.all(importedByUs().map(async ({ algorithm, key }) => {
            const knows = cosign.major === 3 || format === 'legacy';
            const accepted = await theyVerify(cosign, key, `${copies.ours}@${digest}`);
            assert.equal(accepted, knows, `${row} ${toThem} ${algorithm}`);
            table.record(row, toThem, algorithm, accepted, knows ? undefined : noImageBundles);
            const verdict = await weVerify(`${theirs}@${digest}`, key);
            assert.equal(verdict, format === 'legacy' ? 'verified' : 'unsigned', `${row} ${toUs} ${algorithm}`);
            table.record(row, toUs, algorithm, verdict === 'verified', format === 'legacy' ? undefined : copyLoses);
          }));
        }
      });
    }
  }
});

describe('keys', () => {
  it('that we made or imported are read by them, and the other way about', async () => {
    const generated = await ours.generated('matrix');
    for (const { cosign, toThem, toUs } of peers) {
      const reads = async ({ key, pem }: KeyFiles): Promise<boolean> => (await cosign.run(['public-key', '--key', key], { password })).stdout === pem;
      const weRead = async (paths: { readonly key: string; readonly pub: string }): Promise<boolean> => {
        const unlocked = await ours.engine.unlock({ name: 'theirs', reference: paths.key }, password, 600_000, never).then(() => true, () => false);
        const target = await subject('image');
        await ours.sign(target, { ...paths, pem: '' }, 'legacy');
        return unlocked && await theyVerify(cosign, { ...paths, pem: '' }, target);
      };
      const mine = await reads(generated);
      assert.ok(mine, `generated ${toThem}`);
      table.record('keys: generate', toThem, 'P-256', mine);
      await cosign.must(['generate-key-pair', '--output-key-prefix', 'matrix'], { password });
      const made = await weRead({ key: join(cosign.directory, 'matrix.key'), pub: join(cosign.directory, 'matrix.pub') });
      assert.ok(made, `generated ${toUs}`);
      table.record('keys: generate', toUs, 'P-256', made);
      for (const { algorithm, key } of importedByUs()) {
        const read = await reads(key);
        assert.ok(read, `imported ${algorithm} ${toThem}`);
        table.record('keys: import', toThem, algorithm, read);
        const pem = join(cosign.directory, `import-${algorithm.replace(' ', '')}.pem`);
        copyFileSync(Ours.importable(algorithm), pem);
        const name = `imported-${algorithm.replace(' ', '')}`;
        const { code, stderr } = await cosign.run(['import-key-pair', '--key', pem, '--output-key-prefix', name, '--yes'], { password });
        const can = cosign.major === 3 || algorithm === 'Ed25519';
        assert.equal(code === 0, can, `${algorithm} ${toUs}: ${stderr}`);
        const used = can && await weRead({ key: join(cosign.directory, `${name}.key`), pub: join(cosign.directory, `${name}.pub`) });
        assert.equal(used, can, `imported ${algorithm} ${toUs}`);
        table.record('keys: import', toUs, algorithm, used, cosign.major === 2 ? importsOnly : undefined);
      }
    }
  });
});

describe('the table', () => {
  it('has no empty cell, and is the one in docs/interop.md', () => {
    assert.deepEqual(table.gaps, []);
    const { documented, measured } = table.compare();
    assert.equal(documented, measured, 'run it with UPDATE_DOCS=1 and read the difference');
  });
});
