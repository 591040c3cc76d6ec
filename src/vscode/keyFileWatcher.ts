// Watches the files that keys are read from, those of policy files too: a changed key changes verdicts, of open files and of the last look at the workspace.
import * as vscode from 'vscode';
import type { DockerfileTracker } from './dockerfileTracker.ts';
import { watchFile } from './fileWatch.ts';
import { keyFile } from './trustReader.ts';
import type { WorkspaceResults } from './workspaceResults.ts';

export function registerKeyFileWatcher(tracker: DockerfileTracker, results: WorkspaceResults): vscode.Disposable {
  const watchers = new Map<string, vscode.Disposable>();
  const changed = (): void => {
    tracker.keysChanged();
    results.trustChanged();
  };
  const watch = (): void => {
    const settings = new Set([...tracker.all().map((file) => file.settings), ...results.judgedUnder]);
    const files = new Map([...settings].flatMap(({ trust }) => [...trust.keys, ...(trust.files ?? []).flatMap(({ keys = [] }) => keys)]).flatMap((key) => {
      const file = keyFile(key);
      return file ? [[file.toString(), file] as const] : [];
    }));
    for (const [name, watcher] of watchers) {
      if (files.has(name)) continue;
      watcher.dispose();
      watchers.delete(name);
    }
    for (const [name, file] of files) if (!watchers.has(name)) watchers.set(name, watchFile(file, changed));
  };
  return vscode.Disposable.from(tracker.onDidChange(watch), tracker.onDidClose(watch), results.onDidBegin(watch), {
    dispose: () => {
      for (const watcher of watchers.values()) watcher.dispose();
      watchers.clear();
    },
  });
}
