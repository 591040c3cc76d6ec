// Watches the files that trusted keys are read from: a changed key changes verdicts.
import * as vscode from 'vscode';
import type { DockerfileTracker } from './dockerfileTracker.ts';
import { keyFile } from './trustReader.ts';

export function registerKeyFileWatcher(tracker: DockerfileTracker): vscode.Disposable {
  const watchers = new Map<string, vscode.Disposable>();
  const watch = (): void => {
    const files = new Map(tracker.all().flatMap(({ settings }) => settings.trust.keys).flatMap((key) => {
      const file = keyFile(key);
      return file ? [[file.toString(), file] as const] : [];
    }));
    for (const [name, watcher] of watchers) {
      if (files.has(name)) continue;
      watcher.dispose();
      watchers.delete(name);
    }
    for (const [name, file] of files) if (!watchers.has(name)) watchers.set(name, watchFile(file, () => tracker.keysChanged()));
  };
  return vscode.Disposable.from(tracker.onDidChange(watch), tracker.onDidClose(watch), {
    dispose: () => {
      for (const watcher of watchers.values()) watcher.dispose();
      watchers.clear();
    },
  });
}

function watchFile(file: vscode.Uri, changed: () => void): vscode.Disposable {
  const name = file.path.slice(file.path.lastIndexOf('/') + 1);
  // Characters with a meaning in globs stand for themselves in brackets.
  const pattern = new vscode.RelativePattern(vscode.Uri.joinPath(file, '..'), name.replace(/[*?[\]{}]/g, '[$&]'));
  const watcher = vscode.workspace.createFileSystemWatcher(pattern);
  return vscode.Disposable.from(watcher, watcher.onDidChange(changed), watcher.onDidCreate(changed), watcher.onDidDelete(changed));
}
