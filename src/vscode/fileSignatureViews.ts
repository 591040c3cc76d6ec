// Everything that draws what is known about signed files: a chunk of its own, loaded when the first signature is seen.
import * as vscode from 'vscode';
import { registerFileSignatureStatusView } from './fileSignatureStatusView.ts';
import type { FileSignatureTracker } from './fileSignatureTracker.ts';
import type { Settings } from './settings.ts';
import { registerSignatureFileView } from './signatureFileView.ts';

/** Draws at once: what is to be drawn is known before this is loaded. */
export function registerFileSignatureViews(tracker: FileSignatureTracker, settings: Settings, extensionUri: vscode.Uri): vscode.Disposable {
  return vscode.Disposable.from(registerFileSignatureStatusView(tracker, settings), registerSignatureFileView(tracker, settings, extensionUri));
}
