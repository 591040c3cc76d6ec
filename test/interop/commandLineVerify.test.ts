// Images that cosign signed, on the command line beside the real cosign 2.5 and 3.1: output field by field, and exit codes.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { requirePeers } from '../support/peers.ts';
import { CommandLines, signFlags } from './commandLines.ts';

let lines: CommandLines;
before(async () => { lines = await CommandLines.start(await requirePeers(['cosign2', 'cosign3', 'registry'])); });
after(() => lines.registry.close());

const claims = (stdout: string): unknown => JSON.parse(stdout.trim().split('\n').at(-1) ?? '');

describe('images that cosign signs', () => {
  for (const [major, format] of [[2, 'legacy'], [3, 'legacy'], [3, 'bundle']] as const) {
    it(`${major} as ${format} print the very same array, field by field`, async () => {
      const cosign = major === 2 ? lines.two : lines.three;
      // One key of another program's: which keys there are does not matter here.
      for (const { by, key, pub } of lines.pairs.slice(0, 1)) {
        const { tagged, byDigest } = await lines.image(`by-${major}-${format}`);
        for (const annotations of [['-a', 'z=1', '-a', '"a=<&>""\\é\u2028"'], []]) {
          const { code, stderr } = await lines.theirs(cosign, ['sign', '--key', key, ...signFlags(cosign, format), ...annotations, byDigest]);
          assert.equal(code, 0, stderr);
        }
        for (const name of [tagged, byDigest]) {
          for (const flags of [[], ['--output', 'text'], ['--check-claims=false']]) {
            const [mine, their] = [await lines.must(['verify', '--key', pub, ...flags, name]), await cosign.verify(pub, name, flags)];
            if (flags[0] === '--output') assert.deepEqual(mine.stdout.split('\n').sort(), their.stdout.split('\n').sort(), by);
            else assert.deepEqual(sorted(claims(mine.stdout)), sorted(claims(their.stdout)), by);
          }
        }
      }
    });
  }

  it('are in a Dockerfile what `verify` says of each', async () => {
    const [signed, other, none] = [await lines.image('file'), await lines.image('file'), await lines.image('file')];
    assert.equal((await lines.theirs(lines.two, ['sign', '--key', lines.path('cosign3.key'), ...signFlags(lines.two, 'legacy'), other.byDigest])).code, 0);
    assert.equal((await lines.theirs(lines.three, ['sign', '--key', lines.path('cosign2.key'), ...signFlags(lines.three, 'bundle'), signed.byDigest])).code, 0);
    writeFileSync(lines.path('Dockerfile'), `FROM ${signed.tagged} AS a\nFROM ${other.tagged}\nFROM ${none.tagged}\nFROM ${lines.registry.host}/demo/missing:1\nFROM a\nCOPY --from=${signed.byDigest} / /\n`);
    const { code, stdout } = await lines.ours(['dockerfile', 'verify', '--key', lines.path('cosign2.pub'), 'Dockerfile']);
    const { refs } = JSON.parse(stdout) as { refs: { verdict: string; reference: string; digest: string | null; signatures: { format: string; key: string | null }[] }[] };
    assert.equal(code, 12);
    assert.deepEqual(refs.map(({ verdict }) => verdict), ['verified', 'untrusted', 'unsigned', 'unchecked', 'verified']);
    assert.deepEqual(refs[0]?.signatures.map(({ format, key }) => [format, key]), [['bundle', lines.path('cosign2.pub')]]);
    assert.deepEqual([refs[0].digest, refs[2]?.digest], [signed.digest, none.digest]);
    const codes = [0, 12, 10, 11, 0];
    for (const [index, { reference }] of refs.entries()) assert.equal((await lines.ours(['verify', '--key', lines.path('cosign2.pub'), reference])).code, codes[index], reference);
    const base = await lines.ours(['dockerfile', 'verify', '--key', lines.path('cosign2.pub'), '--base-image-only', '--output', 'text', 'Dockerfile']);
    assert.equal(base.code, 0);
    assert.equal(base.stdout.split('\n').length, 2);
  });
});

describe('flags of the environment', () => {
  it('mean to us what they mean to cosign', async () => {
    const { byDigest } = await lines.image('environment');
    assert.equal((await lines.theirs(lines.two, ['sign', '--key', lines.path('cosign2.key'), ...signFlags(lines.two, 'legacy'), byDigest])).code, 0);
    const common = { COSIGN_INSECURE_IGNORE_TLOG: 'true', COSIGN_ALLOW_HTTP_REGISTRY: 'true' };
    for (const [words, env] of [
      [[], { COSIGN_KEY: lines.path('cosign2.pub') }], [[], { COSIGN_KEY: lines.path('cosign3.pub') }],
      [['--key', lines.path('cosign2.pub')], { COSIGN_KEY: lines.path('cosign3.pub') }],
      [['--key', lines.path('cosign2.pub')], { COSIGN_ANNOTATIONS: 'env=prod' }],
      [['--key', lines.path('cosign2.pub')], { COSIGN_ANNOTATIONS: '' }],
      [['--key', lines.path('cosign2.pub')], { COSIGN_CHECK_CLAIMS: 'false' }],
    ] as const) {
      const call = ['verify', ...words, byDigest];
      const mine = await lines.ours(call, { env: { ...common, ...env } });
      for (const cosign of [lines.two, lines.three]) {
        const { code, stderr } = await lines.theirs(cosign, call, { ...common, ...env });
        assert.equal(mine.code, code, `${call.join(' ')} with ${JSON.stringify(env)}: ${mine.stderr}; cosign ${cosign.major}: ${stderr}`);
      }
    }
  });
});

