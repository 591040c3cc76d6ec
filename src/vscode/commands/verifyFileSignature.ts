// Command: verifies files with the signatures beside them and says how it went.
import * as vscode from 'vscode';
import { commandIds, type AddTrustedKeyTarget } from '../../contributions.ts';
import { sizeText } from '../../presentation/digestText.ts';
import { fileVerdictMessage, signedPath } from '../../presentation/fileSignatureText.ts';
import { t } from '../words.ts';
import type { Command } from './context.ts';
import { filesFor } from './files.ts';
import { runWithProgress } from './runWithProgress.ts';

export const verifyFileSignature: Command = async ({ fileSignatures }, argument) => {
  const [chosen] = filesFor(argument, undefined);
  if (!chosen) return;
  const file = chosen.with({ path: signedPath(chosen.path) ?? chosen.path });
  const name = vscode.workspace.asRelativePath(file);
  const state = await runWithProgress(t('Verifying {0}', name), (signal, report) =>
    fileSignatures.verify(file, (done, total) => report(done, total, t('{0} of {1}', sizeText(done), sizeText(total))), signal));
  const text = fileVerdictMessage(name, state, t);
  const add = t('Add Trusted Key…');
  const target: AddTrustedKeyTarget = { uri: file.toString() };
  const offers = state.kind === 'no keys' || state.kind === 'untrusted' ? [add] : [];
  const show = state.kind === 'verified' || state.kind === 'unsigned' || state.kind === 'no keys' ? vscode.window.showInformationMessage : vscode.window.showWarningMessage;
  void show(text, ...offers).then((answer) => (answer === add ? vscode.commands.executeCommand(commandIds.addTrustedKey, target) : undefined));
};
