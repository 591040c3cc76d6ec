// Keys, and images that we sign, on the command line beside the real cosign 2.5 and 3.1.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pushIndex } from '../support/images.ts';
import { requirePeers } from '../support/peers.ts';
import { CommandLines } from './commandLines.ts';

let lines: CommandLines;
before(async () => { lines = await CommandLines.start(await requirePeers(['cosign2', 'cosign3', 'registry'])); });
after(() => lines.registry.close());

describe('key pairs', () => {
  it('print the same public key with all three programs', async () => {
    for (const { by, key, pub } of lines.pairs) {
      const answers = [await lines.must(['public-key', '--key', key]), await lines.theirs(lines.two, ['public-key', '--key', key]), await lines.theirs(lines.three, ['public-key', '--key', key])];
      assert.deepEqual(answers.map(({ stdout }) => stdout.trim()), Array(3).fill(readFileSync(pub, 'utf8').trim()), by);
    }
  });

  it('take the password of a pipe with its line feed, as cosign does', async () => {
    const [mine, their] = [await lines.cli.run(['generate-key-pair', '--output-key-prefix', 'piped'], { input: 'from a pipe\n' }), await lines.two.run(['generate-key-pair', '--output-key-prefix', 'piped'], { password: null, input: 'from a pipe\n' })];
    assert.deepEqual([mine.code, their.code], [0, 0], mine.stderr + their.stderr);
    for (const key of [lines.path('piped.key'), join(lines.two.directory, 'piped.key')]) {
      for (const run of [(COSIGN_PASSWORD: string) => lines.cli.run(['public-key', '--key', key], { env: { COSIGN_PASSWORD } }), (COSIGN_PASSWORD: string) => lines.three.run(['public-key', '--key', key], { password: COSIGN_PASSWORD })]) {
        assert.deepEqual([(await run('from a pipe\n')).code, (await run('from a pipe')).code], [0, 1]);
      }
    }
  });

  it('have an empty password when the variable is empty', async () => {
    assert.equal((await lines.cli.run(['generate-key-pair', '--output-key-prefix', 'empty'], { env: { COSIGN_PASSWORD: '' }, input: 'not this' })).code, 0);
    assert.equal((await lines.three.run(['public-key', '--key', lines.path('empty.key')], { password: '' })).code, 0);
  });

  it('are imported for cosign to use', async () => {
    await lines.must(['import-key-pair', '--key', join(process.cwd(), 'test/fixtures/keys/p384.pkcs8.pem'), '--output-key-prefix', 'imported']);
    for (const cosign of [lines.two, lines.three]) assert.equal((await lines.theirs(cosign, ['public-key', '--key', lines.path('imported.key')])).stdout.trim(), readFileSync(lines.path('imported.pub'), 'utf8').trim());
  });

  it('are not overwritten without a yes', async () => {
    const before = readFileSync(lines.path('ours.key'), 'utf8');
    const { code, stderr } = await lines.ours(['generate-key-pair', '--output-key-prefix', 'ours']);
    assert.equal(code, 1);
    assert.match(stderr, /not overwritten/);
    assert.equal(readFileSync(lines.path('ours.key'), 'utf8'), before);
    assert.equal((await lines.ours(['public-key', '--key', lines.path('ours.key'), '--outfile', 'ours.pub'])).code, 1);
    await lines.must(['generate-key-pair', '--output-key-prefix', 'piped', '--yes']);
  });

  it('are not overwritten by a yes in the environment where cosign has no such flag', async () => {
    for (const cosign of [lines.two, lines.three]) {
      const key = join(cosign.directory, 'theirs.key');
      const before = readFileSync(key, 'utf8');
      assert.notEqual((await lines.theirs(cosign, ['generate-key-pair', '--output-key-prefix', 'theirs'], { COSIGN_YES: 'true' })).code, 0);
      assert.equal(readFileSync(key, 'utf8'), before);
    }
    const before = readFileSync(lines.path('ours.key'), 'utf8');
    assert.equal((await lines.ours(['generate-key-pair', '--output-key-prefix', 'ours'], { env: { COSIGN_YES: 'true' } })).code, 1);
    assert.equal(readFileSync(lines.path('ours.key'), 'utf8'), before);
  });
});

describe('images that we sign', () => {
  for (const format of ['legacy', 'bundle', 'both'] as const) {
    it(`are verified by both cosigns where they can read ${format}`, async () => {
      for (const { by, key, pub } of lines.pairs) {
        const { tagged } = await lines.image(`signed-${format}`);
        await lines.must(['sign', '--key', key, '--format', format, '-a', 'env=prod', '-a', 'note=a<b&c', tagged]);
        if (format !== 'bundle') assert.equal((await lines.two.verify(pub, tagged, ['-a', 'env=prod'])).code, 0, by);
        assert.equal((await lines.three.verify(pub, tagged, ['-a', 'env=prod'])).code, 0, by);
        assert.notEqual((await lines.three.verify(pub, tagged, ['-a', 'env=dev'])).code, 0);
        await lines.must(['verify', '--key', pub, '-a', 'env=prod,note=a<b&c', tagged]);
      }
    });
  }

  it('recursively are verified child by child', async () => {
    const { index, children } = await pushIndex(lines.registry.host, lines.repository('recursive'), '1.0', ['linux/amd64', 'linux/arm64']);
    await lines.must(['sign', '--key', lines.path('ours.key'), '--recursive', index.byDigest]);
    for (const { byDigest } of [index, ...children.values()]) assert.equal((await lines.three.verify(lines.path('ours.pub'), byDigest)).code, 0);
  });

  it('have their signatures where COSIGN_REPOSITORY says, for both', async () => {
    const { tagged } = await lines.image('elsewhere');
    const elsewhere = { COSIGN_REPOSITORY: `${lines.registry.host}/signatures` };
    await lines.must(['sign', '--key', lines.path('ours.key'), '--format', 'legacy', tagged], { env: elsewhere });
    assert.equal((await lines.ours(['verify', '--key', lines.path('ours.pub'), tagged])).code, 10);
    await lines.must(['verify', '--key', lines.path('ours.pub'), tagged], { env: elsewhere });
    for (const cosign of [lines.two, lines.three]) {
      assert.equal((await cosign.run(['verify', '--key', lines.path('ours.pub'), '--insecure-ignore-tlog', '--allow-http-registry', tagged], { env: elsewhere })).code, 0);
      assert.equal((await lines.theirs(cosign, ['triangulate', tagged], elsewhere)).stdout, (await lines.must(['triangulate', tagged], { env: elsewhere })).stdout);
    }
  });
});

describe('secrets', () => {
  it('stand in nothing that was said', () => { lines.assertNoSecretSaid(); });
});
