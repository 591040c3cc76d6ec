// In a real editor, in a trusted folder: what a person sees of the demonstration, and what follows when they type, add a key or close the file.
import assert from 'node:assert/strict';
import { suite, suiteSetup, teardown, test } from 'mocha';
import * as vscode from 'vscode';
import { codeOf, demo, diagnostics, dockerfile, hoverText, hooks, kindsOf, lenses, openDockerfile, pause, replaceText, settledUses, until } from '../demoFile.ts';
import { editorWindow } from '../editorWindow.ts';

const expectedKinds = demo.images.map(({ reference, expected }) => [reference.replace('${PREVIEW_VERSION}', ''), expected]);
const drawn = ['unsigned', 'untrusted', 'unchecked', 'unresolved'];

suite('A Dockerfile in a trusted folder', () => {
  let editor: vscode.TextEditor;

  suiteSetup(async () => {
    editor = await openDockerfile();
    await settledUses();
  });

  teardown(async () => {
    editor = await openDockerfile();
    await vscode.commands.executeCommand('workbench.action.files.revert');
    await until('the file is as it was', () => !editor.document.isDirty);
  });

  test('opening it gives every image its verdict', async () => {
    assert.equal(editor.document.languageId, 'dockerfile');
    assert.deepEqual(kindsOf(await settledUses()), expectedKinds);
  });

  test('problems stand under exactly the references that are not verified', async () => {
    const found = diagnostics().filter((diagnostic) => drawn.includes(codeOf(diagnostic)));
    const uses = (await settledUses()).filter(({ state }) => drawn.includes(state.kind));
    assert.deepEqual(found.map(codeOf), uses.map(({ state }) => state.kind));
    assert.deepEqual(found.map(({ range }) => editor.document.getText(range)), uses.map(({ use }) => use.raw));
    for (const { code } of found) assert.ok(typeof code === 'object' && code.target.path.length > 1, 'the code leads to a page');
  });

  test('the policy decides the severity', () => {
    const builder = diagnostics().find(({ range }) => editor.document.getText(range).includes('tools/builder'));
    assert.equal(builder?.severity, vscode.DiagnosticSeverity.Warning);
    const worker = diagnostics().find(({ range }) => editor.document.getText(range).includes('shop/worker'));
    assert.equal(worker?.severity, vscode.DiagnosticSeverity.Error);
  });

  test('above every image stands one lens with its verdict', async () => {
    const [uses, shown] = [await settledUses(), await lenses()];
    assert.deepEqual(shown.map(({ range }) => range.start.line), uses.map(({ use }) => use.range.start.line));
    assert.match(shown[0]?.command?.title ?? '', /Signed by release/);
    assert.match(shown[5]?.command?.title ?? '', /Unsigned/);
  });

  test('the hover shows the digest and who signed', async () => {
    const [first] = await settledUses();
    assert.ok(first?.state.kind === 'verified');
    const text = await hoverText(new vscode.Position(first.use.range.start.line, first.use.range.start.character + 2));
    assert.ok(text.includes(first.state.digest), text);
    assert.match(text, /release/);
  });

  test('a changed tag changes the verdict, also when it is changed again at once', async () => {
    await replaceText(editor, 'shop/base:1.0', 'shop/nothing:1.0');
    await replaceText(editor, 'shop/nothing:1.0', 'shop/queue:0.9');
    assert.equal((await settledUses())[0]?.state.kind, 'unsigned');
    const firstLine = (await settledUses())[0]?.use.range.start.line;
    assert.deepEqual(diagnostics().filter(({ range }) => range.start.line === firstLine).map(codeOf), ['unsigned']);
    await replaceText(editor, 'shop/queue:0.9 AS base', 'shop/base:1.0 AS base');
    assert.equal((await settledUses())[0]?.state.kind, 'verified');
  });

  test('"Verify Again" asks the registry anew and comes to the same verdicts', async () => {
    const before = (await settledUses()).flatMap(({ state }) => ('checkedAt' in state ? [state.checkedAt] : []));
    await vscode.commands.executeCommand('countersign.verifyAgain');
    const uses = await settledUses();
    assert.deepEqual(kindsOf(uses), expectedKinds);
    for (const [index, time] of uses.flatMap(({ state }) => ('checkedAt' in state ? [state.checkedAt] : [])).entries()) assert.ok(time > (before[index] ?? 0));
  });

  test('"Add Trusted Key" makes an image verified that its key has signed', async () => {
    const image = demo.images.find(({ expected }) => expected === 'uncovered');
    assert.ok(image);
    const settings = vscode.Uri.joinPath(vscode.Uri.file(demo.workspace), '.vscode/settings.json');
    const before = await vscode.workspace.fs.readFile(settings);
    await vscode.env.clipboard.writeText(demo.keys.stranger);
    const done = vscode.commands.executeCommand('countersign.addTrustedKey', { uri: dockerfile.toString(), image: image.reference });
    try {
      await answerQuestion(1, 'Use the Clipboard', 2);
      await answerQuestion(2, 'A name for the key');
      await answerQuestion(3, 'Only Some Images');
      await answerQuestion(4, 'Image patterns');
      await answerQuestion(5, 'Workspace Settings', 1);
      await done;
      const use = await until('the image is verified', async () => (await settledUses()).find(({ use: { text }, state }) => text === image.reference && state.kind === 'verified'));
      assert.ok(use.state.kind === 'verified' && use.state.signatures.some(({ signedBy }) => signedBy?.key === 'release-2'), JSON.stringify(use.state));
    } finally {
      await vscode.workspace.fs.writeFile(settings, before);
      await until('the key is gone again', async () => (await settledUses()).some(({ use: { text }, state }) => text === image.reference && state.kind === 'uncovered'));
    }
  });

  test('a file that is closed has no problems any more', async () => {
    assert.notEqual(diagnostics().length, 0);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await until('the problems are gone', () => diagnostics().length === 0);
    assert.equal((await hooks()).tracker.get(dockerfile), undefined);
    editor = await openDockerfile();
    assert.deepEqual(kindsOf(await settledUses()), expectedKinds);
    await until('the problems are back', () => diagnostics().length > 0);
  });

  test('a file of another language has neither lens nor problem', async () => {
    const readme = vscode.Uri.joinPath(vscode.Uri.file(demo.workspace), 'README.md');
    await vscode.commands.executeCommand('vscode.open', readme);
    assert.deepEqual(await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', readme, 100), []);
    assert.deepEqual(vscode.languages.getDiagnostics(readme).filter(({ source }) => source === 'countersign'), []);
  });
});

/** Waits for a question, moves down in its list and accepts, as the keys would. */
async function answerQuestion(step: number, says: string, down = 0): Promise<void> {
  if (editorWindow) {
    await editorWindow.waitForText('.quick-input-widget', `(${step}/`);
    await editorWindow.waitForText('.quick-input-widget', says);
  } else {
    await pause(1500);
  }
  for (let moved = 0; moved < down; moved++) await vscode.commands.executeCommand('workbench.action.quickOpenSelectNext');
  await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
}

const view = editorWindow;
if (view) {
  const goTo = async (line: number, character = 0): Promise<void> => {
    const editor = await openDockerfile();
    await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
    editor.selection = new vscode.Selection(line, character, line, character);
  };

  suite('The window around it', () => {
    suiteSetup(async () => {
      await openDockerfile();
      await settledUses();
      await vscode.commands.executeCommand('cursorTop');
    });

    test('the status bar says what is worst', async () => {
      await view.waitForText('.statusbar-item', 'untrusted');
    });

    test('the lens is drawn, and taking it by keyboard shows the trust of the file', async () => {
      await view.waitForText('.codelens-decoration', 'Signed by release');
      const line = (await settledUses())[0]?.use.range.start.line ?? 0;
      await until('the list is open', async () => {
        try {
          await goTo(line);
          await view.runCommand('CodeLens Commands for Current Line');
          await view.waitForText('.quick-input-list .monaco-list-row', 'Signed by release', 5000);
          await view.press('Enter');
          await view.waitForText('.quick-input-list .monaco-list-row', 'shop/base:1.0', 5000);
          return true;
        } catch {
          await view.press('Escape');
          return false;
        }
      }, 90_000);
      await view.capture('list');
      await view.press('Escape');
    });

    test('the hover is drawn', async () => {
      const { use } = (await settledUses())[0] ?? assert.fail('there is an image');
      await until('the hover is there', async () => {
        await goTo(use.range.start.line, use.range.start.character + 2);
        await view.press('Control+K');
        await view.press('Control+I');
        await pause(700);
        return (await view.texts('.monaco-hover:visible')).some((text) => text.includes('sha256:'));
      }, 90_000);
      await view.capture('hover');
      await view.press('Escape');
    });

    test('the Problems panel lists them', async () => {
      await vscode.commands.executeCommand('workbench.actions.view.problems');
      await view.waitForText('.markers-panel', 'countersign');
      await view.capture('problems');
      await vscode.commands.executeCommand('workbench.action.closePanel');
    });

    test('"Add Trusted Key" by keyboard shows what the pasted key is, and leaves nothing behind when it is given up', async () => {
      const before = JSON.stringify(vscode.workspace.getConfiguration('countersign').get('keys'));
      await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
      await view.runCommand('Countersign: Add Trusted Key');
      await view.waitForText('.quick-input-widget', 'Paste It');
      await view.capture('add-key-where');
      await view.press('ArrowDown');
      await view.press('Enter');
      await view.waitForText('.quick-input-widget', 'BEGIN and END');
      await view.paste(demo.keys.stranger.trim().replaceAll('\n', ' '));
      await view.waitForText('.quick-input-widget', 'ECDSA P-256');
      await view.capture('add-key-paste');
      await view.press('Enter');
      await view.waitForText('.quick-input-widget', 'A name for the key');
      await view.press('Escape');
      await until('the questions are gone', async () => (await view.texts('.quick-input-widget:visible')).length === 0);
      assert.equal(JSON.stringify(vscode.workspace.getConfiguration('countersign').get('keys')), before);
    });

    for (const [name, theme] of [['dark', 'Default Dark Modern'], ['light', 'Default Light Modern'], ['high-contrast', 'Default High Contrast'], ['high-contrast-light', 'Default High Contrast Light']] as const) {
      test(`in the theme "${theme}"`, async () => {
        const workbench = vscode.workspace.getConfiguration('workbench');
        await workbench.update('colorTheme', theme, vscode.ConfigurationTarget.Global);
        await pause(700);
        await view.waitForText('.codelens-decoration', 'Signed by release');
        await view.capture(`theme-${name}`);
        await workbench.update('colorTheme', undefined, vscode.ConfigurationTarget.Global);
      });
    }
  });
}
