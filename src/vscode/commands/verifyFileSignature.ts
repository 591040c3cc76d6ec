// Command: verifies files with the signatures beside them and says how it went, in one message for all of them.
import * as vscode from 'vscode';
import { sizeText } from '../../core/encoding/sizeText.ts';
import { commandIds, type AddTrustedKeyTarget } from '../../contributions.ts';
import { filesVerdictMessage, signedPath, type NamedFileState } from '../../presentation/fileSignatureText.ts';
import { inform, warn } from '../messages.ts';
import { t } from '../words.ts';
import type { Command, CommandContext } from './context.ts';
import { fileName, filesFor } from './files.ts';
import { runWithProgress } from './runWithProgress.ts';

export const verifyFileSignature: Command = async (context, argument, more) => {
  // A file and its signature, both selected, are one file.
  const files = [...new Map(filesFor(argument, more).map((uri) => uri.with({ path: signedPath(uri.path) ?? uri.path })).map((uri) => [uri.toString(), uri])).values()];
  const [first] = files;
  if (!first) return;
  const found = await verifyFiles(context, files);
  const kinds = new Set(found.map(({ state }) => state.kind));
  const add = t('Add Trusted Key…');
  const target: AddTrustedKeyTarget = { uri: first.toString() };
  const offers = kinds.has('no keys') || kinds.has('untrusted') ? [add] : [];
  const isCalm = [...kinds].every((kind) => kind === 'verified' || kind === 'unsigned' || kind === 'no keys');
  const show = isCalm ? inform : warn;
  void show(filesVerdictMessage(found, t), ...offers).then((answer) => (answer === add ? vscode.commands.executeCommand(commandIds.addTrustedKey, target) : undefined));
};

/** One after another, with one progress message. @throws {vscode.CancellationError} when the person stopped it */
export function verifyFiles({ fileSignatures }: CommandContext, files: readonly vscode.Uri[]): Promise<readonly NamedFileState[]> {
  const only = files.length === 1 ? files[0] : undefined;
  return runWithProgress(only ? t('Verifying {0}', vscode.workspace.asRelativePath(only)) : t('Verifying {0} files', files.length), async (signal, report) => {
    const found: NamedFileState[] = [];
    for (const [at, file] of files.entries()) {
      const state = await fileSignatures.verify(file, (done, total) => {
        const bytes = t('{0} of {1}', sizeText(done), sizeText(total));
        report(at + (total === 0 ? 1 : done / total), files.length, only ? bytes : `${fileName(file.path)}, ${bytes}`);
      }, signal);
      found.push({ name: vscode.workspace.asRelativePath(file), state });
    }
    return found;
  });
}
