// The commands (verifying on request, trust, keys, signatures, copies, the whole workspace): a chunk of its own, loaded when one of them is first called.
import { commandIds } from '../contributions.ts';
import { addTrustedKey } from './commands/addTrustedKey.ts';
import { changeKeyPassword, forgetPasswords } from './commands/changeKeyPassword.ts';
import { clearStorage } from './commands/clearStorage.ts';
import type { Command } from './commands/context.ts';
import { copyImage, showCopyPlan } from './commands/copyImage.ts';
import { diagnoseRegistry } from './commands/diagnoseRegistry.ts';
import { explainTrust } from './commands/explainTrust.ts';
import { generateClusterKeyPair } from './commands/generateClusterKeyPair.ts';
import { generateKeyPair, importKeyPair } from './commands/generateKeyPair.ts';
import { openManifest, openPayload, refreshTree } from './commands/registryContent.ts';
import { pinImages, unpinImages } from './commands/pinImages.ts';
import { removeTrustedKey } from './commands/removeTrustedKey.ts';
import { reportIssue } from './commands/reportIssue.ts';
import { showPublicKey } from './commands/showPublicKey.ts';
import { showTrust } from './commands/showTrust.ts';
import { signFile } from './commands/signFile.ts';
import { signImage } from './commands/signImage.ts';
import { usePolicyFile } from './commands/usePolicyFile.ts';
import { verifyAgain } from './commands/verifyAgain.ts';
import { verifyFile } from './commands/verifyFile.ts';
import { verifyFileSignature } from './commands/verifyFileSignature.ts';
import { verifyWorkspace } from './commands/verifyWorkspace.ts';

export const actionCommands = {
  [commandIds.addTrustedKey]: addTrustedKey,
  [commandIds.verifyFile]: verifyFile,
  [commandIds.verifyAgain]: verifyAgain,
  [commandIds.showTrust]: showTrust,
  [commandIds.removeTrustedKey]: removeTrustedKey,
  [commandIds.generateKeyPair]: generateKeyPair,
  [commandIds.importKeyPair]: importKeyPair,
  [commandIds.generateClusterKeyPair]: generateClusterKeyPair,
  [commandIds.showPublicKey]: showPublicKey,
  [commandIds.changeKeyPassword]: changeKeyPassword,
  [commandIds.forgetPasswords]: forgetPasswords,
  [commandIds.clearStorage]: clearStorage,
  [commandIds.signImage]: signImage,
  [commandIds.signFile]: signFile,
  [commandIds.verifyFileSignature]: verifyFileSignature,
  [commandIds.copyImage]: copyImage,
  [commandIds.showCopyPlan]: showCopyPlan,
  [commandIds.explainTrust]: explainTrust,
  [commandIds.diagnoseRegistry]: diagnoseRegistry,
  [commandIds.verifyWorkspace]: verifyWorkspace,
  [commandIds.refreshTree]: refreshTree,
  [commandIds.openManifest]: openManifest,
  [commandIds.openPayload]: openPayload,
  [commandIds.pinImages]: pinImages,
  [commandIds.unpinImages]: unpinImages,
  [commandIds.usePolicyFile]: usePolicyFile,
  [commandIds.reportIssue]: reportIssue,
} as const satisfies Readonly<Record<string, Command>>;
