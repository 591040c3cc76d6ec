// Command: unlocks a private key and shows its public key.
import * as vscode from 'vscode';
import { commandIds, type AddTrustedKeyTarget } from '../../contributions.ts';
import { inform } from '../messages.ts';
import { t } from '../words.ts';
import type { Command } from './context.ts';
import { describeKeys } from './keySteps.ts';
import { KeyUse, privateKeySteps, type PrivateKeyState } from './privateKeySteps.ts';
import { askSteps } from './steps.ts';

export const showPublicKey: Command = async (context) => {
  const { signing } = await context.engine.get();
  const { unlockedForMs } = context.settings.forResource(undefined).signing;
  const use = new KeyUse(signing, unlockedForMs);
  try {
    const start: PrivateKeyState = {};
    const { privateKey, description } = await askSteps(t('Show Public Key'), privateKeySteps<PrivateKeyState>(context, use), start);
    if (privateKey && description) void show(privateKey.name, describeKeys([description]), description.pem);
  } finally {
    use.end();
  }
};

async function show(name: string, words: string, pem: string): Promise<void> {
  const [copy, open, trust] = [t('Copy Public Key'), t('Open as Text'), t('Trust It…')];
  const chosen = await inform(t('{0}: {1}.', name, words), copy, open, trust);
  if (chosen === copy) await vscode.env.clipboard.writeText(pem);
  if (chosen === open) await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content: pem, language: 'plaintext' }));
  const target: AddTrustedKeyTarget = { key: pem };
  if (chosen === trust) await vscode.commands.executeCommand(commandIds.addTrustedKey, target);
}
