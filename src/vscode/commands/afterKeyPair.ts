// What is offered once a key pair is written: trust it, keep it out of git, remember its password. Nothing of it happens by itself.
import * as vscode from 'vscode';
import { commandIds, type AddTrustedKeyTarget } from '../../contributions.ts';
import type { KeyDescription } from '../../core/crypto/keyDescription.ts';
import type { NewKeyPair } from '../../core/signingEngine.ts';
import { inform } from '../messages.ts';
import { t } from '../words.ts';
import type { CommandContext } from './context.ts';
import { ignorePrivateKeys, ignoreFileFor } from './gitIgnore.ts';
import { describeKeys } from './keySteps.ts';
import { keySetting } from './privateKeySteps.ts';
import { chooseSome } from './chooseSeveral.ts';
import type { Choice } from './steps.ts';

type Offer = 'trust' | 'ignore' | 'remember';

export interface WrittenKeyPair {
  readonly request: NewKeyPair;
  readonly description: KeyDescription;
}

type Offered<T> = Choice<T> & { readonly picked: boolean };

/** The same for every new key, wherever it was written: which one it is stands whole there. */
export function trustOffer(publicKey: KeyDescription): Offered<'trust'> {
  return { label: t('Trust the Public Key Here…'), detail: t('{0}; asks for which images', describeKeys([publicKey])), value: 'trust', picked: false };
}

/** Leaving the list is an answer too: the pair is written. */
export async function chooseOffers<T>(title: string, offers: readonly Offered<T>[]): Promise<readonly T[]> {
  try {
    return await chooseSome(title, t('What else?'), offers);
  } catch (error) {
    if (error instanceof vscode.CancellationError) return [];
    throw error;
  }
}

export async function offerAfterKeyPair({ passwords }: CommandContext, { request: { paths, password }, description }: WrittenKeyPair): Promise<void> {
  const key = keySetting(paths.privateKey);
  // A password that was remembered for the file that stood here before opens nothing any more.
  await passwords.forget(key);
  const ignoreFile = await ignoreFileFor(vscode.Uri.file(paths.privateKey));
  const offers: readonly Offered<Offer>[] = [
    trustOffer(description),
    ...(ignoreFile ? [{ label: t('Add *.key to .gitignore'), detail: ignoreFile.fsPath, value: 'ignore' as const, picked: true }] : []),
    { label: t('Remember the Password'), detail: t('in the secret storage of the editor'), value: 'remember', picked: false },
  ];
  const title = t('Wrote {0} and {1}', key.name, keySetting(paths.publicKey).name);
  const chosen = await chooseOffers(title, offers);
  if (chosen.includes('ignore') && ignoreFile) await ignorePrivateKeys(ignoreFile, vscode.Uri.file(paths.privateKey));
  if (chosen.includes('remember')) await passwords.remember(key, password);
  void inform(t('{0}: {1}.', title, describeKeys([description])));
  if (!chosen.includes('trust')) return;
  const target: AddTrustedKeyTarget = { uri: vscode.Uri.file(paths.publicKey).toString(), key: paths.publicKey };
  await vscode.commands.executeCommand(commandIds.addTrustedKey, target);
}
