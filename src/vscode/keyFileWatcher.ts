// Watches the files that keys are read from, those of policy files too: a changed key changes verdicts.
import * as vscode from 'vscode';
import type { DockerfileTracker } from './dockerfileTracker.ts';
import { watchFile } from './fileWatch.ts';
import { keyFile } from './trustReader.ts';

export function registerKeyFileWatcher(tracker: DockerfileTracker): vscode.Disposable {
  const watchers = new Map<string, vscode.Disposable>();
  const watch = (): void => {
    const files = new Map(tracker.all().flatMap(({ settings: { trust } }) => [...trust.keys, ...(trust.files ?? []).flatMap(({ keys = [] }) => keys)]).flatMap((key) => {
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
