// Commands: write a new key pair, generated or imported; then offer what usually follows.
import * as vscode from 'vscode';
import { CosignError } from '../../core/errors.ts';
import { said } from '../../core/said.ts';
import { t } from '../words.ts';
import { offerAfterKeyPair } from './afterKeyPair.ts';
import type { Command } from './context.ts';
import { describeKeys } from './keySteps.ts';
import { newKeyPairSteps, requestOf, type KeyPairState } from './newKeyPairSteps.ts';
import { runWithProgress } from './runWithProgress.ts';
import { askSteps } from './steps.ts';
import { requireTrustedWorkspace } from './workspaceTrust.ts';

export const generateKeyPair: Command = async (context) => {
  requireTrustedWorkspace();
  const { signing } = await context.engine.get();
  const start: KeyPairState = {};
  const request = requestOf(await askSteps(t('Generate Key Pair'), newKeyPairSteps(signing, 'cosign'), start));
  if (!request) return;
  const description = await runWithProgress(t('Generating a key pair'), (signal) => signing.generateKeyPair(request, signal));
  await offerAfterKeyPair(context, { request, description });
};

export const importKeyPair: Command = async (context) => {
  requireTrustedWorkspace();
  const { signing } = await context.engine.get();
  const [source] = await vscode.window.showOpenDialog({
    title: t('Choose an Unencrypted Private Key'), openLabel: t('Import'), canSelectMany: false, filters: { [t('Private Keys')]: ['pem', 'key'], [t('All Files')]: ['*'] },
  }) ?? [];
  if (!source) return;
  if (source.scheme !== 'file') throw new CosignError('FILE_UNREADABLE', said`"${source.path}" is not a file on this machine.`, { remedy: said`Copy it to this machine first.` });
  // A key that cannot be imported is refused before anybody thinks up a password for it.
  const found = await signing.describeImport(source.fsPath, new AbortController().signal);
  const start: KeyPairState = {};
  const request = requestOf(await askSteps(t('Import {0}', describeKeys([found])), newKeyPairSteps(signing, 'import-cosign'), start));
  if (!request) return;
  const description = await runWithProgress(t('Importing a key pair'), (signal) => signing.importKeyPair(source.fsPath, request, signal));
  await offerAfterKeyPair(context, { request, description });
};
