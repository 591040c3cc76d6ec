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

/** Of podman's format, in whatever spelling; other programs have files of that name, too. */
const containersWords = /default|transports|insecureAcceptAnything|sigstoreSigned|signedBy/i;

/** A cheap look, for every text that is opened: what names the API, containers policies by their name, and whatever the settings name. */
export function isPolicyDocument(document: vscode.TextDocument, policyFiles: Pick<PolicyFiles, 'isUsed'>): boolean {
  const { uri, languageId } = document;
  if (!['file', 'untitled', 'vscode-remote', 'vscode-vfs'].includes(uri.scheme)) return false;
  if (!['yaml', 'json', 'jsonc'].includes(languageId) && !/\.(?:ya?ml|json)$/.test(uri.path)) return false;
  const text = document.getText();
  if (text.length > maxLength) return false;
  const isContainers = uri.path.endsWith('/policy.json') && (containersWords.test(text) || text.replace(/[\s{}]/g, '') === '');
  return text.includes('policy.sigstore.dev/') || isContainers || policyFiles.isUsed(uri);
}
