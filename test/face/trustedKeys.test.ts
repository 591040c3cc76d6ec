// Adding and removing trusted keys: what is asked, what is written, and that nothing is written before the last answer.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import { fake, Uri, window, workspace } from '../support/vscode.ts';
import type { Answer } from '../support/vscode/prompts.ts';
import { verdicts } from './fakeEngine.ts';
import { folder, openDockerfile, run, screen, settle, startFace, useFace } from './harness.ts';

const pem = `-----BEGIN PUBLIC KEY-----\n${'A'.repeat(64)}\nBBBB\n-----END PUBLIC KEY-----\n`;
const pasted = pem.replaceAll('\n', ' ');

async function add(argument: unknown, ...answers: readonly Answer[]): Promise<void> {
  fake.script.answer(...answers);
  await run('addTrustedKey', argument);
  for (let turn = 0; turn < 20; turn++) await settle();
}

async function remove(...answers: readonly Answer[]): Promise<void> {
  fake.script.answer(...answers);
  await run('removeTrustedKey');
  for (let turn = 0; turn < 5; turn++) await settle();
}

const stored = (scope: 'user' | 'workspace', what: 'keys' | 'policies'): unknown => fake.configuration[scope][`countersign.${what}`];

describe('adding a trusted key', () => {
  useFace();
  beforeEach(() => { fake.clipboard = pem; });

  it('from a paste in one line: shows algorithm and fingerprint, then stores a whole PEM', async () => {
    const face = startFace();
    await openDockerfile('FROM alpine');
    await add(undefined, { pick: 'Paste' }, { type: pasted }, { type: 'release' }, { pick: 'All Images' }, { pick: 'User' });
    assert.deepEqual([stored('user', 'keys'), stored('user', 'policies')], [{ release: pem }, undefined]);
    assert.match(JSON.stringify(fake.script.shown[1]?.validation), /ECDSA P-256, SHA256:fingerprint/);
    assert.match(fake.script.shown[2]?.text ?? '', /SHA256:fingerprint/);
    assert.match(fake.script.shown[4]?.text ?? '', /SHA256:fingerprint/);
    assert.deepEqual(fake.script.shown.slice(0, 5).map(({ step, totalSteps }) => [step, totalSteps]), [[1, 5], [2, 5], [3, 5], [4, 5], [5, 5]]);
    assert.equal(face.engine.calls.length, 1);
  });

  it('from a file inside the folder: the workspace gets a path from the folder, the user the whole path', async () => {
    startFace();
    await openDockerfile('FROM alpine');
    const file = Uri.file(`${folder}/keys/cosign.pub`);
    await add(undefined, { pick: 'File' }, { files: [file] }, { type: 'team' }, { pick: 'All Images' }, { pick: 'Workspace' });
    await add(undefined, { pick: 'File' }, { files: [file] }, { type: 'mine' }, { pick: 'All Images' }, { pick: 'User' });
    assert.deepEqual([stored('workspace', 'keys'), stored('user', 'keys')], [{ team: 'keys/cosign.pub' }, { mine: `${folder}/keys/cosign.pub` }]);
    assert.equal(fake.script.shown.find(({ kind }) => kind === 'input')?.value, 'team');
  });

  it('from an address: it is asked when it is entered, not while it is typed', async () => {
    const face = startFace();
    await add(undefined, { pick: 'Address' }, { type: 'http://example.com/x.pub' }, { type: 'https://example.com/cosign.pub' }, { type: 'web' }, { pick: 'All Images' }, { pick: 'User' });
    assert.deepEqual(stored('user', 'keys'), { web: 'https://example.com/cosign.pub' });
    assert.deepEqual(face.engine.described.map(({ reference }) => reference), ['https://example.com/cosign.pub']);
    assert.match(String(fake.script.shown[1]?.validation), /https:\/\/…, env:\/\/NAME or k8s:\/\//);
  });

  for (const [what, reference] of [['private key', pasted.replaceAll('PUBLIC', 'PRIVATE')], ['text that is no key', 'hello'], ['broken key', '-----BEGIN PUBLIC KEY----- garbage -----END PUBLIC KEY-----']] as const) {
    it(`refuses a ${what} where it is pasted, and writes nothing`, async () => {
      startFace();
      await add(undefined, { pick: 'Paste' }, { type: reference }, { escape: true });
      assert.equal(typeof fake.script.shown[1]?.validation, 'string');
      assert.deepEqual(fake.configuration.writes, []);
    });
  }

  it('refuses a private key in a file and on the clipboard with a message, and writes nothing', async () => {
    const face = startFace();
    fake.clipboard = pem.replaceAll('PUBLIC', 'PRIVATE');
    await add(undefined, { pick: 'Clipboard' });
    face.engine.describe = () => { throw new CosignError('KEY_IS_PRIVATE', said`This is a private key.`); };
    await add(undefined, { pick: 'File' }, { files: [Uri.file('/keys/cosign.key')] });
    assert.deepEqual(fake.script.messages().map((text) => /private key/.test(text)), [true, true]);
    assert.deepEqual(fake.configuration.writes, []);
  });

  it('says that the clipboard holds no key', async () => {
    startFace();
    fake.clipboard = 'hello';
    await add(undefined, { pick: 'Clipboard' });
    assert.match(fake.script.messages().join(), /clipboard holds no key/);
  });

  const answers: readonly Answer[] = [{ pick: 'Paste' }, { type: pasted }, { type: 'release' }, { pick: 'Some Images' }, { type: 'ghcr.io/o/**' }, { pick: 'User' }];
  for (const [at] of answers.entries()) {
    it(`writes nothing when it is left at question ${at + 1}`, async () => {
      startFace();
      await openDockerfile('FROM alpine');
      await add(undefined, ...answers.slice(0, at), { escape: true });
      assert.deepEqual([fake.configuration.writes, fake.script.messages()], [[], []]);
    });
  }

  it('goes back question by question, keeping what was answered', async () => {
    startFace();
    await openDockerfile('FROM alpine');
    await add(undefined, ...answers.slice(0, 5), { back: true }, { back: true }, { back: true }, { type: 'other' }, { pick: 'Some Images' }, { type: 'ghcr.io/p/**' }, { pick: 'User' });
    assert.deepEqual([stored('user', 'keys'), stored('user', 'policies')], [{ other: pem }, [{ images: ['ghcr.io/p/**'], keys: ['other'] }]]);
  });

  it('goes back from the file dialog to the question before it', async () => {
    startFace();
    await add(undefined, { pick: 'File' }, { escape: true }, { pick: 'Clipboard' }, { type: 'k' }, { pick: 'All Images' }, { pick: 'User' });
    assert.deepEqual(stored('user', 'keys'), { k: pem });
  });

  it('from a quick fix: the repository is filled in', async () => {
    startFace();
    await openDockerfile('FROM ghcr.io/o/app:1');
    await add({ image: 'ghcr.io/o/app:1' }, { pick: 'Clipboard' }, { type: 'k' }, { pick: 'Some Images' }, { run: () => undefined }, { escape: true });
    assert.equal(fake.script.shown.at(-1)?.value, 'ghcr.io/o/app');
  });

  it('refuses patterns that are none, exceptions, and no pattern at all', async () => {
    startFace();
    await add(undefined, { pick: 'Clipboard' }, { type: 'k' }, { pick: 'Some Images' }, { type: '' }, { type: '!x' }, { type: 'a"b' }, { escape: true });
    assert.deepEqual(fake.script.shown.slice(-4, -1).map(({ validation }) => typeof validation), ['string', 'string', 'string']);
    assert.deepEqual(fake.configuration.writes, []);
  });

  it('keeps the other keys and policies, and adds its own policy', async () => {
    startFace();
    const policy = { name: 'old', images: ['docker.io/**'], keys: ['old'], annotations: { a: 'b' }, severity: 'error' };
    fake.configuration.user['countersign.keys'] = { old: '/old.pub' };
    fake.configuration.user['countersign.policies'] = [policy];
    await add(undefined, { pick: 'Clipboard' }, { type: 'new' }, { pick: 'Some Images' }, { type: 'ghcr.io/o/**, ghcr.io/p/*' }, { pick: 'User' });
    assert.deepEqual(stored('user', 'keys'), { old: '/old.pub', new: pem });
    assert.deepEqual(stored('user', 'policies'), [policy, { images: ['ghcr.io/o/**', 'ghcr.io/p/*'], keys: ['new'] }]);
  });

  it('joins the policy that is for the same images', async () => {
    startFace();
    fake.configuration.user['countersign.keys'] = { old: '/old.pub' };
    fake.configuration.user['countersign.policies'] = [{ name: 'p', images: ['a/**', 'b/**'], keys: ['old'], severity: 'error' }];
    await add(undefined, { pick: 'Clipboard' }, { type: 'new' }, { pick: 'Some Images' }, { type: 'b/** a/**' }, { pick: 'User' });
    assert.deepEqual(stored('user', 'policies'), [{ name: 'p', images: ['a/**', 'b/**'], keys: ['old', 'new'], severity: 'error' }]);
  });

  it('adds a policy for every image when there are policies and it is for all images', async () => {
    startFace();
    fake.configuration.user['countersign.keys'] = { old: '/old.pub' };
    fake.configuration.user['countersign.policies'] = [{ images: ['a/**'], keys: ['old'] }];
    await add(undefined, { pick: 'Clipboard' }, { type: 'new' }, { pick: 'All Images' }, { pick: 'User' });
    assert.deepEqual(stored('user', 'policies'), [{ images: ['a/**'], keys: ['old'] }, { images: ['**'], keys: ['new'] }]);
  });

  it('for some images beside keys without policies: those go on counting for every image', async () => {
    startFace();
    fake.configuration.user['countersign.keys'] = { old: '/old.pub' };
    await add(undefined, { pick: 'Clipboard' }, { type: 'new' }, { pick: 'Some Images' }, { type: 'a/**' }, { pick: 'User' });
    assert.deepEqual(stored('user', 'policies'), [{ images: ['**', '!a/**'], keys: ['old'] }, { images: ['a/**'], keys: ['old', 'new'] }]);
  });

  it('never replaces a key of the same name without a yes', async () => {
    startFace();
    fake.configuration.user['countersign.keys'] = { k: '/old.pub' };
    await add(undefined, { pick: 'Clipboard' }, { type: 'k' }, { pick: 'All Images' }, { pick: 'User' }, { escape: true });
    assert.deepEqual([fake.configuration.writes, fake.script.shown.at(-1)?.modal], [[], true]);
    assert.match(fake.script.shown.at(-1)?.text ?? '', /Now: ECDSA P-256, SHA256:fingerprint\. Then: ECDSA P-256, SHA256:fingerprint\./);
    await add(undefined, { pick: 'Clipboard' }, { type: 'k' }, { pick: 'All Images' }, { pick: 'User' }, { choose: 'Replace' });
    assert.deepEqual(stored('user', 'keys'), { k: pem });
  });

  it('copies the policies that count before hiding them with those of the workspace, after a yes', async () => {
    startFace();
    fake.configuration.user['countersign.keys'] = { old: '/old.pub' };
    fake.configuration.user['countersign.policies'] = [{ images: ['a/**'], keys: ['old'] }];
    const flow: readonly Answer[] = [{ pick: 'Clipboard' }, { type: 'new' }, { pick: 'Some Images' }, { type: 'b/**' }, { pick: 'Workspace' }];
    await add(undefined, ...flow, { escape: true });
    assert.deepEqual(fake.configuration.writes, []);
    await add(undefined, ...flow, { choose: 'Copy' });
    assert.deepEqual(stored('workspace', 'policies'), [{ images: ['a/**'], keys: ['old'] }, { images: ['b/**'], keys: ['new'] }]);
    assert.deepEqual(stored('user', 'policies'), [{ images: ['a/**'], keys: ['old'] }]);
  });

  it('writes nothing into settings it cannot read', async () => {
    startFace();
    fake.configuration.user['countersign.keys'] = ['x'];
    await add(undefined, { pick: 'Clipboard' }, { type: 'k' }, { pick: 'All Images' }, { pick: 'User' });
    fake.configuration.user['countersign.keys'] = {};
    fake.configuration.user['countersign.policies'] = { x: 1 };
    await add(undefined, { pick: 'Clipboard' }, { type: 'k' }, { pick: 'Some Images' }, { type: 'a/**' }, { pick: 'User' });
    assert.deepEqual([fake.configuration.writes, fake.script.messages().length], [[], 2]);
  });

  it('says so when the settings cannot be written', async () => {
    startFace();
    fake.configuration.failure = new Error('settings.json has unsaved changes');
    await add(undefined, { pick: 'Clipboard' }, { type: 'k' }, { pick: 'All Images' }, { pick: 'User' });
    assert.match(fake.script.messages().join(), /unsaved changes/);
  });

  it('says that the policies of the folder count instead of the user\'s, and does not wait for an answer', async () => {
    startFace();
    await openDockerfile('FROM alpine');
    fake.configuration.workspace['countersign.policies'] = [{ images: ['a/**'], keys: ['old'] }];
    await add(undefined, { pick: 'Clipboard' }, { type: 'k' }, { pick: 'All Images' }, { pick: 'User' });
    assert.match(fake.script.messages().join(), /policies of its own/);
    fake.script.shown = [];
    await add(undefined, { pick: 'Clipboard' }, { type: 'k2' }, { pick: 'Some Images' }, { type: 'b/**' }, { pick: 'Workspace' });
    assert.deepEqual(fake.script.messages(), []);
    assert.deepEqual(stored('workspace', 'policies'), [{ images: ['a/**'], keys: ['old'] }, { images: ['b/**'], keys: ['k2'] }]);
  });

  it('goes to the folder where a workspace file holds several', async () => {
    startFace();
    workspace.workspaceFile = Uri.file('/work space/x.code-workspace');
    await openDockerfile('FROM alpine');
    await add(undefined, { pick: 'Clipboard' }, { type: 'k' }, { pick: 'All Images' }, { pick: 'Folder' });
    assert.deepEqual([fake.configuration.folder['countersign.keys'], fake.configuration.workspace], [{ k: pem }, {}]);
  });

  it('asks no place where there is no folder', async () => {
    startFace();
    workspace.workspaceFolders = undefined;
    await add(undefined, { pick: 'Clipboard' }, { type: 'k' }, { pick: 'All Images' });
    assert.deepEqual(stored('user', 'keys'), { k: pem });
  });

  it('that is the first lists the images of the open file that it covers, and leads to them', async () => {
    const face = startFace();
    for (const image of ['library/alpine', 'o/app', 'o/tool']) face.engine.answers.set(image, verdicts.verified);
    const document = await openDockerfile('FROM alpine\nFROM ghcr.io/o/app:1\nFROM ghcr.io/o/app:1\nFROM ghcr.io/o/tool:2\nFROM ghcr.io/$NOTHING');
    fake.script.answer({ pick: 'Clipboard' }, { type: 'k' }, { pick: 'Some Images' }, { type: 'ghcr.io/o/**' }, { pick: 'User' }, { choose: 'Show Trust of This File' }, { escape: true });
    await run('addTrustedKey');
    for (let turn = 0; turn < 20; turn++) await settle();
    assert.match(fake.script.messages().join(), /The key k .* In .*Dockerfile it covers 2 of 3 images: ghcr\.io\/o\/app:1 and ghcr\.io\/o\/tool:2\./);
    assert.deepEqual(fake.executed.map(({ command, args }) => [command, args]), [['countersign.showTrust', [{ uri: document.uri.toString() }]]]);
  });

  for (const [what, goAway] of [
    ['a view has the focus', () => { window.activeTextEditor = undefined; }],
    ['the walkthrough covers everything', () => { fake.hideAll(); }],
    ['a key file is in front', () => { fake.show(fake.open(`${folder}/cosign.pub`, 'PEM', 'plaintext')); }],
  ] as const) {
    it(`that is the first lists them too while ${what}`, async () => {
      startFace().engine.answers.set('library/alpine', verdicts.verified);
      await openDockerfile('FROM alpine');
      goAway();
      await add(undefined, { pick: 'Clipboard' }, { type: 'k' }, { pick: 'All Images' }, { pick: 'User' });
      assert.match(fake.script.messages().join(), /In .*Dockerfile it covers 1 of 1 images: alpine\./);
    });
  }

  it('that is the first lists nothing where several Dockerfiles are open and none is on screen', async () => {
    startFace();
    await openDockerfile('FROM alpine');
    await openDockerfile('FROM busybox', `${folder}/b/Dockerfile`);
    fake.hideAll();
    await add(undefined, { pick: 'Clipboard' }, { type: 'k' }, { pick: 'All Images' }, { pick: 'User' });
    assert.deepEqual(fake.script.messages(), []);
  });

  it('that is the first and covers none of them says so', async () => {
    startFace();
    await openDockerfile('FROM alpine');
    await add(undefined, { pick: 'Clipboard' }, { type: 'k' }, { pick: 'Some Images' }, { type: 'ghcr.io/o/**' }, { pick: 'User' });
    assert.match(fake.script.messages().join(), /In .*Dockerfile it covers none of 1 images/);
  });

  it('beside another one lists nothing', async () => {
    startFace();
    fake.configuration.user['countersign.keys'] = { old: '/old.pub' };
    await openDockerfile('FROM alpine');
    await add(undefined, { pick: 'Clipboard' }, { type: 'k' }, { pick: 'All Images' }, { pick: 'User' });
    assert.deepEqual(fake.script.messages(), []);
  });

  it('verifies the open file with the new key at once', async () => {
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.verified);
    const document = await openDockerfile('FROM alpine');
    await add(undefined, { pick: 'Clipboard' }, { type: 'k' }, { pick: 'All Images' }, { pick: 'User' });
    assert.deepEqual(screen.kinds(face, document), ['verified']);
  });
});