describe('exit codes', () => {
  it('are cosign\'s in the same situations, and 20 for what could not be checked', async () => {
    const [signed, none, wrong] = [await lines.image('codes'), await lines.image('codes'), await lines.image('codes')];
    assert.equal((await lines.theirs(lines.two, ['sign', '--key', lines.path('cosign2.key'), ...signFlags(lines.two, 'legacy'), signed.byDigest])).code, 0);
    const signature = await fetch(`http://${lines.registry.host}/v2/${signed.repository}/manifests/${signed.digest.replace(':', '-')}.sig`, { headers: { accept: 'application/vnd.oci.image.manifest.v1+json' } });
    const manifest = await signature.text();
    for (const { digest } of [(JSON.parse(manifest) as { config: { digest: string } }).config, ...(JSON.parse(manifest) as { layers: { digest: string }[] }).layers]) {
      await fetch(`http://${lines.registry.host}/v2/${wrong.repository}/blobs/uploads/?mount=${digest}&from=${signed.repository}`, { method: 'POST' });
    }
    await fetch(`http://${lines.registry.host}/v2/${wrong.repository}/manifests/${wrong.digest.replace(':', '-')}.sig`, { method: 'PUT', body: manifest, headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' } });
    const pub = lines.path('cosign2.pub');
    const situations: readonly (readonly [string, readonly string[], number, number])[] = [
      ['verified', ['--key', pub, signed.tagged], 0, 0],
      ['no signature', ['--key', pub, none.tagged], 10, 10],
      ['no such tag', ['--key', pub, `${lines.registry.host}/${none.repository}:nope`], 11, 11],
      ['another key', ['--key', lines.path('ours.pub'), signed.tagged], 12, 12],
      ['wrong annotation', ['--key', pub, '-a', 'env=prod', signed.tagged], 12, 12],
      ['signature of another digest', ['--key', pub, wrong.tagged], 12, 12],
      ['the same without claims', ['--key', pub, '--check-claims=false', '-a', 'no=where', wrong.tagged], 0, 0],
      ['no such key file', ['--key', lines.path('nope.pub'), signed.tagged], 1, 1],
      ['a private key', ['--key', lines.path('cosign2.key'), signed.tagged], 1, 1],
      ['no key', [signed.tagged], 1, 1],
      ['bad reference', ['--key', pub, 'A:B:C'], 1, 1],
      ['bad annotation', ['--key', pub, '-a', 'bad', signed.tagged], 1, 1],
      ['unknown flag', ['--key', pub, '--frobnicate', signed.tagged], 1, 1],
      ['no image', ['--key', pub], 1, 1],
      ['unreachable registry', ['--key', pub, 'localhost:1/demo/app:1'], 1, 20],
    ];
    for (const [name, words, expected, mine] of situations) {
      assert.equal((await lines.two.run(['verify', '--insecure-ignore-tlog', '--allow-http-registry', ...words])).code, expected, `cosign: ${name}`);
      const result = await lines.ours(['verify', ...words]);
      assert.equal(result.code, mine, `${name}: ${result.stderr}`);
      assert.equal(result.stdout === '', mine !== 0, name);
      assert.equal(mine === 0 || result.stderr.startsWith('Error: '), true, name);
    }
  });

  it('are cosign\'s for the other commands too', async () => {
    const { tagged } = await lines.image('others');
    writeFileSync(lines.path('blob'), 'text');
    const flags = signFlags(lines.three, 'bundle').filter((flag) => flag !== '--allow-http-registry');
    const situations: readonly (readonly [readonly string[], readonly string[]])[] = [
      [['sign', '--key', lines.path('nope.key'), tagged], signFlags(lines.three, 'bundle')],
      [['sign', '--key', lines.path('cosign2.pub'), tagged], signFlags(lines.three, 'bundle')],
      [['sign', '--key', lines.path('ours.key'), `${tagged}-nope`], signFlags(lines.three, 'bundle')],
      [['sign-blob', '--key', lines.path('ours.key'), '--bundle', lines.path('b'), lines.path('nope')], flags],
      [['verify-blob', '--key', lines.path('ours.pub'), '--bundle', lines.path('nope'), lines.path('blob')], ['--insecure-ignore-tlog']],
      [['verify-blob', '--key', lines.path('ours.pub'), lines.path('blob')], ['--insecure-ignore-tlog']],
      [['public-key', '--key', lines.path('nope.key')], []], [['public-key'], []],
      [['import-key-pair', '--key', lines.path('nope')], []],
      [['triangulate', `${tagged}-nope`], []], [['tree', `${tagged}-nope`], []],
      [['copy', `${tagged}-nope`, tagged], []],
      [['dockerfile', 'verify', '--key', lines.path('ours.pub'), lines.path('nope')], []],
    ];
    for (const [words, more] of situations) {
      assert.equal((await lines.theirs(lines.three, [...words, ...more])).code, 1, `cosign ${words.join(' ')}`);
      assert.equal((await lines.ours(words)).code, 1, words.join(' '));
    }
    assert.equal((await lines.cli.run(['public-key', '--key', lines.path('ours.key')], { env: { COSIGN_PASSWORD: 'wrong' } })).code, 1);
    assert.deepEqual([(await lines.ours(['tree', tagged])).code, (await lines.theirs(lines.three, ['tree', tagged])).code], [0, 0]);
  });
});

describe('secrets', () => {
  it('stand in nothing that was said', () => { lines.assertNoSecretSaid(); });
});

/** What cosign prints first depends on which check ends first. */
function sorted(list: unknown): unknown {
  assert.ok(Array.isArray(list));
  return list.map((item) => JSON.stringify(item)).sort();
}
