// A newcomer with a keyboard and no mouse: every command of the palette is run once in a whole window, and what comes first is what it promises.
import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { suite, suiteSetup, teardown, test } from 'mocha';
import type { Locator } from 'playwright-core';
import { decryptPrivateKey } from '../../../src/core/crypto/encryptedKey.ts';
import { pause } from '../eventually.ts';
import { capture, chooseFile, command, lenses, live, message, modal, openFile, pick, press, question, questionsGone, shown, trustFolder, type, until } from '../liveWindow.ts';

const { page, demo: { description: { workspace } } } = live;
const questions = page.locator('.quick-input-widget:visible');
const toasts = page.locator('.notification-toast:visible');
const editor = page.locator('.editor-group-container.active .tab.active, .editor-group-container.active .monaco-editor .view-lines');
const panel = page.locator('.part.panel:visible');
const places = { question: questions, modal, message: toasts, editor, panel } as const satisfies Record<string, Locator>;

interface Row {
  /** What stands in front when the command is run; the Dockerfile of the demonstration unless it is said. */
  readonly file?: string;
  readonly where: keyof typeof places;
  readonly says: RegExp;
}

/** Command → what a person sees first. */
const rows: Readonly<Record<string, Row>> = {
  verifyFile: { where: 'editor', says: /Dockerfile/ },
  verifyAgain: { where: 'editor', says: /Dockerfile/ },
  addTrustedKey: { where: 'question', says: /key/i },
  removeTrustedKey: { where: 'question', says: /release/ },
  showTrust: { where: 'question', says: /shop\/base:1\.0/ },
  openLog: { where: 'panel', says: /Output/i },
  diagnoseRegistry: { where: 'question', says: /registry/i },
  reportIssue: { where: 'editor', says: /Countersign: report/ },
  usePolicyFile: { where: 'message', says: /Open a policy file first/ },
  generateKeyPair: { where: 'question', says: /In which folder/ },
  importKeyPair: { where: 'question', says: /key/i },
  generateClusterKeyPair: { where: 'message', says: /There is no kubeconfig/ },
  showPublicKey: { where: 'question', says: /key/i },
  changeKeyPassword: { where: 'question', says: /key/i },
  forgetPasswords: { where: 'message', says: /password/i },
  clearStorage: { where: 'message', says: /stored/i },
  signImage: { where: 'question', says: /Which image/ },
  signFile: { file: 'notes.txt', where: 'question', says: /key/i },
  verifyFileSignature: { file: 'notes.txt', where: 'message', says: /notes\.txt/ },
  copyImage: { where: 'question', says: /image/i },
  showCopyPlan: { where: 'question', says: /image/i },
  explainTrust: { where: 'question', says: /shop\/base:1\.0/ },
  verifyWorkspace: { where: 'message', says: /image/i },
  pinImages: { where: 'message', says: /pin/i },
  // The command before it has pinned some.
  unpinImages: { where: 'question', says: /Which images keep only their tag/ },
};

interface Manifest { readonly contributes: { readonly commands: readonly { readonly command: string; readonly title: string }[]; readonly menus: { readonly commandPalette: readonly { readonly command: string; readonly when: string }[] } } }
const { contributes: { commands, menus } } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const words = JSON.parse(readFileSync('package.nls.json', 'utf8')) as Readonly<Record<string, string>>;
const hidden = menus.commandPalette.filter(({ when }) => when === 'false').map(({ command: id }) => id);
const offered = commands.filter(({ command: id }) => !hidden.includes(id)).map(({ command: id, title }) => ({ id: id.replace('countersign.', ''), title: words[title.replaceAll('%', '')] ?? title }));

async function seen(where: keyof typeof places): Promise<string> {
  const fields = await places[where].locator('input[placeholder]').all();
  const placeholders = await Promise.all(fields.map((field) => field.getAttribute('placeholder', { timeout: 1000 }).catch(() => '')));
  return [...await places[where].allInnerTexts(), ...placeholders].join('\n').replaceAll('\u00a0', ' ');
}

async function everything(): Promise<string> {
  const parts = await Promise.all((Object.keys(places) as (keyof typeof places)[]).map(async (where) => `${where}: ${(await seen(where)).slice(0, 600)}`));
  return parts.join('\n');
}

/** The key that was imported, as the password opens it. */
async function opened(password: string): Promise<unknown> {
  const { handle } = await decryptPrivateKey(readFileSync(join(workspace, 'imported.key')), password, new AbortController().signal);
  return handle.export({ format: 'jwk' });
}

