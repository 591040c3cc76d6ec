// Looking at all Dockerfiles of a workspace while settings, policies, keys and files change, and with the real engine and a registry.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Digest } from '../../src/core/crypto/digest.ts';
import type { TrustNode } from '../../src/vscode/trustTree.ts';
import type { TrustTreeView } from '../../src/vscode/trustTreeView.ts';
import { testEngine } from '../support/engine.ts';
import { startRegistry } from '../support/registry.ts';
import { bundleType, makeBundle, makeKey } from '../support/signedImages.ts';
import { fake, workspace } from '../support/vscode.ts';
import { verdicts, type FakeEngine } from './fakeEngine.ts';
import { answer, folder, openDockerfile, settle, startFace, tick, trustKey, useFace, type Face } from './harness.ts';

const write = (path: string, text: string): void => { fake.files.set(`${folder}/${path}`, new TextEncoder().encode(text)); };
const provider = (): TrustTreeView => (fake.trees.get('countersign.images') ?? assert.fail('no tree')).options.treeDataProvider as TrustTreeView;
/** Of every file in the tree its verdicts, as `a/Dockerfile: verified`. */
const seen = async (): Promise<readonly string[]> => (await provider().getChildren()).flatMap((node: TrustNode) => (
  node.kind === 'file' ? [`${workspace.asRelativePath(node.trust.uri as never)}: ${node.trust.uses.map(({ state }) => state.kind).join(' ')}`] : []
));
const messages = (): readonly string[] => fake.script.messages();
const pem = readFileSync('test/fixtures/keys/p256.pub', 'utf8').trim();
const policy = (glob: string): string => `apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: { name: ours }\nspec:\n  images: [{ glob: "${glob}" }]\n  authorities: [{ key: { data: ${JSON.stringify(pem)} } }]\n`;

/** Lets the scan come so far that these images were asked for. */
async function asked(face: Face, count: number): Promise<void> {
  for (let turn = 0; turn < 100 && face.engine.calls.length < count; turn++) await settle();
  assert.equal(face.engine.calls.length, count);
  await settle();
}

/** Of three files the first is answered at once; the second and the third wait for the test. */
async function startScan(prepare: () => void = () => undefined): Promise<{ readonly face: Face; readonly running: Promise<void> }> {
  trustKey();
  prepare();
  const face = startFace();
  // An engine that answers although it was told to stop: an answer may be on its way.
  const { engine } = face;
  const verify = engine.verify.bind(engine);
  engine.verify = (query) => verify(query, new AbortController().signal);
  engine.answers.set('team/a', verdicts.verified);
  for (const name of ['a', 'b', 'c']) write(`${name}/Dockerfile`, `FROM ghcr.io/team/${name}`);
  const running = answer('verifyWorkspace', []);
  await asked(face, 3);
  assert.deepEqual(await seen(), ['a/Dockerfile: verified', 'b/Dockerfile: pending', 'c/Dockerfile: pending']);
  return { face, running };
}

async function answerLate(face: Face, running: Promise<void>): Promise<void> {
  for (const name of ['b', 'c']) face.engine.last(`team/${name}`).answer(verdicts.verified);
  await running;
}

const ended = /^Stopped: settings, keys or policy files changed meanwhile, so nothing of it counts\. Verify again\.$/;

