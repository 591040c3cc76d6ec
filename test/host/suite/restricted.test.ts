// In a real editor, in a folder that is not trusted and brings its own keys: they do not count, and that is said.
import assert from 'node:assert/strict';
import { suite, suiteSetup, test } from 'mocha';
import * as vscode from 'vscode';
import { demo, diagnostics, dockerfile, hooks, lenses, openDockerfile, pause, settledUses, until } from '../demoFile.ts';
import { editorWindow } from '../editorWindow.ts';

suite('A Dockerfile in Restricted Mode', () => {
  suiteSetup(async () => {
    assert.equal(vscode.workspace.isTrusted, false, 'this window is for a folder that is not trusted');
    await openDockerfile();
    await settledUses();
  });

  test('the keys of the folder do not count, so that nothing is verified and nothing is warned about', async () => {
    const kinds = new Set((await settledUses()).map(({ state }) => state.kind));
    assert.ok(!kinds.has('verified'));
    assert.ok([...kinds].every((kind) => kind === 'no keys' || kind === 'unresolved'), [...kinds].join());
    assert.deepEqual(diagnostics(), []);
    assert.equal((await hooks()).tracker.get(dockerfile)?.restricted, true);
  });

  test('one quiet lens leads to adding a key', async () => {
    assert.deepEqual((await lenses()).map(({ command }) => command?.command), ['countersign.addTrustedKey']);
  });

  test('a key of the user counts, with the policies of the user only', async () => {
    const settings = vscode.workspace.getConfiguration('countersign');
    await settings.update('keys', { mine: demo.keys.release }, vscode.ConfigurationTarget.Global);
    try {
      const uses = await until('the images are verified with it', async () => {
        const found = await settledUses();
        return found[0]?.state.kind === 'verified' && found;
      });
      const stateOf = (part: string): string | undefined => uses.find(({ use: { text } }) => text.includes(part))?.state.kind;
      assert.equal(stateOf('shop/runtime'), 'verified');
      assert.equal(stateOf('shop/queue'), 'unsigned');
      // The folder's policy, which does not cover it, is not there.
      assert.equal(stateOf('community/cowsay'), 'untrusted');
      await editorWindow?.capture('restricted');
    } finally {
      await settings.update('keys', undefined, vscode.ConfigurationTarget.Global);
    }
    await until('without it nothing is known', async () => (await settledUses())[0]?.state.kind === 'no keys');
  });

  if (editorWindow) {
    const view = editorWindow;
    test('the tooltip of the status bar says what is ignored', async () => {
      await vscode.commands.executeCommand('workbench.action.focusStatusBar');
      await until('the item has the focus, and its tooltip is there', async () => {
        await view.press('ArrowLeft');
        await pause(300);
        if (!(await view.texts('.statusbar-item:focus-within')).some((text) => text.includes('No trusted key'))) return false;
        await view.press('Control+K');
        await view.press('Control+I');
        await pause(1000);
        return (await view.texts('.monaco-hover:visible')).some((text) => text.includes('Restricted Mode'));
      });
      await view.capture('restricted-tooltip');
    });
  }
});
