// What a release is: the same bytes from the same source, a true bill of materials, and a signature of our own that both cosigns accept.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import JSZip from 'jszip';
import { Cosign } from '../support/cosign.ts';
import { requirePeers } from '../support/peers.ts';

const run = promisify(execFile);
const left = ['node_modules', '.git', 'out', 'dist', '.vscode-test'];

/** Packs a copy of the source in a folder of its own, as somebody else would. */
async function pack(umask: string, zone: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-release-'));
  for (const name of readdirSync('.')) if (!left.includes(name)) cpSync(name, join(folder, name), { recursive: true });
  symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
  const env = { ...process.env, SOURCE_DATE_EPOCH: '1767225600', TZ: zone };
  await run('bash', ['-c', `umask ${umask}; exec "$0" .ci/package.mjs`, process.execPath], { cwd: folder, env, maxBuffer: 1 << 24 });
  return join(folder, 'countersign.vsix');
}

const digestOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

let packages: readonly [string, string];
before(async () => { packages = [await pack('022', 'UTC'), await pack('077', 'Asia/Tokyo')]; });

describe('the package', () => {
  it('is the same bytes from the same source, in whichever folder, zone and umask', () => {
    assert.equal(digestOf(packages[0]), digestOf(packages[1]));
  });

  it('is at most 1.5 MB', () => {
    assert.ok(statSync(packages[0]).size <= 1.5 * 1024 * 1024, `${statSync(packages[0]).size} bytes`);
  });

  it('says what of others it holds, in valid CycloneDX, with digest and licence each', async () => {
    const text = readFileSync(join(dirname(packages[0]), 'dist/sbom.cdx.json'), 'utf8');
    assert.equal(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text), null);
    const bill = JSON.parse(text) as { readonly components: readonly { readonly purl: string; readonly hashes?: readonly unknown[]; readonly licenses?: readonly unknown[] }[] };
    const names = bill.components.map(({ purl }) => purl.replace(/@[^@]*$/, ''));
    for (const name of ['undici', '%40noble/curves', '%40kubernetes/client-node', 'yaml']) assert.ok(names.includes(`pkg:npm/${name}`), name);
    assert.deepEqual(names.filter((name) => /typescript|esbuild|eslint/.test(name)), []);
    assert.deepEqual(bill.components.filter(({ hashes = [], licenses = [] }) => hashes.length === 0 || licenses.length === 0), []);
    const notices = readFileSync(join(dirname(packages[0]), 'dist/third-party-notices.txt'), 'utf8');
    for (const { purl } of bill.components) assert.ok(notices.includes(decodeURIComponent(purl).replace('pkg:npm/', '').replace(/@([^@]*)$/, ' $1 (')), purl);
  });
});

describe('what is installed', () => {
  it('holds a command line that runs from where the package was unpacked', async () => {
    const archive = await JSZip.loadAsync(readFileSync(packages[0]));
    const folder = mkdtempSync(join(tmpdir(), 'countersign-installed-'));
    for (const [name, entry] of Object.entries(archive.files)) {
      if (entry.dir) continue;
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), await entry.async('nodebuffer'));
    }
    const manifest = JSON.parse(readFileSync(join(folder, 'extension/package.json'), 'utf8')) as { readonly bin: { readonly countersign: string }; readonly version: string };
    const program = join(folder, 'extension', manifest.bin.countersign);
    const { stdout } = await run(process.execPath, [program, '--version'], { cwd: folder });
    assert.equal(stdout, `countersign ${manifest.version}\n`);
    // Through the chunks that are loaded late.
    writeFileSync(join(folder, 'blob'), 'content');
    const env = { PATH: process.env['PATH'] ?? '', HOME: folder, COSIGN_PASSWORD: 'of the test' };
    await run(process.execPath, [program, 'generate-key-pair'], { cwd: folder, env });
    await run(process.execPath, [program, 'sign-blob', '--key', 'cosign.key', '--bundle', 'blob.sigstore.json', 'blob'], { cwd: folder, env });
    const { stderr } = await run(process.execPath, [program, 'verify-blob', '--key', 'cosign.pub', '--bundle', 'blob.sigstore.json', 'blob'], { cwd: folder, env });
    assert.equal(stderr, 'Verified OK\n');
  });
});

describe('signing the package', () => {
  it('is done by our own command line, and accepted by both cosigns', async () => {
    const peers = await requirePeers(['cosign2', 'cosign3']);
    const cosign = new Cosign(peers.cosign3, 3);
    const keys = await cosign.generateKeyPair('release');
    const others = await cosign.generateKeyPair('others');
    const [file] = packages;
    const cli = join(dirname(file), 'dist/cli.js');
    const sign = (more: Readonly<Record<string, string>>): Promise<unknown> => run('bash', ['.ci/sign-package', file], {
      env: { PATH: process.env['PATH'] ?? '', HOME: cosign.directory, TUF_ROOT: join(cosign.directory, 'tuf'), COSIGN_PASSWORD: '', RELEASE_KEY: readFileSync(keys.key, 'utf8'), COUNTERSIGN_CLI: cli, COSIGN2: peers.cosign2, COSIGN3: peers.cosign3, ...more },
    });
    await sign({ RELEASE_PUBLIC_KEY: keys.pem });
    assert.equal(readFileSync(join(dirname(file), 'cosign.pub'), 'utf8').trim(), keys.pem.trim());
    await assert.rejects(sign({ RELEASE_PUBLIC_KEY: others.pem }), /not that of the public key/);
    await assert.rejects(run(peers.cosign3, ['verify-blob', '--key', others.pub, '--insecure-ignore-tlog', '--bundle', `${file}.sigstore.json`, file], { env: { HOME: cosign.directory, TUF_ROOT: join(cosign.directory, 'tuf') } }));
  });
});