describe('what changes while all Dockerfiles are verified', () => {
  useFace();

  for (const [what, prepare, change] of [
    ['settings', () => undefined, () => { fake.set('user', 'countersign.keys', { other: '/keys/other.pub' }); }],
    ['a policy file', () => {
      write('policy.yaml', policy('ghcr.io/team/**'));
      fake.configuration.workspace['countersign.policyFiles'] = ['policy.yaml'];
    }, () => { fake.write(`${folder}/policy.yaml`, policy('ghcr.io/other/**')); }],
    ['a key file', () => undefined, () => { fake.write('/keys/release.pub', 'another key'); }],
  ] as const) {
    it(`ends the scan, whose late answers count for nothing: ${what}`, async () => {
      const { face, running } = await startScan(prepare);
      change();
      await settle();
      assert.deepEqual(await seen(), []);
      await answerLate(face, running);
      assert.deepEqual(await seen(), []);
      assert.deepEqual([...fake.languages.diagnostics.values()].flat(), []);
      assert.equal(messages().length, 1);
      assert.match(messages()[0] ?? '', ended);
    });
  }

  it('takes the verdicts of a finished scan away when a key file changes', async () => {
    const { face, running } = await startScan();
    await answerLate(face, running);
    assert.equal((await seen()).length, 3);
    fake.write('/keys/release.pub', 'another key');
    await settle();
    assert.deepEqual(await seen(), []);
  });

  it('asks for nothing more when the scan has ended, and offers to begin again', async () => {
    trustKey();
    const face = startFace();
    for (let at = 0; at < 100; at++) write(`s${at}/Dockerfile`, `FROM ghcr.io/team/image${at}`);
    const running = answer('verifyWorkspace', [{ choose: 'Verify All Dockerfiles' }]);
    await asked(face, 32);
    for (let at = 0; at < 100; at++) face.engine.answers.set(`team/image${at}`, verdicts.verified);
    fake.set('user', 'countersign.keys', { other: '/keys/other.pub' });
    await running;
    const under = (name: string): number => face.engine.calls.filter(({ query }) => query.trust.keys.every((key) => key.name === name)).length;
    assert.deepEqual([under('release'), under('other'), face.engine.calls.slice(0, 32).every(({ signal }) => signal.aborted)], [32, 100, true]);
    assert.equal((await seen()).filter((line) => line.endsWith(': verified')).length, 100);
    assert.match(messages().at(-1) ?? '', /^100 Dockerfiles, 100 distinct images\./);
  });

  it('leaves out a file that was changed or deleted, and says so', async () => {
    const { face, running } = await startScan();
    fake.write(`${folder}/b/Dockerfile`, 'FROM ghcr.io/team/other');
    fake.remove(`${folder}/a/Dockerfile`);
    await answerLate(face, running);
    assert.deepEqual(await seen(), ['c/Dockerfile: verified']);
    assert.match(messages().join(), /^1 Dockerfiles, .*2 files changed meanwhile and are not verified\.$/);
    assert.equal(fake.script.shown.find(({ kind }) => kind === 'message')?.severity, 'warning');
  });

  it('never takes what stood unsaved in an editor for the file that is left when it is closed', async () => {
    trustKey();
    const face = startFace();
    write('b/Dockerfile', 'FROM ghcr.io/team/b');
    const document = await openDockerfile('FROM ghcr.io/team/unsaved', `${folder}/b/Dockerfile`);
    document.isDirty = true;
    const before = face.engine.calls.length;
    const running = answer('verifyWorkspace', []);
    await asked(face, before + 1);
    fake.close(document);
    face.engine.last('team/unsaved').answer(verdicts.verified);
    await running;
    assert.deepEqual(await seen(), []);
    assert.match(messages().join(), /1 file changed meanwhile and is not verified/);
  });

  it('lets a second scan take the place of the first, which then says nothing', async () => {
    const { face, running } = await startScan();
    const second = answer('verifyWorkspace', []);
    await asked(face, 6);
    for (const call of face.engine.calls.slice(0, 3)) call.answer(verdicts.unsigned);
    await running;
    assert.deepEqual(messages(), []);
    await answerLate(face, second);
    assert.deepEqual(await seen(), ['a/Dockerfile: verified', 'b/Dockerfile: verified', 'c/Dockerfile: verified']);
    assert.equal(messages().length, 1);
  });
});

