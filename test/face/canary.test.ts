// A password that occurs nowhere else: after everything a person can do with it, it is in the secret storage if that was asked for, and nowhere else.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import { fake, Uri } from '../support/vscode.ts';
import type { Answer } from '../support/vscode/prompts.ts';
import { verdicts } from './fakeEngine.ts';
import { answer, folder, startSigning, useFace } from './harness.ts';

const canary = 'canary-9f3b1c77';
const key = `${folder}/cosign.key`;

/** Everything that outlives a question, or is shown. What was typed into a password box is the box's own. */
function traces(): string {
  const shown = fake.script.shown.map((question) => ({ ...question, value: undefined }));
  return JSON.stringify({
    shown, log: fake.log, executed: fake.executed, clipboard: fake.clipboard, remembered: [...fake.remembered], opened: fake.opened,
    settings: [fake.configuration.user, fake.configuration.workspace, fake.configuration.folder, fake.configuration.writes],
    progress: fake.progress.map(({ title }) => title), reports: fake.reports,
    files: [...fake.files].map(([path, bytes]) => [path, new TextDecoder().decode(bytes)]),
  });
}

describe('a password', () => {
  useFace();
  const begin = (environment?: string): ReturnType<typeof startSigning> => {
    fake.write(key, 'PEM');
    const face = startSigning(environment);
    face.signing.password = canary;
    face.engine.answers.set('o/app', verdicts.unsigned);
    return face;
  };
  const name = folder.split('/').at(-1) ?? '';
  const flows: Readonly<Record<string, readonly [string, readonly Answer[], ...unknown[]]>> = {
    'of a new key pair': ['generateKeyPair', [{ pick: name }, { type: 'new' }, { type: canary }, { type: `${canary}x` }, { type: canary }, { check: [] }]],
    'of an imported key': ['importKeyPair', [{ files: [Uri.file('/rsa.pem')] }, { pick: name }, { type: 'new' }, { type: canary }, { type: canary }, { check: [] }]],
    'entered to show a key': ['showPublicKey', [{ pick: 'cosign.key' }, { type: `${canary}-mistyped` }, { type: canary }]],
    'that is changed': ['changeKeyPassword', [{ pick: 'cosign.key' }, { type: canary }, { type: `${canary}-new` }, { type: `${canary}-new` }]],
    'entered to sign an image': ['signImage', [{ type: 'ghcr.io/o/app:1' }, { pick: 'cosign.key' }, { type: canary }, { pick: 'Both' }, { type: '' }, { choose: 'Sign' }]],
    'entered to sign a file': ['signFile', [{ pick: 'cosign.key' }, { type: canary }], Uri.file(`${folder}/a.txt`)],
  };

  for (const [what, [command, answers, ...args]] of Object.entries(flows)) {
    it(`${what} leaves no trace`, async () => {
      begin();
      await answer(command, answers, ...args);
      assert.ok(!traces().includes(canary));
      assert.equal(fake.kept.size, 0);
    });

    it(`${what} leaves no trace when it fails`, async () => {
      const { signing } = begin();
      const fill = (): void => { signing.failure = new CosignError('FILE_UNREADABLE', said`The disk is full.`, { cause: new Error('ENOSPC') }); };
      const typed = answers.filter((item) => !('check' in item));
      // The file to import is looked at before a password is asked for.
      const [file, ...rest] = typed;
      const upTo = command === 'signImage' ? answers.slice(0, 1) : command === 'importKeyPair' && file ? [file, { run: () => { fill(); return Promise.resolve(); } }, ...rest] : typed;
      if (command !== 'importKeyPair') fill();
      await answer(command, upTo, ...args);
      assert.ok(!traces().includes(canary));
      assert.ok(command === 'showPublicKey' || fake.log.some(({ text }) => text.includes('The disk is full')));
      assert.equal(fake.kept.size, 0);
    });
  }

  it('that is to be remembered is in the secret storage, and nowhere else', async () => {
    begin();
    await answer('showPublicKey', [{ pick: 'cosign.key' }, { press: 'Remember the password' }, { type: canary }]);
    assert.ok([...fake.kept.values()].join().includes(canary));
    assert.ok(!traces().includes(canary));
  });

  it('of the environment leaves no trace, right or wrong', async () => {
    const { signing } = begin(canary);
    await answer('showPublicKey', [{ pick: 'cosign.key' }]);
    signing.lock();
    signing.password = 'another';
    await answer('showPublicKey', [{ pick: 'cosign.key' }, { run: () => undefined }, { type: 'another' }]);
    assert.ok(!traces().includes(canary));
    assert.equal(fake.kept.size, 0);
  });

  it('that is remembered and wrong leaves no trace', async () => {
    begin();
    fake.kept.set('countersign.passwords', JSON.stringify({ [key]: `${canary}-old` }));
    await answer('showPublicKey', [{ pick: 'cosign.key' }, { run: () => undefined }, { type: canary }]);
    assert.ok(!traces().includes(canary));
    assert.equal(fake.kept.size, 0);
  });
});
