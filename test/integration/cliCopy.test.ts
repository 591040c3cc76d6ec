// `copy` on the command line, against registries in this process: which part, what is asked before a tag is taken, and what is said.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { runCommand, type CommandResult } from '../support/cliMachine.ts';
import { testEngine } from '../support/engine.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

const open: TestRegistry[] = [];
afterEach(async () => { await Promise.all(open.splice(0).map((registry) => registry.close())); });

async function start(): Promise<{ readonly source: TestRegistry; readonly destination: TestRegistry; readonly from: string; readonly to: string }> {
  const [source, destination] = await Promise.all([startRegistry(), startRegistry()]);
  open.push(source, destination);
  return { source, destination, from: `${source.host}/team/app:1.0`, to: `${destination.host}/mirror/app:1.0` };
}

const copy = (words: readonly string[], answers: readonly string[] = []): Promise<CommandResult> =>
  runCommand(['copy', ...words], { answers, openEngine: (settings) => Promise.resolve(testEngine(settings)) });

describe('copy', () => {
  it('takes a tag from another image after a yes to a question with both digests, and not without', async () => {
    const { source, destination, from, to } = await start();
    const { digest } = source.store.putImage('team/app', '1.0');
    const old = destination.store.putImage('mirror/app', '1.0', 'another image');
    const tag = (): string | undefined => destination.store.repository('mirror/app').tags.get('1.0');
    for (const answers of [[], ['n']]) {
      const { code, stdout, stderr } = await copy([from, to], answers);
      assert.deepEqual([code === 0, stdout, tag()], [false, '', old.digest]);
      assert.ok(stderr.includes(`${old.digest}; it would become ${digest}`), stderr);
    }
    const { code, stdout, stderr } = await copy([from, to], ['y']);
    assert.deepEqual([code, stdout, tag()], [0, `${to.replace(/:1\.0$/, '')}@${digest}\n`, digest]);
    assert.match(stderr, /WARNING: image .* exists already\. Overwrite\?/);
  });

  it('of several platforms plans and copies each by its digest, asks about no tag, and writes none', async () => {
    const { source, destination, from, to } = await start();
    const { index, children } = source.store.putIndex('team/app', '1.0', ['linux/amd64', 'linux/arm64', 'linux/s390x']);
    const old = destination.store.putImage('mirror/app', '1.0', 'another image');
    const words = ['--platform', 'linux/arm64', '--platform', 'linux/amd64', from, to];
    const [arm64, amd64, s390x] = ['linux/arm64', 'linux/amd64', 'linux/s390x'].map((platform) => children.get(platform)?.digest ?? '');
    const plan = await copy(['--dry-run', ...words]);
    assert.deepEqual(plan.stdout.split('\n').filter((line) => line.startsWith('Digest: ') || line.includes('No tag')), [`Digest: ${arm64}`, `Digest: ${amd64}`, 'No tag: 2 images by their digests.']);
    assert.deepEqual(destination.requests.filter(({ method }) => !['GET', 'HEAD'].includes(method)), []);
    const { code, stdout } = await copy(words);
    const name = to.replace(/:1\.0$/, '');
    assert.deepEqual([code, stdout], [0, `${name}@${arm64}\n${name}@${amd64}\n`]);
    const { manifests, tags } = destination.store.repository('mirror/app');
    assert.deepEqual([manifests.has(String(arm64)), manifests.has(String(amd64)), manifests.has(String(s390x)), manifests.has(index.digest), tags.get('1.0')], [true, true, false, false, old.digest]);
  });
});