/** As it was: no question, no message, the panel closed, and the Dockerfile in front. */
async function tidy(): Promise<void> {
  for (let turn = 0; turn < 8 && await questions.count() + await modal.count() > 0; turn++) {
    await press('Escape');
    await pause(150);
  }
  await command('Notifications: Clear All Notifications');
  if (await panel.count() > 0) await command('View: Hide Panel');
  await openFile('Dockerfile');
}

suite('Every command of the palette, by keyboard', () => {
  suiteSetup(async () => {
    writeFileSync(join(workspace, 'notes.txt'), 'Notes\n');
    await trustFolder();
    await openFile('Dockerfile');
    await shown(lenses, 'Signed by release');
  });

  teardown(async function () {
    if (this.currentTest?.state === 'failed') await capture('palette-failed');
    await tidy();
  });

  test('is in this list, and none besides', () => {
    assert.deepEqual(Object.keys(rows).sort(), offered.map(({ id }) => id).sort());
  });

  for (const { id, title } of offered) {
    const row = rows[id];
    if (row === undefined) continue;
    test(`"${title}" begins as it should`, async () => {
      const { file = 'Dockerfile', where, says } = row;
      if (file !== 'Dockerfile') await openFile(file);
      await command(`Countersign: ${title}`);
      await until(`${where} with ${String(says)}`, async () => says.test(await seen(where)), 30_000).catch(async (error: unknown) => { throw new Error(`${String(error)}\n${await everything()}`); });
      await capture(`palette-${id}`);
    });
  }

  test('"Import Key Pair…" ends in two files that hold the key under the password', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(join(workspace, 'plain.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await command('Countersign: Import Key Pair…');
    await chooseFile('Choose an Unencrypted Private Key', join(workspace, 'plain.pem'), 'In which folder are the two files written?');
    await question('In which folder are the two files written?', 'ECDSA P-256');
    await pick(basename(workspace));
    await question('A name for the two files');
    await type('imported');
    await press('Enter');
    await question('A password for the private key');
    await type('first password');
    await press('Enter');
    await question('The same password again');
    await type('first password');
    await press('Enter');
    await question('Wrote imported.key and imported.pub');
    await capture('palette-importKeyPair-done');
    await press('Escape');
    await questionsGone();
    assert.deepEqual(await opened('first password'), privateKey.export({ format: 'jwk' }));
    assert.equal(statSync(join(workspace, 'imported.key')).mode & 0o777, 0o600);
    assert.equal(createPublicKey(readFileSync(join(workspace, 'imported.pub'))).equals(createPublicKey(privateKey)), true);
  });

  test('"Change Key Password…" ends in a key that the new password opens, and the old one does not', async () => {
    const [before, pub] = [await opened('first password'), readFileSync(join(workspace, 'imported.pub'), 'utf8')];
    await command('Countersign: Change Key Password…');
    await pick('imported.key');
    await question('The password that imported.key has now');
    await type('not the password');
    await press('Enter');
    await question('The password is wrong. Try again.');
    await type('first password');
    await press('Enter');
    await question('A password for the private key');
    await type('second password');
    await press('Enter');
    await question('The same password again');
    await type('second password');
    await press('Enter');
    await message(/The password of imported\.key \(ECDSA P-256, SHA256:\S+\) is another one now\./);
    await capture('palette-changeKeyPassword-done');
    assert.deepEqual(await opened('second password'), before);
    await assert.rejects(opened('first password'), { code: 'KEY_PASSWORD_WRONG' });
    assert.equal(readFileSync(join(workspace, 'imported.pub'), 'utf8'), pub);
  });

  test('nothing of it could have been done with a mouse', async () => {
    const told = { message: 'this is to be done by keyboard' };
    await assert.rejects(page.mouse.click(5, 5), told);
    await assert.rejects(page.mouse.move(5, 5), told);
    await assert.rejects(page.click('body'), told);
    await assert.rejects(page.locator('body').hover(), told);
    await assert.rejects(page.locator('body').dblclick(), told);
  });

  test('"Diagnose Registry…" ends in a report that says which way it went', async () => {
    await command('Countersign: Diagnose Registry…');
    await until('the images of the file are offered', async () => /shop\/base:1\.0/.test(await seen('question')));
    await press('Enter');
    const report = page.locator('iframe.webview').last().contentFrame().locator('iframe').contentFrame();
    await report.getByText('Every step that was tried went well.').waitFor();
    await report.getByText('Referrers').first().waitFor();
    await capture('diagnosis');
  });
});
