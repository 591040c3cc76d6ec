// The extension with its real engine: a key pair, a signed file and its verification, as a person does it, on a real disk.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type * as api from 'vscode';
import { activate } from '../../src/extension.ts';
import { ExtensionMode, fake, Uri } from '../support/vscode.ts';
import type { Answer } from '../support/vscode/prompts.ts';
import { settle } from './harness.ts';

/** Waits for what happens off the event loop: keys are derived there. */
async function until(happened: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2000 && !happened(); turn++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(happened(), JSON.stringify([fake.script.messages(), fake.script.unexpected]));
  await settle();
}

describe('keys and files with the real engine', () => {
  let directory: string;
  let subscriptions: { dispose(): unknown }[];
  beforeEach(() => {
    fake.reset();
    directory = mkdtempSync(join(tmpdir(), 'countersign-'));
    fake.folder(directory);
    subscriptions = [];
    const context = { subscriptions, extensionMode: ExtensionMode.Production, extensionUri: Uri.file('/extension'), globalStorageUri: Uri.file(join(directory, 'User', 'globalStorage', 'countersign')), secrets: fake.secrets, workspaceState: fake.memory, extension: { packageJSON: { version: '1.2.3' } } };
    activate(context as unknown as api.ExtensionContext);
  });
  afterEach(async () => {
    for (const item of subscriptions.toReversed()) item.dispose();
    await settle();
    rmSync(directory, { recursive: true, force: true });
    assert.deepEqual([fake.held, fake.script.unexpected, fake.script.left], [0, [], 0]);
  });
  const call = (command: string, answers: readonly Answer[], ...args: readonly unknown[]): void => {
    fake.script.answer(...answers);
    void fake.commands.get(`countersign.${command}`)?.(...args);
  };
  const said = (words: RegExp) => (): boolean => words.test(fake.script.messages().join('\n'));

  it('a new pair is written, opens after a wrong password, signs a file, and the file is verified until it changes', async () => {
    call('generateKeyPair', [{ pick: basename(directory) }, { type: 'cosign' }, { type: 'canary-1' }, { type: 'canary-1' }, { check: [] }]);
    await until(said(/Wrote cosign\.key and cosign\.pub: ECDSA P-256, SHA256:/));
    assert.deepEqual([statSync(join(directory, 'cosign.key')).mode & 0o777, statSync(join(directory, 'cosign.pub')).mode & 0o777], [0o600, 0o644]);

    const file = join(directory, 'app.txt');
    writeFileSync(file, 'contents');
    fake.set('user', 'countersign.keys', { mine: join(directory, 'cosign.pub') });
    call('signFile', [{ type: join(directory, 'cosign.key') }, { type: 'wrong' }, { run: () => until(() => true) }, { type: 'canary-1' }], Uri.file(file));
    await until(said(/Verified: app\.txt is signed by mine/));
    assert.ok(existsSync(`${file}.sig`) && existsSync(`${file}.sigstore.json`));

    writeFileSync(file, 'other contents');
    call('verifyFileSignature', [], Uri.file(file));
    await until(said(/Untrusted: no signature beside app\.txt/));
    assert.ok(!JSON.stringify([fake.log, fake.script.messages(), fake.executed, [...fake.kept]]).includes('canary-1'));
  });

  it('a changed password opens the key, the old one does not, and files that stand there stay', async () => {
    const path = join(directory, 'cosign.key');
    call('generateKeyPair', [{ pick: basename(directory) }, { type: 'cosign' }, { type: 'a' }, { type: 'a' }, { check: [] }]);
    await until(said(/Wrote cosign\.key/));
    const before = readFileSync(path, 'utf8');
    call('changeKeyPassword', [{ type: path }, { type: 'a' }, { type: 'b' }, { type: 'b' }]);
    await until(said(/The password of cosign\.key .*is another one now/));
    assert.notEqual(readFileSync(path, 'utf8'), before);
    call('forgetPasswords', []);
    await until(said(/no key is unlocked any more/));
    call('showPublicKey', [{ type: path }, { type: 'a' }, { run: () => until(() => true) }, { type: 'b' }]);
    await until(said(/cosign\.key: ECDSA P-256/));
    const now = readFileSync(path, 'utf8');
    call('generateKeyPair', [{ pick: basename(directory) }, { type: 'cosign' }, { choose: 'no' }, { escape: true }]);
    await until(() => fake.script.left === 0);
    assert.equal(readFileSync(path, 'utf8'), now);
  });

  it('a key that was unlocked before its password changed or its file was replaced is asked for again, and is the one that is shown', async () => {
    const path = join(directory, 'cosign.key');
    const file = join(directory, 'app.txt');
    writeFileSync(file, 'contents');
    const fingerprint = (): string => /: ECDSA P-256, (SHA256:[^.]+)/.exec(fake.script.messages().at(-1) ?? '')?.[1] ?? assert.fail(fake.script.messages().join());
    call('generateKeyPair', [{ pick: basename(directory) }, { type: 'cosign' }, { type: 'a' }, { type: 'a' }, { check: [] }]);
    await until(said(/Wrote cosign\.key/));
    const first = fingerprint();
    call('changeKeyPassword', [{ type: path }, { type: 'a' }, { type: 'b' }, { type: 'b' }]);
    await until(said(/The password of cosign\.key .*is another one now/));
    assert.ok(fake.script.messages().at(-1)?.includes(first));
    call('signFile', [{ type: path }, { type: 'b' }], Uri.file(file));
    await until(said(/Wrote app\.txt\.sig/));

    call('generateKeyPair', [{ pick: basename(directory) }, { type: 'cosign' }, { choose: 'Replace' }, { type: 'c' }, { type: 'c' }, { check: [] }]);
    await until(() => fake.script.messages().filter((text) => text.startsWith('Wrote cosign.key')).length === 2);
    const second = fingerprint();
    assert.notEqual(second, first);
    const shown = fake.script.messages().length;
    call('showPublicKey', [{ type: path }, { type: 'c' }]);
    await until(() => fake.script.messages().length > shown);
    assert.equal(fingerprint(), second);
  });
});