describe('removing a trusted key', () => {
  useFace();

  it('takes it out of the scope that holds it and out of the policies that name it', async () => {
    startFace();
    fake.configuration.user['countersign.keys'] = { a: '/a.pub', b: '/b.pub' };
    fake.configuration.workspace['countersign.keys'] = { c: 'c.pub' };
    fake.configuration.user['countersign.policies'] = [{ name: 'p', images: ['**'], keys: ['a', 'b'] }];
    await remove({ pick: 'a' });
    assert.deepEqual([stored('user', 'keys'), stored('workspace', 'keys'), stored('user', 'policies')], [{ b: '/b.pub' }, { c: 'c.pub' }, [{ name: 'p', images: ['**'], keys: ['b'] }]]);
  });

  it('asks about a policy left without keys, and says when removing it trusts every key for every image', async () => {
    startFace();
    const before = { keys: { a: '/a.pub', b: '/b.pub' }, policies: [{ images: ['**'], keys: ['a'] }] };
    fake.configuration.user['countersign.keys'] = before.keys;
    fake.configuration.user['countersign.policies'] = before.policies;
    await remove({ pick: 'a' }, { escape: true });
    assert.deepEqual(fake.configuration.writes, []);
    assert.match(fake.script.messages().join(), /every remaining key is trusted for every image/);
    await remove({ pick: 'a' }, { choose: 'Remove the Policies Too' });
    assert.deepEqual([stored('user', 'keys'), stored('user', 'policies')], [{ b: '/b.pub' }, undefined]);
  });

  it('keeps a policy without keys when asked to, and its images are unchecked', async () => {
    const face = startFace();
    fake.configuration.user['countersign.keys'] = { a: '/a.pub', b: '/b.pub' };
    fake.configuration.user['countersign.policies'] = [{ images: ['**'], keys: ['a'] }];
    face.engine.answers.set('library/alpine', verdicts.verified);
    const document = await openDockerfile('FROM alpine');
    await remove({ pick: 'a' }, { choose: 'Keep' });
    assert.deepEqual([stored('user', 'policies'), screen.kinds(face, document)], [[{ images: ['**'], keys: [] }], ['unchecked']]);
  });

  it('leaves the policies when another scope has a key of that name', async () => {
    startFace();
    fake.configuration.user['countersign.keys'] = { a: '/a.pub' };
    fake.configuration.workspace['countersign.keys'] = { a: 'a.pub' };
    fake.configuration.user['countersign.policies'] = [{ images: ['**'], keys: ['a'] }];
    await remove({ pick: 'a' });
    assert.deepEqual([stored('user', 'keys'), stored('workspace', 'keys'), stored('user', 'policies')], [undefined, { a: 'a.pub' }, [{ images: ['**'], keys: ['a'] }]]);
  });

  it('says that there is none', async () => {
    startFace();
    await remove();
    assert.match(fake.script.messages().join(), /no trusted key to remove/);
  });

  it('writes nothing when it is left', async () => {
    startFace();
    fake.configuration.user['countersign.keys'] = { a: '/a.pub' };
    await remove({ escape: true });
    assert.deepEqual(fake.configuration.writes, []);
  });
});
