// "Use This Policy in This Folder": names the policy file in the setting of the folder it lies in.
import * as vscode from 'vscode';
import { CosignError } from '../../core/errors.ts';
import { said } from '../../core/said.ts';
import { labelText } from '../../presentation/untrustedText.ts';
import { inform } from '../messages.ts';
import { readStored, workspaceScope, writeStored } from '../storedSettings.ts';
import { isPolicyDocument } from '../policyText.ts';
import { t } from '../words.ts';
import type { Command } from './context.ts';

/** Called from a lens with the file, or for the editor in front, when that is a policy: any other file would be a policy that cannot be read. */
export const usePolicyFile: Command = async (_context, argument) => {
  const document = vscode.window.activeTextEditor?.document;
  const uri = typeof argument === 'string' ? vscode.Uri.parse(argument) : document && isPolicyDocument(document, { isUsed: () => false }) ? document.uri : undefined;
  if (uri?.scheme !== 'file') {
    await inform(t('Open a policy file first.'));
    return;
  }
  const scope = workspaceScope(uri) ?? 'user';
  const inFolder = vscode.workspace.getWorkspaceFolder(uri) !== undefined;
  const { values, withheld } = readStored('countersign.policyFiles', uri);
  // The list of the folder replaces the user's whole: a new one begins with what counts until now.
  const stored = [...values, ...withheld].find((value) => value.scope === scope)?.value ?? values.at(-1)?.value ?? [];
  if (!Array.isArray(stored)) {
    throw new CosignError('SETTING_INVALID', said`countersign.policyFiles must be a list of texts.`, { remedy: said`Correct it in the settings.` });
  }
  const path = inFolder ? vscode.workspace.asRelativePath(uri, false) : uri.fsPath;
  // Characters with a meaning in globs would name other files.
  if (/[*?[\]{}]/.test(path)) throw new CosignError('SETTING_INVALID', said`"${path}" has characters that stand for patterns in countersign.policyFiles.`, { remedy: said`Rename the file.` });
  const list = stored as readonly unknown[];
  if (!list.includes(path)) await writeStored('countersign.policyFiles', [...list, path], scope, uri);
  vscode.window.setStatusBarMessage(t('{0} is a policy of this folder.', labelText(path, 120)), 8000);
};
