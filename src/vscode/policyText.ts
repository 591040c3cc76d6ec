// Which open texts are policy files, for the half that notices them and the one that draws.
import type * as vscode from 'vscode';
import type { EngineHandle } from './engineHandle.ts';
import type { PolicyFiles } from './policyFiles.ts';
import type { Settings } from './settings.ts';

export interface PolicyDocumentsOptions {
  readonly engine: EngineHandle;
  readonly settings: Settings;
  readonly policyFiles: PolicyFiles;
  readonly extensionUri: vscode.Uri;
}

/** In UTF-16 units; what is longer is not read as a policy. */
const maxLength = 1024 * 1024;

/** A cheap look, for every text that is opened: YAML and JSON that name the API, and containers policies by their name. */
export function isPolicyDocument(document: vscode.TextDocument): boolean {
  const { uri, languageId } = document;
  if (!['file', 'untitled', 'vscode-remote', 'vscode-vfs'].includes(uri.scheme)) return false;
  const isContainers = uri.path.endsWith('/policy.json');
  if (!isContainers && !['yaml', 'json', 'jsonc'].includes(languageId) && !/\.(?:ya?ml|json)$/.test(uri.path)) return false;
  const text = document.getText();
  return text.length <= maxLength && (text.includes('policy.sigstore.dev/') || (isContainers && text.includes('"default"')));
}
