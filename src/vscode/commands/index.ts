// Registers every command; the one place where a command's failure becomes words on screen.
import * as vscode from 'vscode';
import { commandIds, editorCommandIds, type CommandId } from '../../contributions.ts';
import { CosignError, toCosignError } from '../../core/errors.ts';
import { failureText, type FailureAction } from '../../presentation/failureText.ts';
import { documentationUri } from '../documentationLinks.ts';
import { describeFailure } from '../failureLog.ts';
import type { actionCommands } from '../actionCommands.ts';
import { complain } from '../messages.ts';
import { t } from '../words.ts';
import type { Command, CommandContext } from './context.ts';
import { copyDigest } from './copyDigest.ts';
import { openFileOf } from './openFileOf.ts';
import { openLog } from './openLog.ts';

/** Loaded when one of them is called: most windows only verify as their files are opened. */
const action = (id: keyof typeof actionCommands): Command => async (...call) => (await import('../actionCommands.ts')).actionCommands[id](...call);

const commands: Readonly<Record<CommandId, Command>> = {
  [commandIds.verifyFile]: action(commandIds.verifyFile),
  [commandIds.verifyAgain]: action(commandIds.verifyAgain),
  [commandIds.addTrustedKey]: action(commandIds.addTrustedKey),
  [commandIds.removeTrustedKey]: action(commandIds.removeTrustedKey),
  [commandIds.showTrust]: action(commandIds.showTrust),
  [commandIds.openLog]: openLog,
  [commandIds.generateKeyPair]: action(commandIds.generateKeyPair),
  [commandIds.importKeyPair]: action(commandIds.importKeyPair),
  [commandIds.generateClusterKeyPair]: action(commandIds.generateClusterKeyPair),
  [commandIds.showPublicKey]: action(commandIds.showPublicKey),
  [commandIds.changeKeyPassword]: action(commandIds.changeKeyPassword),
  [commandIds.forgetPasswords]: action(commandIds.forgetPasswords),
  [commandIds.clearStorage]: action(commandIds.clearStorage),
  [commandIds.signImage]: action(commandIds.signImage),
  [commandIds.signFile]: action(commandIds.signFile),
  [commandIds.verifyFileSignature]: action(commandIds.verifyFileSignature),
  [commandIds.copyImage]: action(commandIds.copyImage),
  [commandIds.showCopyPlan]: action(commandIds.showCopyPlan),
  [commandIds.explainTrust]: action(commandIds.explainTrust),
  [commandIds.diagnoseRegistry]: action(commandIds.diagnoseRegistry),
  [commandIds.verifyWorkspace]: action(commandIds.verifyWorkspace),
  [commandIds.refreshTree]: action(commandIds.refreshTree),
  [commandIds.openManifest]: action(commandIds.openManifest),
  [commandIds.openPayload]: action(commandIds.openPayload),
  [commandIds.pinImages]: action(commandIds.pinImages),
  [commandIds.unpinImages]: action(commandIds.unpinImages),
  [commandIds.usePolicyFile]: action(commandIds.usePolicyFile),
  [commandIds.reportIssue]: action(commandIds.reportIssue),
  [commandIds.copyDigest]: copyDigest,
};

export function registerCommands(context: CommandContext): vscode.Disposable {
  return vscode.Disposable.from(...Object.entries(commands).map(([id, command]) =>
    vscode.commands.registerCommand(id, async (argument: unknown, ...more: readonly unknown[]) => {
      try {
        await openFileOf(context, argument);
        await command(context, argument, ...more);
      } catch (error) {
        // Not waited for: whoever called the command must not wait until somebody has read the message.
        showFailure(id, error, context).catch((failure: unknown) => context.log.error(`${id}: ${describeFailure(failure)}`));
      }
    })));
}

const maxRecentFailures = 10;

async function showFailure(id: string, error: unknown, context: CommandContext): Promise<void> {
  if (error instanceof vscode.CancellationError) return;
  context.log.error(`${id}: ${describeFailure(error)}`);
  const failure = error instanceof CosignError ? error : toCosignError(error);
  context.recentFailures.push(`${id} ${failure.code}`);
  context.recentFailures.splice(0, context.recentFailures.length - maxRecentFailures);
  const { text, actions } = failureText(failure, t);
  const settings = actions.filter(({ kind }) => kind === 'open setting' || kind === 'manage workspace trust').slice(0, 1);
  const diagnose = actions.filter(({ kind }) => kind === 'diagnose registry').map(({ title }) => title);
  const [showLog, explain] = [t('Show Log'), t('Explain')];
  const chosen = await complain(text, ...settings.map(({ title }) => title), ...diagnose, showLog, explain);
  const action = settings.find(({ title }) => title === chosen);
  if (chosen === showLog) context.log.show();
  else if (chosen === explain) await vscode.commands.executeCommand('vscode.open', documentationUri(context.extensionUri, failure.code));
  else if (chosen !== undefined && diagnose.includes(chosen)) await vscode.commands.executeCommand(commandIds.diagnoseRegistry);
  else if (action) await perform(action);
}

async function perform(action: FailureAction): Promise<void> {
  if (action.kind === 'open setting') await vscode.commands.executeCommand(editorCommandIds.openSettings, action.setting);
  if (action.kind === 'manage workspace trust') await vscode.commands.executeCommand(editorCommandIds.manageWorkspaceTrust);
}