describe('verifying all Dockerfiles', () => {
  useFace();

  it('reads the policy files once, before anything is asked', async () => {
    trustKey();
    write('policy.yaml', policy('ghcr.io/team/**'));
    fake.configuration.workspace['countersign.policyFiles'] = ['policy.yaml'];
    const face = startFace();
    for (let at = 0; at < 40; at++) {
      face.engine.answers.set(`team/image${at}`, verdicts.verified);
      write(`s${at}/Dockerfile`, `FROM ghcr.io/team/image${at}`);
    }
    await answer('verifyWorkspace', []);
    assert.deepEqual([face.engine.policyReads.length, face.engine.calls.length], [1, 40]);
    assert.ok(face.engine.calls.every(({ query }) => query.trust.files?.length === 1 && query.trust.problems.length === 0));
    assert.match(messages().join(), /^40 Dockerfiles, 40 distinct images\./);
  });

  it('is unchecked where the engine fails, and goes on', async () => {
    const { face, running } = await startScan();
    face.engine.last('team/b').fail(new Error('a bug'));
    face.engine.last('team/c').answer(verdicts.unsigned);
    await running;
    assert.deepEqual(await seen(), ['a/Dockerfile: verified', 'b/Dockerfile: unchecked', 'c/Dockerfile: unsigned']);
  });

  it('shows what is known while the last of 200 images in 1,000 files is still awaited', async () => {
    trustKey();
    const face = startFace();
    for (let at = 0; at < 199; at++) face.engine.answers.set(`team/image${at}`, at % 2 === 0 ? verdicts.verified : verdicts.unsigned);
    for (let at = 0; at < 1000; at++) write(`service${at}/Dockerfile`, `FROM ghcr.io/team/image${at % 200}`);
    const running = answer('verifyWorkspace', []);
    await asked(face, 200);
    const early = await seen();
    const count = (kind: string): number => early.filter((line) => line.endsWith(`: ${kind}`)).length;
    assert.deepEqual([early.length, count('verified'), count('unsigned'), count('pending')], [1000, 500, 495, 5]);
    assert.deepEqual(messages(), []);
    face.engine.last('team/image199').answer(verdicts.unsigned);
    await running;
    assert.match(messages()[0] ?? '', /^1000 Dockerfiles, 200 distinct images\./);
  });

  it('asks the registry once for each of 40 images in 200 files, and shows results before the end: the real engine', async () => {
    const [release, stranger] = [makeKey(), makeKey()];
    const registry = await startRegistry();
    const engine = testEngine();
    const verified: string[] = [];
    const verify = engine.verify.bind(engine);
    engine.verify = (query, signal) => {
      verified.push(query.reference.repository);
      return verify(query, signal);
    };
    let release39 = (): void => undefined;
    const held = new Promise<void>((resolve) => { release39 = resolve; });
    try {
      for (let at = 0; at < 40; at++) {
        const image = registry.store.putImage(`team/image${at}`, '1', `image ${at}`);
        if (at % 4 !== 3) registry.store.putReferrer(`team/image${at}`, image, makeBundle(image.digest as Digest, at % 4 === 2 ? stranger : release), bundleType);
      }
      for (let at = 0; at < 200; at++) write(`service${at}/Dockerfile`, `# service ${at}\nFROM --platform=linux/amd64 ${registry.host}/team/image${at % 40}:1 AS build\nRUN true\n`);
      registry.intercept = ({ repository }, ordinary) => (repository === 'team/image39' ? held.then(ordinary) : undefined);
      fake.set('user', 'countersign.keys', { release: release.pem });
      startFace(() => Promise.resolve(engine as unknown as FakeEngine));
      const running = Promise.resolve(fake.commands.get('countersign.verifyWorkspace')?.());
      let over = false;
      void running.then(() => { over = true; });
      const until = async (done: () => Promise<boolean>): Promise<void> => {
        // Time is stepped by hand here, and the network is real.
        for (let turn = 0; turn < 20_000 && !await done(); turn++) await (turn % 50 === 0 ? tick(20) : settle());
      };
      const count = async (kind: string): Promise<number> => (await seen()).filter((line) => line.endsWith(`: ${kind}`)).length;
      await until(async () => await count('pending') === 5);
      assert.deepEqual([over, await count('verified'), await count('untrusted'), await count('unsigned'), await count('pending')], [false, 100, 50, 45, 5]);
      assert.equal([...fake.languages.diagnostics.values()].filter((list) => list.length > 0).length, 95);
      assert.deepEqual(messages(), []);
      release39();
      await until(() => Promise.resolve(over));
      await running;
      assert.deepEqual([await count('verified'), await count('untrusted'), await count('unsigned')], [100, 50, 50]);
      assert.match(messages().join(), /^200 Dockerfiles, 40 distinct images\./);
      assert.deepEqual([verified.length, new Set(verified).size], [40, 40]);
      const tags = registry.requests.filter(({ kind, target }) => kind === 'manifest' && target === '1').map(({ repository }) => repository);
      assert.deepEqual([tags.length, new Set(tags).size], [40, 40]);
    } finally {
      release39();
      await engine.dispose();
      await registry.close();
    }
  });
});
