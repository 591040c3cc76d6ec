// Registers every command; the one place where a command's failure becomes words on screen.
import * as vscode from 'vscode';
import { commandIds, editorCommandIds, type CommandId } from '../../contributions.ts';
import { CosignError, toCosignError } from '../../core/errors.ts';
import { failureText, type FailureAction } from '../../presentation/failureText.ts';
import { documentationUri } from '../documentationLinks.ts';
import { describeFailure } from '../failureLog.ts';
import type { signingCommands } from '../signingCommands.ts';
import { t } from '../words.ts';
import { addTrustedKey } from './addTrustedKey.ts';
import type { Command, CommandContext } from './context.ts';
import { copyDigest } from './copyDigest.ts';
import { copyImage, showCopyPlan } from './copyImage.ts';
import { openLog } from './openLog.ts';
import { removeTrustedKey } from './removeTrustedKey.ts';
import { showTrust } from './showTrust.ts';
import { verifyAgain } from './verifyAgain.ts';
import { verifyFile } from './verifyFile.ts';

/** Loaded when one of them is called: most windows never sign. */
const signing = (id: keyof typeof signingCommands): Command => async (...call) => (await import('../signingCommands.ts')).signingCommands[id](...call);

const commands: Readonly<Record<CommandId, Command>> = {
  [commandIds.verifyFile]: verifyFile,
  [commandIds.verifyAgain]: verifyAgain,
  [commandIds.addTrustedKey]: addTrustedKey,
  [commandIds.removeTrustedKey]: removeTrustedKey,
  [commandIds.showTrust]: showTrust,
  [commandIds.openLog]: openLog,
  [commandIds.generateKeyPair]: signing(commandIds.generateKeyPair),
  [commandIds.importKeyPair]: signing(commandIds.importKeyPair),
  [commandIds.generateClusterKeyPair]: signing(commandIds.generateClusterKeyPair),
  [commandIds.showPublicKey]: signing(commandIds.showPublicKey),
  [commandIds.changeKeyPassword]: signing(commandIds.changeKeyPassword),
  [commandIds.forgetPasswords]: signing(commandIds.forgetPasswords),
  [commandIds.signImage]: signing(commandIds.signImage),
  [commandIds.signFile]: signing(commandIds.signFile),
  [commandIds.verifyFileSignature]: signing(commandIds.verifyFileSignature),
  [commandIds.copyImage]: copyImage,
  [commandIds.showCopyPlan]: showCopyPlan,
  [commandIds.copyDigest]: copyDigest,
};

export function registerCommands(context: CommandContext): vscode.Disposable {
  return vscode.Disposable.from(...Object.entries(commands).map(([id, command]) =>
    vscode.commands.registerCommand(id, async (argument: unknown, ...more: readonly unknown[]) => {
      try {
        await command(context, argument, ...more);
      } catch (error) {
        // Not waited for: whoever called the command must not wait until somebody has read the message.
        showFailure(id, error, context).catch((failure: unknown) => context.log.error(`${id}: ${describeFailure(failure)}`));
      }
    })));
}

async function showFailure(id: string, error: unknown, context: CommandContext): Promise<void> {
  if (error instanceof vscode.CancellationError) return;
  context.log.error(`${id}: ${describeFailure(error)}`);
  const failure = error instanceof CosignError ? error : toCosignError(error);
  const { text, actions } = failureText(failure, t);
  const settings = actions.filter(({ kind }) => kind === 'open setting' || kind === 'manage workspace trust').slice(0, 1);
  const [showLog, explain] = [t('Show Log'), t('Explain')];
  const chosen = await vscode.window.showErrorMessage(text, ...settings.map(({ title }) => title), showLog, explain);
  const action = settings.find(({ title }) => title === chosen);
  if (chosen === showLog) context.log.show();
  else if (chosen === explain) await vscode.commands.executeCommand('vscode.open', documentationUri(context.extensionUri, failure.code));
  else if (action) await perform(action);
}

async function perform(action: FailureAction): Promise<void> {
  if (action.kind === 'open setting') await vscode.commands.executeCommand(editorCommandIds.openSettings, action.setting);
  if (action.kind === 'manage workspace trust') await vscode.commands.executeCommand(editorCommandIds.manageWorkspaceTrust);
}
