// Command: signs files as blobs. What is signed is the bytes on disk.
import * as vscode from 'vscode';
import { commandIds, type AddTrustedKeyTarget, type FileOutputs } from '../../contributions.ts';
import type { KeyDescription } from '../../core/crypto/keyDescription.ts';
import type { FileSigning, Progress, SigningEngine } from '../../core/signingEngine.ts';
import { sizeText } from '../../presentation/digestText.ts';
import { fileVerdictMessage } from '../../presentation/fileSignatureText.ts';
import { enumeration } from '../../presentation/translate.ts';
import { plainText } from '../../presentation/untrustedText.ts';
import { t } from '../words.ts';
import type { Command, CommandContext } from './context.ts';
import { filesFor } from './files.ts';
import { describeKeys } from './keySteps.ts';
import { ensureUnlocked, KeyUse, privateKeySteps, type PrivateKeyState } from './privateKeySteps.ts';
import { runWithProgress } from './runWithProgress.ts';
import { askSteps } from './steps.ts';
import { trustedName } from './trustedName.ts';
import { requireTrustedWorkspace } from './workspaceTrust.ts';

type Outputs = Pick<FileSigning, 'signature' | 'bundle'>;

export const signFile: Command = async (context, argument, more) => {
  requireTrustedWorkspace();
  const files = filesFor(argument, more);
  const [first] = files;
  if (!first || !await saveAll(files)) return;
  const { signing } = await context.engine.get();
  const { fileOutputs, unlockedForMs } = context.settings.forResource(first).signing;
  const use = new KeyUse(signing, unlockedForMs);
  try {
    const start: PrivateKeyState = {};
    const title = files.length === 1 ? t('Sign {0}', nameOf(first.path)) : t('Sign {0} Files', files.length);
    const { privateKey, description } = await askSteps(title, privateKeySteps<PrivateKeyState>(context, use), start);
    if (!privateKey || !description) return;
    const jobs = files.map((file) => ({ file, outputs: outputsOf(file.fsPath, fileOutputs) }));
    const existing = await existingOutputs(signing, jobs);
    if (existing.length > 0 && !await confirmReplacing(existing)) return;
    await ensureUnlocked(context, use, privateKey, description);
    await signAll(jobs, ({ file, outputs }, report, signal) => signing.signFile({ file: file.fsPath, key: privateKey, ...outputs, overwrite: existing }, report, signal));
    await tellOutcome(context, first, jobs.flatMap(({ outputs }) => Object.values(outputs)), description, files);
  } finally {
    use.end();
  }
};

/** False when the person would rather not; nothing is signed then. */
async function saveAll(files: readonly vscode.Uri[]): Promise<boolean> {
  for (const file of files) {
    const document = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === file.toString());
    if (!document?.isDirty) continue;
    const yes = t('Save and Sign');
    const detail = t('What is signed is the bytes on disk.');
    if (await vscode.window.showWarningMessage(t('{0} has changes that are not saved. Save it first?', nameOf(file.path)), { modal: true, detail }, yes) !== yes) return false;
    if (!await document.save()) return false;
  }
  return true;
}

function outputsOf(path: string, choice: FileOutputs): Outputs {
  return { ...(choice === 'bundle' ? {} : { signature: `${path}.sig` }), ...(choice === 'signature' ? {} : { bundle: `${path}.sigstore.json` }) };
}

interface Job {
  readonly file: vscode.Uri;
  readonly outputs: Outputs;
}

/** One progress message for all of them: of many within a moment the editor shows only the first, and not what comes after. */
async function signAll(jobs: readonly Job[], sign: (job: Job, report: Progress, signal: AbortSignal) => Promise<void>): Promise<void> {
  let signed = 0;
  const name = nameOf(jobs[0]?.file.path ?? '');
  try {
    await runWithProgress(jobs.length === 1 ? t('Signing {0}', name) : t('Signing {0} files', jobs.length), async (signal, report) => {
      for (const job of jobs) {
        await sign(job, (done, total) => {
          const bytes = t('{0} of {1}', sizeText(done), sizeText(total));
          report(signed + (total === 0 ? 1 : done / total), jobs.length, jobs.length === 1 ? bytes : `${nameOf(job.file.path)}, ${bytes}`);
        }, signal);
        signed += 1;
      }
    });
  } catch (error) {
    if (signed > 0 && error instanceof vscode.CancellationError) void vscode.window.showInformationMessage(t('Cancelled: {0} of {1} files are signed.', signed, jobs.length));
    throw error;
  }
}

async function existingOutputs(signing: SigningEngine, jobs: readonly Job[]): Promise<readonly string[]> {
  const found = await Promise.all(jobs.map(async ({ file, outputs }) => {
    const wanted = Object.values(outputs);
    return (await signing.signaturesOf(file.fsPath, new AbortController().signal)).map(({ path }) => path).filter((path) => wanted.includes(path));
  }));
  return found.flat();
}

async function confirmReplacing(existing: readonly string[]): Promise<boolean> {
  const yes = t('Replace');
  // All of them: a yes counts for what it was shown, and for nothing else.
  const detail = t('{0} will be replaced.', enumeration(existing.map((path) => plainText(path, 300)), t, existing.length));
  return await vscode.window.showWarningMessage(t('There are signatures already. Replace them?'), { modal: true, detail }, yes) === yes;
}

async function tellOutcome({ engine, fileSignatures, settings }: CommandContext, first: vscode.Uri, written: readonly string[], description: KeyDescription, files: readonly vscode.Uri[]): Promise<void> {
  const { trust } = settings.forResource(first);
  const trusted = await trustedName(await engine.get(), trust, description) !== undefined;
  const head = t('Wrote {0}, signed with {1}.', enumeration(written.map(nameOf), t), describeKeys([description]));
  const words = [head];
  // The ordinary verification, over what is on disk now.
  if (trusted) {
    await runWithProgress(files.length === 1 ? t('Verifying {0}', nameOf(first.path)) : t('Verifying {0} files', files.length), async (signal, report) => {
      for (const [at, file] of files.entries()) {
        const state = await fileSignatures.verify(file, (done, total) => { report(at + (total === 0 ? 1 : done / total), files.length); }, signal);
        if (files.length === 1 || (state.kind !== 'verified' && words.length < 4)) words.push(fileVerdictMessage(nameOf(file.path), state, t));
      }
    });
    if (files.length > 1 && words.length === 1) words.push(t('All of them are verified.'));
    void vscode.window.showInformationMessage(words.join(' '));
    return;
  }
  await fileSignatures.refresh();
  const offer = t('Trust This Key…');
  const target: AddTrustedKeyTarget = { uri: first.toString(), key: description.pem };
  void vscode.window.showInformationMessage(t('{0} The key is not among those you trust.', head), offer)
    .then((chosen) => (chosen === offer ? vscode.commands.executeCommand(commandIds.addTrustedKey, target) : undefined));
}

const nameOf = (path: string): string => plainText(path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1), 120);
