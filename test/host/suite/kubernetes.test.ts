// In a real editor: a Dockerfile verified with a key in Kubernetes, a pair made there by keyboard, and such a key offered for signing.
import assert from 'node:assert/strict';
import { suite, suiteSetup, suiteTeardown, test } from 'mocha';
import * as vscode from 'vscode';
import { KubeApi } from '../../support/kubeApi.ts';
import { demo, diagnostics, codeOf, kindsOf, openDockerfile, pause, settledUses, until } from '../demoFile.ts';
import { editorWindow } from '../editorWindow.ts';

const settingsFile = vscode.Uri.joinPath(vscode.Uri.file(demo.workspace), '.vscode/settings.json');
const expectedKinds = demo.images.map(({ reference, expected }) => [reference.replace('${PREVIEW_VERSION}', ''), expected]);

suite('Keys in Kubernetes', () => {
  let api: KubeApi;
  let before: Uint8Array;

  suiteSetup(async () => {
    api = await KubeApi.start(vscode.extensions.getExtension('countersign.countersign')?.extensionPath);
    api.put('prod', 'cosign', { data: { 'cosign.pub': demo.keys.release } });
    before = await vscode.workspace.fs.readFile(settingsFile);
    const settings = JSON.parse(new TextDecoder().decode(before)) as Record<string, unknown>;
    const changed = {
      ...settings, 'countersign.keys': { ...settings['countersign.keys'] as object, release: 'k8s://prod/cosign' },
      'countersign.kubernetes.kubeconfig': api.kubeconfig('exec'), 'countersign.kubernetes.context': 'exec',
    };
    await vscode.workspace.fs.writeFile(settingsFile, new TextEncoder().encode(JSON.stringify(changed)));
    await openDockerfile();
    await until('the cluster was asked', () => api.requests.length > 0);
  });

  suiteTeardown(async () => {
    await vscode.workspace.fs.writeFile(settingsFile, before);
    api.close();
  });

  test('the verdicts of a Dockerfile are those of the same key in a file', async () => {
    assert.deepEqual(kindsOf(await settledUses()), expectedKinds);
    assert.deepEqual(new Set(api.requests.map(({ user, verb, name }) => `${user} ${verb} ${name ?? ''}`)), new Set(['jo get cosign']));
    await editorWindow?.waitForText('.codelens-decoration', 'Signed by release');
    await editorWindow?.capture('kubernetes-verified');
  });

  test('a secret that may not be read makes its images unchecked, and no others', async () => {
    api.allows = ({ name }) => name !== 'cosign';
    await vscode.commands.executeCommand('countersign.verifyAgain');
    const kinds = new Map(kindsOf(await settledUses()));
    const certificates = demo.images.find(({ reference }) => reference.includes('tools/certificates'));
    assert.equal(kinds.get(certificates?.reference ?? ''), 'verified');
    assert.ok([...kinds].filter(([text]) => text.includes('shop/base')).every(([, kind]) => kind === 'unchecked'));
    assert.ok(diagnostics().some((diagnostic) => codeOf(diagnostic) === 'unchecked' && diagnostic.message.includes('get secrets is forbidden for user "jo"')));
    await vscode.commands.executeCommand('workbench.actions.view.problems');
    await editorWindow?.waitForText('.markers-panel', 'forbidden');
    // The panel takes the focus just when the lenses are due: they must follow all the same.
    await editorWindow?.waitForText('.codelens-decoration', 'Could not check');
    await editorWindow?.capture('kubernetes-forbidden');
    await vscode.commands.executeCommand('workbench.action.closePanel');
    api.allows = () => true;
    await vscode.commands.executeCommand('countersign.verifyAgain');
    assert.deepEqual(kindsOf(await settledUses()), expectedKinds);
  });

  test('a key pair is made after the manifest was shown', async () => {
    const done = vscode.commands.executeCommand('countersign.generateClusterKeyPair');
    await accept('cluster main, user exec', 'kubernetes-context');
    await accept('default', 'kubernetes-namespace', 'prod');
    await accept('cosign', 'kubernetes-secret', 'made-here');
    await accept('One Secret', 'kubernetes-second');
    await accept('Write Nothing', 'kubernetes-manifest');
    await accept('Trust the Public Key Here', 'kubernetes-written');
    await done;
    // Where nothing can be typed, the first answers count.
    const made = api.secrets.get(editorWindow ? 'prod/made-here' : 'default/cosign');
    assert.deepEqual(Object.keys(made?.data ?? {}).sort(), ['cosign.key', 'cosign.password', 'cosign.pub']);
    const manifest = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'countersign-secret')?.getText() ?? '';
    assert.match(manifest, /cosign\.key: "\*+"/);
    assert.ok(manifest.includes(made?.data?.['cosign.pub'] ?? 'nothing'));
  });

  test('a key in Kubernetes is offered for signing', async () => {
    await openDockerfile();
    const done = vscode.commands.executeCommand('countersign.signImage');
    await accept('shop/base', 'kubernetes-sign-image');
    if (editorWindow) {
      await editorWindow.waitForText('.quick-input-list', 'k8s://prod/cosign');
      await editorWindow.capture('kubernetes-sign-key');
    } else await pause(1500);
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    await done;
  });
});

/** Waits for a question, takes its picture, answers it as the keys would. */
async function accept(says: string, picture: string, text?: string): Promise<void> {
  if (editorWindow) {
    // The question itself is a placeholder, which is no text: the list under it is.
    await editorWindow.waitForText('.quick-input-list .monaco-list-row', says).catch(async (error: unknown) => {
      await editorWindow?.capture('kubernetes-failed');
      throw error;
    });
    if (text !== undefined) {
      await editorWindow.press('Control+A');
      await editorWindow.paste(text);
      await editorWindow.waitForText('.quick-input-list .monaco-list-row', text);
    }
    await editorWindow.capture(picture);
  } else await pause(1500);
  await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
}
