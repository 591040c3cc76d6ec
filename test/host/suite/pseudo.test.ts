// A whole editor window in another language: what the extension shows is read from the two files of the language, as the editor reads them.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, suiteSetup, teardown, test } from 'mocha';
import { pseudo, readable } from '../../support/pseudo.ts';
import { capture, command, focusEditor, hoverAt, lenses, live, openFile, press, shown, statusBar, trustFolder, until } from '../liveWindow.ts';

const { page, demo: { description: { host, workspace } } } = live;
const manifest = JSON.parse(readFileSync(join(process.cwd(), 'package.json'), 'utf8')) as { readonly contributes: { readonly commands: readonly { readonly title: string; readonly command: string }[]; readonly menus: { readonly commandPalette: readonly { readonly command: string; readonly when: string }[] } } };
const english = JSON.parse(readFileSync(join(process.cwd(), 'package.nls.json'), 'utf8')) as Readonly<Record<string, string>>;
const titleOf = (name: string): string => pseudo(english[`commands.${name}`] ?? assert.fail(`no title of ${name}`));

/** Words of plain letters in what is shown, without digests, fingerprints and the names that belong there. */
function plain(text: string, names: readonly string[]): readonly string[] {
  const left = names.reduce((rest, name) => rest.replaceAll(name, ' '), text.replaceAll('\u00a0', ' ').replace(/\bsha256:[\w+/=…]+/gi, ' '));
  return left.match(/[A-Za-z]{2,}/g) ?? [];
}

suite('In another language', () => {
  suiteSetup(async () => {
    writeFileSync(join(workspace, 'Dockerfile.words'), `FROM ${host}/shop/base:1.0\n\nFROM ${host}/shop/queue:0.9\n\nFROM ${host}/shop/reports:1.0\n`);
    await trustFolder();
    await openFile('Dockerfile.words');
    await until('three verdicts stand there', async () => (await lenses.allInnerTexts()).filter((text) => text.includes('⟦')).length === 3 && !(await lenses.allInnerTexts()).some((text) => readable(text).includes('Verifying')))
      .catch(async (error: unknown) => { await capture('pseudo-failed'); throw new Error(`${String(error)}: ${(await lenses.allInnerTexts()).join(' / ')}`); });
  });
  teardown(async function () {
    if (this.currentTest?.state === 'failed') await capture('pseudo-failed');
  });

  test('every lens is', async () => {
    const texts = await lenses.allInnerTexts();
    for (const verdict of ['Signed by', 'Unsigned', 'Could not check']) assert.ok(texts.some((text) => text.includes('⟦') && readable(text).includes(verdict)), `${verdict}: ${texts.join(' / ')}`);
    assert.deepEqual(texts.flatMap((text) => plain(text, ['release'])), []);
  });

  test('the status bar is', async () => {
    const item = await shown(statusBar, '⟦');
    const label = await item.getAttribute('aria-label') ?? '';
    assert.match(readable(label), /1 unsigned, 1 could not be checked/);
    assert.deepEqual(plain(label, ['Countersign']), []);
  });

  test('the hover is, beside the names of the image, the keys and the policy', async () => {
    const hover = page.locator('.monaco-hover:visible');
    await hoverAt('1,12', '⟦');
    await capture('pseudo');
    const text = await hover.first().innerText();
    assert.match(readable(text), /Signed by release/);
    assert.deepEqual(plain(text, [`${host}/shop/base:1.0`, `${host}/shop/base`, `${host}/shop/**`, 'release', 'shop', 'UTC']), []);
    await press('Escape');
  });

  test('every command of the palette is', async () => {
    const hidden = new Set(manifest.contributes.menus.commandPalette.filter(({ when }) => when === 'false').map(({ command: id }) => id));
    const titles = manifest.contributes.commands.filter(({ command: id }) => !hidden.has(id)).map(({ title }) => pseudo(english[title.slice(1, -1)] ?? title));
    await focusEditor();
    const seen = new Set<string>();
    await press('F1');
    const list = page.locator('.quick-input-widget:visible');
    await list.locator('input').first().fill('>Countersign:');
    await until('every title was on screen', async () => {
      for (const row of await list.locator('.monaco-list-row').allInnerTexts()) for (const title of titles) if (row.includes(title)) seen.add(title);
      await press('ArrowDown');
      return seen.size === titles.length;
    }).catch((error: unknown) => { throw new Error(`${String(error)}: ${titles.filter((title) => !seen.has(title)).join(' / ')}`); });
    await capture('pseudo-palette');
    await press('Escape');
  });

  test('what a command asks is', async () => {
    await command(titleOf('signImage'));
    const asked = page.locator('.quick-input-widget:visible');
    await shown(asked, '⟦');
    // The editor counts the choices in its own words.
    assert.deepEqual(plain(await asked.innerText(), ['Results', `${host}/shop/base:1.0`, `${host}/shop/queue:0.9`, `${host}/shop/reports:1.0`]), []);
    await press('Escape');
  });
});
