// In a real editor: a ClusterImagePolicy with mistakes, mended by its quick fixes, made the policy of the folder, and a Dockerfile judged by it.
import assert from 'node:assert/strict';
import { suite, suiteSetup, suiteTeardown, test } from 'mocha';
import * as vscode from 'vscode';
import { codeOf, demo, diagnostics, openDockerfile, settledUses, until } from '../demoFile.ts';
import { editorWindow } from '../editorWindow.ts';

const folder = vscode.Uri.file(demo.workspace);
const settingsFile = vscode.Uri.joinPath(folder, '.vscode/settings.json');
const policyFile = vscode.Uri.joinPath(folder, 'policies/images.yaml');
const indented = (pem: string): string => pem.trim().split('\n').map((line) => `        ${line}`).join('\n');
const text = `apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata:
  name: shop
spec:
  modes: enforce
  images:
  - glob: docker.io/library/alpine
  - glob: "${demo.host}/shop/**"
  authorities:
  - name: release
    signatureFormat: bundle
    key:
      data: |
${indented(demo.keys.release)}
---
apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata:
  name: community
spec:
  mode: warn
  images:
  - glob: "${demo.host}/community/**"
  authorities:
  - keyless:
      identities:
      - issuer: https://token.actions.githubusercontent.com
        subjectRegExp: .*
`;

const bytes = (content: string): Uint8Array => new TextEncoder().encode(content);
const found = (file = policyFile): readonly vscode.Diagnostic[] => vscode.languages.getDiagnostics(file).filter(({ source }) => source === 'countersign');

async function show(uri: vscode.Uri): Promise<vscode.TextEditor> {
  await vscode.commands.executeCommand('vscode.open', uri);
  return until('it is in front', () => {
    const editor = vscode.window.activeTextEditor;
    return editor?.document.uri.toString() === uri.toString() && editor;
  });
}

