// Notices that a file has a signature beside it, and only then loads what draws that.
import * as vscode from 'vscode';
import { describeFailure } from './failureLog.ts';
import type { FileSignatureTracker } from './fileSignatureTracker.ts';
import type { Settings } from './settings.ts';

interface Options {
  readonly settings: Settings;
  readonly log: vscode.LogOutputChannel;
  readonly extensionUri: vscode.Uri;
}

export function registerFileSignatureDrawing(tracker: FileSignatureTracker, { settings, log, extensionUri }: Options): vscode.Disposable {
  let views: vscode.Disposable | undefined;
  let loading = false;
  let disposed = false;
  const look = (): void => {
    if (loading || !tracker.hasFiles) return;
    loading = true;
    import('./fileSignatureViews.ts').then((chunk) => {
      if (!disposed) views = chunk.registerFileSignatureViews(tracker, settings, extensionUri);
    }).catch((error: unknown) => {
      // Tried again when something changes.
      loading = false;
      log.error('What is known about signed files could not be drawn.', describeFailure(error));
    });
  };
  return vscode.Disposable.from(tracker.onDidChange(look), { dispose: () => { disposed = true; views?.dispose(); } });
}
