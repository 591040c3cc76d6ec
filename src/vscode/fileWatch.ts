// Watches one file by its name, whether it is there yet or not.
import * as vscode from 'vscode';

export function watchFile(file: vscode.Uri, changed: () => void): vscode.Disposable {
  return watchPattern(fileItself(file), changed);
}

export function watchPattern(pattern: vscode.RelativePattern, changed: () => void): vscode.Disposable {
  const watcher = vscode.workspace.createFileSystemWatcher(pattern);
  return vscode.Disposable.from(watcher, watcher.onDidChange(changed), watcher.onDidCreate(changed), watcher.onDidDelete(changed));
}

/** A pattern for this file alone: characters with a meaning in globs stand for themselves in brackets. */
export function fileItself(file: vscode.Uri): vscode.RelativePattern {
  const name = file.path.slice(file.path.lastIndexOf('/') + 1);
  return new vscode.RelativePattern(vscode.Uri.joinPath(file, '..'), name.replace(/[*?[\]{}]/g, '[$&]'));
}
