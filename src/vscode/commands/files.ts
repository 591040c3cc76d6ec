// The files a command is about: those chosen in the explorer, else the one in the active editor.
import * as vscode from 'vscode';
import { CosignError } from '../../core/errors.ts';
import { isRecord } from '../places.ts';
import { t } from '../words.ts';

/** None where there is nothing to work with; the person has been told then. @throws {CosignError} `FILE_UNREADABLE` for what is not on this machine */
export function filesFor(argument: unknown, more: unknown): readonly vscode.Uri[] {
  const selected = Array.isArray(more) ? more.map(fileIn).filter((file) => file !== undefined) : [];
  const clicked = fileIn(argument);
  const active = vscode.window.activeTextEditor?.document.uri;
  const files = selected.length > 0 ? selected : [clicked ?? active].filter((file) => file !== undefined);
  if (files.length === 0) {
    void vscode.window.showInformationMessage(t('Open a file first, or choose one in the explorer.'));
    return [];
  }
  const foreign = files.find(({ scheme }) => scheme !== 'file');
  if (foreign) throw new CosignError('FILE_UNREADABLE', t('"{0}" is not a file on this machine.', foreign.path), { remedy: t('Save it as a file first.') });
  return [...new Map(files.map((file) => [file.toString(), file])).values()];
}

/** Arguments may come from any extension or key binding. */
function fileIn(argument: unknown): vscode.Uri | undefined {
  if (!isRecord(argument)) return undefined;
  const { scheme, path } = argument;
  if (typeof scheme !== 'string' || typeof path !== 'string' || !path.startsWith('/')) return undefined;
  return vscode.Uri.file('/').with({ scheme, path });
}
