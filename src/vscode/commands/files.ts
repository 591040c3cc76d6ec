// The files a command is about: those chosen in the explorer, else the one in the active editor; saved first, where that is what it works with.
import * as vscode from 'vscode';
import { CosignError } from '../../core/errors.ts';
import { said } from '../../core/said.ts';
import { plainText } from '../../presentation/untrustedText.ts';
import { askModally, inform } from '../messages.ts';
import { isRecord } from '../places.ts';
import { t } from '../words.ts';

/** None where there is nothing to work with; the person has been told then. @throws {CosignError} `FILE_UNREADABLE` for what is not on this machine */
export function filesFor(argument: unknown, more: unknown): readonly vscode.Uri[] {
  return onThisMachine(chosenFiles(argument, more));
}

/**
 * The same with everything on disk: what is not saved is saved after a yes, a buffer that is no file yet as a new one.
 * @returns none also when the person would rather not
 */
export async function savedFilesFor(argument: unknown, more: unknown): Promise<readonly vscode.Uri[]> {
  const chosen = chosenFiles(argument, more);
  const isBuffer = (uri: vscode.Uri): boolean => uri.scheme === 'untitled' && openDocument(uri) !== undefined;
  onThisMachine(chosen.filter((uri) => !isBuffer(uri)));
  const saved: vscode.Uri[] = [];
  for (const uri of chosen) {
    const file = isBuffer(uri) ? await saveAsFile(uri) : await saveChanges(uri);
    if (!file) return [];
    saved.push(file);
  }
  return onThisMachine(saved);
}

/** The last part of a path, harmless. */
export const fileName = (path: string): string => plainText(path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1), 120);

function chosenFiles(argument: unknown, more: unknown): readonly vscode.Uri[] {
  const selected = Array.isArray(more) ? more.map(fileIn).filter((file) => file !== undefined) : [];
  const active = vscode.window.activeTextEditor?.document.uri;
  const files = selected.length > 0 ? selected : [fileIn(argument) ?? active].filter((file) => file !== undefined);
  if (files.length === 0) void inform(t('Open a file first, or choose one in the explorer.'));
  return [...new Map(files.map((file) => [file.toString(), file])).values()];
}

function onThisMachine(files: readonly vscode.Uri[]): readonly vscode.Uri[] {
  const foreign = files.find(({ scheme }) => scheme !== 'file');
  if (foreign) throw new CosignError('FILE_UNREADABLE', said`"${foreign.path}" is not a file on this machine.`, { remedy: said`Save it as a file first.` });
  return files;
}

async function saveAsFile(uri: vscode.Uri): Promise<vscode.Uri | undefined> {
  return await mayBeSaved(t('{0} is no file yet. Save it as one first?', fileName(uri.path))) ? vscode.workspace.save(uri) : undefined;
}

async function saveChanges(uri: vscode.Uri): Promise<vscode.Uri | undefined> {
  const document = openDocument(uri);
  if (document?.isDirty !== true) return uri;
  return await mayBeSaved(t('{0} has changes that are not saved. Save it first?', fileName(uri.path))) && await document.save() ? uri : undefined;
}

async function mayBeSaved(question: string): Promise<boolean> {
  const yes = t('Save and Sign');
  return await askModally(question, t('What is signed is the bytes on disk.'), yes) === yes;
}

function openDocument(uri: vscode.Uri): vscode.TextDocument | undefined {
  return vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
}

/** Arguments may come from any extension or key binding. */
function fileIn(argument: unknown): vscode.Uri | undefined {
  if (!isRecord(argument)) return undefined;
  const { scheme, path } = argument;
  if (typeof scheme !== 'string' || typeof path !== 'string' || path === '') return undefined;
  // A path without a leading slash is a buffer's: Untitled-1.
  if (scheme === 'untitled') return vscode.Uri.from({ scheme, path });
  return path.startsWith('/') ? vscode.Uri.file('/').with({ scheme, path }) : undefined;
}