async function fix(title: string, file = policyFile): Promise<void> {
  const before = found(file).length;
  const at = found(file).map(({ range }) => range);
  const lists = await Promise.all(at.map((range) => vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', file, range)));
  const action = lists.flat().find((candidate) => candidate.title === title);
  assert.ok(action?.edit, `"${title}" is not among ${lists.flat().map((candidate) => candidate.title).join(', ')}`);
  await vscode.workspace.applyEdit(action.edit);
  await until(`"${title}" has mended something`, () => found(file).length < before);
}

suite('A ClusterImagePolicy', () => {
  let before: Uint8Array;

  suiteSetup(async () => {
    before = await vscode.workspace.fs.readFile(settingsFile);
    // No key and no policy but what the file says.
    await vscode.workspace.fs.writeFile(settingsFile, bytes('{}'));
    await vscode.workspace.fs.writeFile(policyFile, bytes(text));
    await openDockerfile();
  });

  suiteTeardown(async () => {
    await vscode.commands.executeCommand('workbench.action.files.saveAll');
    await vscode.workspace.fs.delete(policyFile);
    await vscode.workspace.fs.writeFile(settingsFile, before);
  });

  test('shows its mistakes where they are', async () => {
    await show(policyFile);
    await until('the file is read', () => found().length > 0);
    const lineOf = (words: string): number => text.split('\n').findIndex((line) => line.includes(words));
    assert.deepEqual(found().map((diagnostic) => [diagnostic.range.start.line, codeOf(diagnostic)]),
      [[lineOf('modes'), 'unknown-field'], [lineOf('docker.io'), 'glob-docker-hub'], [lineOf('- name: release'), 'not-checked'], [lineOf('bundle'), 'bundle-with-key'], [lineOf('- keyless'), 'not-checked']]);
    await editorWindow?.waitForText('.codelens-decoration', 'Use this policy in this folder');
    await vscode.commands.executeCommand('workbench.actions.view.problems');
    await editorWindow?.waitForText('.markers-panel', 'never matches');
    await editorWindow?.capture('policy-file-mistakes');
    await vscode.commands.executeCommand('workbench.action.closePanel');
  });

  test('is mended by its quick fixes', async () => {
    await show(policyFile);
    await fix('Rename to "mode"');
    await fix('Replace with "index.docker.io/library/alpine*"');
    await fix('Use the Legacy Format');
    assert.deepEqual(found().map(codeOf), ['not-checked']);
    await vscode.window.activeTextEditor?.document.save();
  });

  test('becomes the policy of the folder from its lens', async () => {
    await show(policyFile);
    const lens = await until('there is a lens', async () => (await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', policyFile, 100)).find(({ command }) => command?.command === 'countersign.usePolicyFile'));
    await vscode.commands.executeCommand('countersign.usePolicyFile', ...(lens.command?.arguments ?? []) as unknown[]);
    assert.deepEqual(vscode.workspace.getConfiguration('countersign', folder).get('policyFiles'), ['policies/images.yaml']);
    await editorWindow?.waitForText('.codelens-decoration', 'Used by Countersign in this folder');
    await editorWindow?.capture('policy-file-used');
  });

  test('judges the images of a Dockerfile', async () => {
    await openDockerfile();
    const uses = await until('the images are judged', async () => {
      const all = await settledUses();
      return all.some(({ state }) => state.kind === 'verified') && all;
    });
    const expected = new Map(demo.images.map(({ reference, expected: kind }) => [reference, kind]));
    for (const { use: { text: image }, state } of uses) {
      if (image.includes('/community/')) assert.equal(state.kind === 'unchecked' && state.reason.code, 'POLICY_UNSUPPORTED', image);
      else if (!image.includes('/shop/')) assert.ok(['uncovered', 'unresolved'].includes(state.kind), `${image}: ${state.kind}`);
      // Bundles, and other keys of the settings, do not count here.
      else if (state.kind === 'verified') assert.equal(expected.get(image), 'verified', image);
    }
    assert.ok(uses.some(({ use, state }) => use.text.includes('/shop/') && state.kind === 'unsigned'));
    assert.ok(diagnostics().some((diagnostic) => codeOf(diagnostic) === 'unsigned' && diagnostic.message.includes('"shop"')), diagnostics().map(({ message }) => message).join('\n'));
    const demanded = text.split('\n').findIndex((line) => line.includes('name: shop'));
    const related = diagnostics().flatMap(({ relatedInformation = [] }) => relatedInformation).map(({ location }) => [location.uri.toString(), location.range.start.line]);
    assert.ok(related.some(([uri, line]) => uri === policyFile.toString() && line === demanded), JSON.stringify(related));
    await vscode.commands.executeCommand('workbench.actions.view.problems');
    await editorWindow?.waitForText('.markers-panel', 'shop');
    await editorWindow?.waitForText('.codelens-decoration', 'Signed by release');
    await editorWindow?.capture('policy-file-judges');
    await vscode.commands.executeCommand('workbench.action.closePanel');
  });

  test('with a mistake again leaves every image unchecked', async () => {
    const content = new TextDecoder().decode(await vscode.workspace.fs.readFile(policyFile));
    await vscode.workspace.fs.writeFile(policyFile, bytes(content.replace('mode: enforce', 'mode: perhaps')));
    const uses = await until('the change is noticed', async () => {
      const all = await settledUses();
      return all.every(({ state }) => state.kind !== 'verified') && all;
    });
    assert.ok(uses.filter(({ state }) => state.kind !== 'unresolved').every(({ state }) => state.kind === 'unchecked' && state.reason.code === 'POLICY_INVALID'), JSON.stringify(uses.map(({ state }) => state.kind)));
    await editorWindow?.waitForText('.codelens-decoration', 'Could not check');
    await editorWindow?.capture('policy-file-broken');
    await vscode.workspace.fs.writeFile(policyFile, bytes(content));
    await until('the images are judged again', async () => (await settledUses()).some(({ state }) => state.kind === 'verified'));
  });
});

suite('A policy.json', () => {
  const containersFile = vscode.Uri.joinPath(folder, 'policies/policy.json');
  const registriesFile = vscode.Uri.joinPath(folder, 'policies/registries.d/attachments.yaml');
  const content = JSON.stringify({
    default: [{ type: 'insecureAcceptAnything' }],
    transports: { docker: { [`${demo.host}/shop`]: [{ type: 'sigstoreSigned', keyPath: '../keys/gone.pub' }] } },
  }, null, 4);
  let before: Uint8Array;

  suiteSetup(async () => {
    before = await vscode.workspace.fs.readFile(settingsFile);
    await vscode.workspace.fs.writeFile(settingsFile, bytes(JSON.stringify({ 'countersign.keys': { release: 'keys/release.pub' }, 'countersign.policyFiles': ['policies/policy.json'] })));
    await vscode.workspace.fs.writeFile(registriesFile, bytes('default-docker:\n  use-sigstore-attachments: true\n'));
    await vscode.workspace.fs.writeFile(containersFile, bytes(content));
    await openDockerfile();
  });

  suiteTeardown(async () => {
    await vscode.commands.executeCommand('workbench.action.files.saveAll');
    await vscode.workspace.fs.delete(vscode.Uri.joinPath(folder, 'policies'), { recursive: true });
    await vscode.workspace.fs.writeFile(settingsFile, before);
  });

  test('with the key of a file that is not there, and for a name that cosign does not sign, is mended by quick fixes', async () => {
    await show(containersFile);
    await until('the file is read', () => found(containersFile).length > 0);
    assert.deepEqual(found(containersFile).map(codeOf), ['containers-identity-not-of-cosign', 'containers-key-unusable']);
    await vscode.commands.executeCommand('workbench.actions.view.problems');
    await editorWindow?.waitForText('.markers-panel', 'gone.pub');
    await editorWindow?.capture('policy-json-mistakes');
    await fix('Replace with trusted key "release"', containersFile);
    await fix('Use matchRepository', containersFile);
    assert.deepEqual(found(containersFile).map(codeOf), []);
    const { document } = await show(containersFile);
    assert.ok(document.getText().includes(JSON.stringify(vscode.Uri.joinPath(folder, 'keys/release.pub').fsPath)), document.getText());
    await editorWindow?.capture('policy-json-mended');
    await vscode.commands.executeCommand('workbench.action.closePanel');
    assert.equal(await document.save(), true);
  });

  test('is what Explain Trust names as the reason', async () => {
    await openDockerfile();
    const verified = await until('an image is verified', async () => (await settledUses()).find(({ use, state }) => use.text.includes('/shop/') && state.kind === 'verified'));
    await vscode.commands.executeCommand('countersign.explainTrust', { uri: vscode.Uri.file(demo.dockerfile).toString(), range: verified.use.range });
    const explanation = await until('the explanation is there', () => vscode.workspace.textDocuments.find(({ uri, languageId }) => languageId === 'markdown' && uri.scheme !== 'file'));
    // Markdown writes some characters in another way.
    const plain = explanation.getText().replaceAll('&#46;', '.').replaceAll('\\', '');
    for (const words of ['The file policies/policy.json speaks about the image', `${demo.host}/shop is its most specific scope`, 'keys/release.pub has signed']) assert.ok(plain.includes(words), plain);
    await editorWindow?.waitForText('.tab.active', 'Trust of');
    await editorWindow?.capture('policy-json-explained');
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
  });
});
