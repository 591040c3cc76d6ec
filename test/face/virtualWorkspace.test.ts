// A workspace that is not on this machine's disk: Dockerfiles are read and verified as ever, key files inside it are none.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fake, Uri, workspace } from '../support/vscode.ts';
import { verdicts } from './fakeEngine.ts';
import { answer, openDockerfile, screen, startFace, trustOf, useFace } from './harness.ts';

const pem = readFileSync('test/fixtures/keys/p256.pub', 'utf8').trim();
const root = 'vscode-vfs://github/team/app';

function virtual(): void {
  workspace.workspaceFolders = [{ uri: Uri.parse(root), name: 'app', index: 0 }];
}

describe('a workspace that is not on the disk', () => {
  useFace();

  it('has its Dockerfiles verified with keys that are texts, diagnostics and lenses included', async () => {
    virtual();
    fake.configuration.workspace['countersign.keys'] = { release: pem };
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.verified);
    face.engine.answers.set('library/busybox', verdicts.unsigned);
    const document = await openDockerfile('FROM alpine\nFROM busybox', `${root}/Dockerfile`);
    assert.equal(document.uri.scheme, 'vscode-vfs');
    assert.deepEqual(screen.kinds(face, document), ['verified', 'unsigned']);
    assert.equal(screen.diagnostics(document).length, 1);
    assert.equal(screen.titles(document).length, 2);
    assert.deepEqual(face.engine.calls[0]?.query.trust.keys, [{ name: 'release', reference: pem }]);
  });

  it('lends no folder to key paths: they are files of this machine, or none', async () => {
    virtual();
    fake.configuration.user['countersign.keys'] = { mine: 'keys/mine.pub' };
    fake.configuration.workspace['countersign.keys'] = { theirs: 'keys/theirs.pub' };
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.unchecked);
    const document = await openDockerfile('FROM alpine', `${root}/Dockerfile`);
    const keys = trustOf(face, document).settings.trust.keys;
    assert.deepEqual(keys.map(({ name, baseDirectory }) => [name, baseDirectory]), [['mine', '/home/ada'], ['theirs', undefined]]);
    assert.deepEqual(screen.kinds(face, document), ['unchecked'], 'never unsigned, never untrusted');
  });

  it('is looked through for Dockerfiles without a failure', async () => {
    virtual();
    fake.configuration.workspace['countersign.keys'] = { release: pem };
    startFace();
    await answer('verifyWorkspace', []);
    assert.deepEqual(fake.script.messages(), ['There is no Dockerfile in this workspace.']);
  });
});
