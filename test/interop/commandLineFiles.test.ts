// Files and copies on the command line beside the real cosign 2.5 and 3.1, in both directions.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { pushIndex } from '../support/images.ts';
import { requirePeers } from '../support/peers.ts';
import { CommandLines } from './commandLines.ts';

let lines: CommandLines;
before(async () => { lines = await CommandLines.start(await requirePeers(['cosign2', 'cosign3', 'registry'])); });
after(() => lines.registry.close());

describe('files', () => {
  it('that we sign are verified by both cosigns', async () => {
    writeFileSync(lines.path('ours.txt'), 'a file of ours\n');
    for (const { by, key, pub } of lines.pairs) {
      await lines.must(['sign-blob', '--key', key, '--output-signature', 'ours.sig', '--bundle', 'ours.bundle', 'ours.txt']);
      for (const cosign of [lines.two, lines.three]) assert.equal((await cosign.run(['verify-blob', '--key', pub, '--insecure-ignore-tlog', '--signature', lines.path('ours.sig'), lines.path('ours.txt')])).code, 0, by);
      assert.equal((await lines.three.run(['verify-blob', '--key', pub, '--insecure-ignore-tlog', '--bundle', lines.path('ours.bundle'), lines.path('ours.txt')])).code, 0, by);
      const printed = await lines.must(['sign-blob', '--key', key, '-'], { input: 'a file of ours\n' });
      writeFileSync(lines.path('printed.sig'), printed.stdout);
      assert.equal((await lines.two.run(['verify-blob', '--key', pub, '--insecure-ignore-tlog', '--signature', lines.path('printed.sig'), lines.path('ours.txt')])).code, 0, by);
    }
  });

  it('that cosign signs are verified, by their digest too, and not for other contents', async () => {
    const text = 'a file of theirs\n';
    writeFileSync(lines.path('theirs.txt'), text);
    writeFileSync(lines.path('other.txt'), 'another file\n');
    const digest = (content: string): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;
    for (const { key, pub } of lines.pairs.slice(0, 2)) {
      for (const [cosign, made] of [[lines.two, ['--output-signature', lines.path('s'), '--bundle', lines.path('b')]], [lines.three, ['--bundle', lines.path('b')]]] as const) {
        assert.equal((await lines.theirs(cosign, ['sign-blob', '--key', key, '--tlog-upload=false', '--yes', ...(cosign.major === 3 ? ['--use-signing-config=false'] : []), ...made, lines.path('theirs.txt')])).code, 0);
        for (const proof of [['--bundle', 'b'], ...(cosign.major === 2 ? [['--signature', 's'], ['--signature', readFileSync(lines.path('s'), 'utf8').trim()]] : [])]) {
          for (const [file, code] of [['theirs.txt', 0], ['other.txt', 1], [digest(text), 0], [digest('another file\n'), 1]] as const) {
            assert.equal((await lines.ours(['verify-blob', '--key', pub, ...proof, file])).code, code, `${cosign.major} ${proof.join(' ')} ${file}`);
          }
          assert.equal((await lines.ours(['verify-blob', '--key', pub, ...proof, '-'], { input: text })).code, 0);
          assert.equal((await lines.ours(['verify-blob', '--key', lines.path('cosign3.pub'), ...proof, 'theirs.txt'])).code, 1);
        }
      }
    }
  });

  it('never take the place of a key', async () => {
    writeFileSync(lines.path('ours.txt'), 'a file of ours\n');
    const before = readFileSync(lines.path('ours.key'), 'utf8');
    assert.equal((await lines.ours(['sign-blob', '--key', lines.path('ours.key'), '--bundle', 'ours.key', 'ours.txt'])).code, 1);
    assert.equal(readFileSync(lines.path('ours.key'), 'utf8'), before);
  });
});

describe('copies', () => {
  it('verify with both cosigns, are planned first, and never take a tag unasked', async () => {
    const [source, other] = [await lines.image('source'), await lines.image('source')];
    await lines.must(['sign', '--key', lines.path('ours.key'), source.tagged]);
    const destination = `${lines.registry.host}/${lines.repository('copied')}:1.0`;
    const planned = await lines.must(['copy', '--dry-run', source.tagged, destination]);
    assert.match(planned.stdout, /Nothing was written/);
    assert.equal((await lines.ours(['verify', '--key', lines.path('ours.pub'), destination])).code, 11);
    const { stdout } = await lines.must(['copy', '--key', lines.path('ours.pub'), source.tagged, destination]);
    assert.equal(stdout, `${destination.replace(/:1\.0$/, '')}@${source.digest}\n`);
    for (const cosign of [lines.two, lines.three]) assert.equal((await cosign.verify(lines.path('ours.pub'), destination)).code, 0);
    assert.equal((await lines.ours(['copy', other.tagged, destination])).code, 1);
    await lines.must(['verify', '--key', lines.path('ours.pub'), destination]);
    await lines.must(['copy', '--force', other.tagged, destination]);
    assert.equal((await lines.ours(['verify', '--key', lines.path('ours.pub'), destination])).code, 10);
  });

  it('take one platform, or several by their digests', async () => {
    const { index, children } = await pushIndex(lines.registry.host, lines.repository('platforms'), '1.0', ['linux/amd64', 'linux/arm64', 'linux/s390x']);
    await lines.must(['sign', '--key', lines.path('ours.key'), '--recursive', index.byDigest]);
    const [one, several] = [`${lines.registry.host}/${lines.repository('one')}`, `${lines.registry.host}/${lines.repository('several')}`];
    assert.equal((await lines.must(['copy', '--platform', 'linux/arm64', index.byDigest, `${one}:1`])).stdout, `${one}@${children.get('linux/arm64')?.digest ?? ''}\n`);
    assert.equal((await lines.three.verify(lines.path('ours.pub'), `${one}:1`)).code, 0);
    const { stdout } = await lines.must(['copy', '--platform', 'linux/arm64', '--platform', 'linux/amd64', index.byDigest, `${several}:1`]);
    assert.deepEqual(stdout.trim().split('\n'), ['linux/arm64', 'linux/amd64'].map((platform) => `${several}@${children.get(platform)?.digest ?? ''}`));
    assert.equal((await lines.ours(['verify', '--key', lines.path('ours.pub'), `${several}:1`])).code, 11);
    for (const line of stdout.trim().split('\n')) assert.equal((await lines.two.verify(lines.path('ours.pub'), line)).code, 0);
  });

  it('are drawn as trees with everything cosign draws', async () => {
    const { tagged } = await lines.image('tree');
    await lines.must(['sign', '--key', lines.path('ours.key'), tagged]);
    const digests = (text: string): readonly string[] => [...new Set(text.match(/sha256[-:][0-9a-f]{64}/g))].sort();
    const [mine, their] = [await lines.must(['tree', tagged]), await lines.theirs(lines.three, ['tree', tagged])];
    assert.deepEqual(digests(mine.stdout), digests(their.stdout));
  });
});

describe('secrets', () => {
  it('stand in nothing that was said', () => { lines.assertNoSecretSaid(); });
});
