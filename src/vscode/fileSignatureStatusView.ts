// Draws what is known about the active file into the status bar, where the file has a signature beside it.
import * as vscode from 'vscode';
import { commandIds } from '../contributions.ts';
import { fileStateIcon, fileStateWords, fileTooltip } from '../presentation/fileSignatureText.ts';
import type { FileSignatureTracker } from './fileSignatureTracker.ts';
import type { Settings } from './settings.ts';
import { t } from './words.ts';

export function registerFileSignatureStatusView(tracker: FileSignatureTracker, settings: Settings): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('countersign.file', vscode.StatusBarAlignment.Left, 49);
  item.name = t('Countersign: Signature of This File');
  item.command = commandIds.verifyFileSignature;
  const draw = (): void => {
    const document = vscode.window.activeTextEditor?.document;
    const found = document && tracker.get(document.uri);
    if (!found || !settings.forResource(document.uri).statusBar) {
      item.hide();
      return;
    }
    const { uri, state } = found;
    // What is verified is the bytes on disk: text that is not saved is not what was signed.
    const unsaved = document.isDirty && document.uri.toString() === uri.toString();
    const words = unsaved ? t('{0} (as saved)', fileStateWords(state, t)) : fileStateWords(state, t);
    item.text = `$(${fileStateIcon(state)}) ${words}`;
    item.tooltip = fileTooltip(vscode.workspace.asRelativePath(uri), state, t);
    item.accessibilityInformation = { label: t('Countersign, signature of {0}: {1}', vscode.workspace.asRelativePath(uri), words), role: 'button' };
    item.backgroundColor = state.kind === 'untrusted' ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined;
    item.show();
  };
  draw();
  return vscode.Disposable.from(
    item, tracker.onDidChange(draw), vscode.window.onDidChangeActiveTextEditor(draw), vscode.workspace.onDidSaveTextDocument(draw),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (document === vscode.window.activeTextEditor?.document && tracker.get(document.uri)) draw();
    }),
  );
}
