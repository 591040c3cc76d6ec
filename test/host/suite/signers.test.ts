// A whole editor window, driven by keyboard from outside: a policy that wants two of three signers, from the lens to the line that asks and one's own signature.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, suiteSetup, test } from 'mocha';
import { generatePrivateKey, type PrivateKey } from '../../../src/core/crypto/privateKey.ts';
import { signBundle, signLegacy } from '../../demo/signing.ts';
import { capture, captureThemes, command, goWith, lenses, live, openFile, press, question, questionsGone, shown, trustFolder, until } from '../liveWindow.ts';

const { page, demo: { description: { host, workspace }, registry } } = live;
const path = (name: string): string => join(workspace, name);
const menu = page.locator('.action-widget:visible');
const hover = page.locator('.monaco-hover:visible');

suite('Several signers, by keyboard', () => {
  const people: Record<string, PrivateKey> = {};
  const put = (repository: string, legacy: readonly string[], bundles: readonly string[] = []): void => {
    const image = registry.store.putImage(repository, '1', repository);
    const key = (name: string): PrivateKey => people[name]!;
    for (const name of legacy) signLegacy({ store: registry.store, host, repository, image }, key(name));
    for (const name of bundles) signBundle({ store: registry.store, host, repository, image }, key(name));
  };

  suiteSetup(async () => {
    for (const name of ['release', 'security', 'qa']) {
      people[name] = await generatePrivateKey();
      writeFileSync(path(`keys/${name}.pub`), people[name].publicKey.pem);
    }
    put('team/done', ['release'], ['qa']);
    put('team/half', ['release']);
    put('team/none', []);
    const settings = JSON.parse(readFileSync(path('.vscode/settings.json'), 'utf8')) as { 'countersign.keys': object; 'countersign.policies': object[] };
    writeFileSync(path('.vscode/settings.json'), `// who must sign\n${JSON.stringify({
      ...settings,
      'countersign.keys': { ...settings['countersign.keys'], release: 'keys/release.pub', security: 'keys/security.pub', qa: 'keys/qa.pub' },
      'countersign.policies': [...settings['countersign.policies'], { name: 'team', images: [`${host}/team/**`], keys: ['release', 'security', 'qa'], require: 2 }],
    }, undefined, 2)}\n`);
    writeFileSync(path('Dockerfile.team'), `FROM ${host}/team/done:1\nFROM ${host}/team/half:1\nFROM ${host}/team/none:1\n`);
    await trustFolder();
    await openFile('Dockerfile.team');
  });

  test('are counted above each image', async () => {
    await shown(lenses, 'Signed by release and qa');
    await shown(lenses, 'Untrusted: 1 of 2 signers');
    await shown(lenses, 'Unsigned: no signature found');
  });

  test('stand one by one in the hover, present and missing', async () => {
    await goTo('2:20');
    await press('Control+k', 'Control+i');
    await shown(hover, '1 of 2 signatures');
    const text = (await hover.first().innerText()).replaceAll('\u00a0', ' ');
    for (const line of ['release: present', 'security: missing', 'qa: missing']) assert.ok(text.includes(line), text);
    await captureThemes('signers-hover');
    // Once more gives it the focus, so that it can be scrolled.
    await press('Control+k', 'Control+i', 'End');
    await captureThemes('signers-hover-end');
    await press('Escape');
  });

  test('lead from the problem to the very lines of the policy', async () => {
    const policies = readFileSync(path('.vscode/settings.json'), 'utf8').split('\n');
    const line = policies.findIndex((text) => text.includes('"name": "team"'));
    await press('Control+Shift+M');
    const related = page.locator('.markers-panel .monaco-list-row').filter({ hasText: 'settings.json' });
    await shown(page.locator('.markers-panel .monaco-list-row'), 'Untrusted:');
    await command('Problems: Focus on Problems View');
    await questionsGone();
    await press('Home');
    await goWith('ArrowDown', 'Untrusted:');
    await press('ArrowRight');
    await related.first().waitFor({ state: 'visible' });
    await captureThemes('signers-problems');
    assert.ok((await related.first().innerText()).replaceAll('\u00a0', ' ').includes(`[Ln ${line}, Col 5]`));
    // It has the focus already where the problem was unfolded before.
    const focused = page.locator('.markers-panel .monaco-list-row.focused').first();
    await until('the line of the policy has the focus', async () => {
      if ((await focused.innerText()).includes('settings.json')) return true;
      await press('ArrowDown');
      return false;
    });
    await press('Enter');
    await page.locator('.tab.active[data-resource-name="settings.json"]').first().waitFor();
    // The policy is selected, whole.
    await shown(page.locator('.statusbar-item'), / selected\)/);
    await capture('signers-policy');
    await press('Control+Shift+M');
  });

  test('may be joined from the menu of quick fixes', async () => {
    await openFile('Dockerfile.team');
    // A key goes nowhere while something else has the focus: a person does it again.
    await until('the menu offers it', async () => {
      await goTo('2:20');
      await press('Control+.');
      const offered = await shown(menu, 'Add My Signature…', 3000).catch(() => undefined);
      if (!offered) await press('Escape');
      return offered !== undefined;
    });
    await captureThemes('signers-menu');
    await press('Enter');
    await question('Sign Image');
    await capture('signers-sign');
    await press('Escape');
    await questionsGone();
  });
});

async function goTo(place: string): Promise<void> {
  await press('Control+g');
  await page.locator('.quick-input-widget:visible input').first().fill(`:${place}`);
  await press('Enter');
  await questionsGone();
}
