// The editor makes links, of commands too, in messages, progress, prompts and the language status: names and answers of others stay text there.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import { fake, Uri } from '../support/vscode.ts';
import { verdicts } from './fakeEngine.ts';
import { answer, folder, openDockerfile, screen, settle, startFace, startSigning, trustKey, useFace } from './harness.ts';
import { isNamed, links } from './surfaces.ts';

const hostile = '[ok](command:workbench.action.quit)';
const neutral = '[ok] (command:workbench.action.quit)';
const key = `${folder}/${hostile}.key`;

/** @returns everything that was said, and nothing of it is a link */
function shownTexts(): string {
  assert.deepEqual(links(), []);
  return [...fake.script.shown.flatMap(({ text, validation }) => [text, JSON.stringify(validation ?? '')]), ...fake.progress.map(({ title }) => title ?? ''), JSON.stringify(fake.reports)].join('\n');
}

describe('what others wrote is no link', () => {
  useFace();

  it('in the answer of a registry that is shown as a failure', async () => {
    fake.write(`${folder}/cosign.key`, 'PEM');
    const { signing, engine } = startSigning();
    engine.answers.set('o/app', verdicts.unsigned);
    signing.failure = new CosignError('REGISTRY_DENIED', said`The registry says: "${hostile}".`, { remedy: said`See [help](https://evil.example/x "title") and ${hostile}.` });
    await answer('signImage', [{ type: 'ghcr.io/o/app:1' }]);
    assert.ok(shownTexts().includes(neutral) && shownTexts().includes('[help] (https://evil.example'), shownTexts());
  });

  it('in the names of keys that are asked about, changed and shown', async () => {
    fake.write(key, 'PEM');
    startSigning();
    await answer('changeKeyPassword', [{ pick: '.key' }, { type: 'wrong' }, { type: 'right' }, { type: 'new' }, { type: 'new' }]);
    await answer('forgetPasswords', []);
    await answer('showPublicKey', [{ pick: '.key' }, { type: 'right' }]);
    assert.ok(fake.script.shown.some(({ kind, text }) => kind === 'input' && text.includes(neutral)), shownTexts());
    assert.ok(fake.script.messages().some((text) => text.includes(neutral)), shownTexts());
  });

  it('in the names of files that are signed and verified, and in the progress', async () => {
    fake.write(`${folder}/cosign.key`, 'PEM');
    const file = `${folder}/${hostile}.txt`;
    fake.write(file, 'abc');
    trustKey();
    const { signing } = startSigning();
    await answer('signFile', [{ pick: 'cosign.key' }, { type: 'right' }], Uri.file(file));
    signing.verdict = { kind: 'unchecked', reason: new CosignError('FILE_UNREADABLE', said`${hostile} cannot be read.`), checkedAt: 0 };
    await answer('verifyFileSignature', [], Uri.file(file));
    assert.ok(fake.script.messages().filter((text) => text.includes(neutral)).length >= 2, shownTexts());
    assert.ok(fake.progress.some(({ title }) => title?.includes(neutral)), shownTexts());
  });

  it('in the name of a Dockerfile that is verified', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.verified);
    await openDockerfile('FROM alpine', `${folder}/${hostile}.Dockerfile`);
    await answer('verifyFile', []);
    assert.ok(fake.progress.some(({ title }) => title?.includes(neutral)), shownTexts());
  });

  it('in the settings of a folder, which the language status complains about', async () => {
    fake.configuration.workspace['countersign.policies'] = [{ images: [hostile], keys: [hostile] }];
    trustKey();
    startFace();
    await openDockerfile('FROM alpine');
    const status = screen.languageStatus('countersign.settings');
    assert.ok(status?.detail?.includes(neutral), JSON.stringify(status));
    assert.deepEqual(links(), []);
  });

  it('in what the tooltip of the status bar says about a file that cannot be verified at all', async () => {
    trustKey();
    startFace(() => Promise.reject(new Error(`${hostile} ![x](https://evil.example/pixel.png)`)));
    await openDockerfile('FROM alpine');
    await settle();
    assert.doesNotMatch(JSON.stringify(screen.status().tooltip), /[^\\]\]\(/);
  });
});

describe('the check after every test of the face', () => {
  useFace();

  it('would see a link and what has no name', async () => {
    await fake.script.message('information', `Wrote ${hostile}.`);
    assert.equal(links().length, 1);
    fake.script.shown = [];
    assert.deepEqual(['$(trash)', '$(loading~spin) $(key)', '', undefined, '$(trash) Remove', 'a', '\\$(not-an-icon)'].map(isNamed), [false, false, false, false, true, true, true]);
  });
});
