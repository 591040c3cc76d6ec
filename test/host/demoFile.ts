// The Dockerfile of the demonstration in the editor under test: opening it, waiting for its verdicts, reading what is drawn.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import type { TestHooks } from '../../src/extension.ts';
import type { UseWithState } from '../../src/presentation/useState.ts';
import type { DemoDescription } from '../demo/demo.ts';
import { eventually, pause } from './eventually.ts';

export const demo = JSON.parse(readFileSync(process.env['COUNTERSIGN_DEMO'] ?? '', 'utf8')) as DemoDescription;
export const dockerfile = vscode.Uri.file(demo.dockerfile);
const extensionId = 'countersign.countersign';

export { pause };

export const until = <T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>, limitMs = 30_000): Promise<T> => eventually(what, look, limitMs);

export async function hooks(): Promise<TestHooks> {
  const extension = await until('the extension is active', () => {
    const found = vscode.extensions.getExtension<TestHooks | undefined>(extensionId);
    return found?.isActive === true && found;
  });
  assert.ok(extension.exports, 'the extension says nothing to tests');
  return extension.exports;
}

/** Opens as a person does: nothing but the editor tab holds the document. */
export async function openDockerfile(): Promise<vscode.TextEditor> {
  await vscode.commands.executeCommand('vscode.open', dockerfile);
  return until('the Dockerfile is the active editor', () => {
    const editor = vscode.window.activeTextEditor;
    return editor?.document.uri.toString() === dockerfile.toString() && editor;
  });
}

/** The images of the current text, when every one of them has its final state. */
export async function settledUses(): Promise<readonly UseWithState[]> {
  const { tracker } = await hooks();
  return until('every image has a verdict', () => {
    const document = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === dockerfile.toString());
    const trust = tracker.get(dockerfile);
    const settled = document !== undefined && trust?.version === document.version && !trust.busy && trust.uses.every(({ state }) => state.kind !== 'pending');
    return settled && trust.uses;
  });
}

export const kindsOf = (uses: readonly UseWithState[]): readonly (readonly [string, string])[] => uses.map(({ use, state }) => [use.text, state.kind]);

export function diagnostics(): readonly vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(dockerfile).filter(({ source }) => source === 'countersign');
}

export function codeOf({ code }: vscode.Diagnostic): string {
  return typeof code === 'object' ? String(code.value) : String(code);
}

export function lenses(): Thenable<readonly vscode.CodeLens[]> {
  return vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', dockerfile, 100);
}

export async function hoverText(position: vscode.Position): Promise<string> {
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', dockerfile, position);
  return hovers.flatMap(({ contents }) => contents).map((content) => (content instanceof vscode.MarkdownString ? content.value : '')).join('\n');
}

/** Replaces the only occurrence of a text. */
export async function replaceText(editor: vscode.TextEditor, from: string, to: string): Promise<void> {
  const { document } = editor;
  const at = document.getText().indexOf(from);
  assert.notEqual(at, -1, `${from} is not in the Dockerfile`);
  const range = new vscode.Range(document.positionAt(at), document.positionAt(at + from.length));
  assert.ok(await editor.edit((edit) => { edit.replace(range, to); }));
}
