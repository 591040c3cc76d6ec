// Command: signs files as blobs. What is signed is the bytes on disk.
import * as vscode from 'vscode';
import { commandIds, type AddTrustedKeyTarget, type FileOutputs } from '../../contributions.ts';
import { sizeText } from '../../core/encoding/sizeText.ts';
import { CosignError } from '../../core/errors.ts';
import { said } from '../../core/said.ts';
import type { KeyDescription } from '../../core/crypto/keyDescription.ts';
import type { FileSigning, Progress, SigningEngine } from '../../core/signingEngine.ts';
import { filesVerdictMessage } from '../../presentation/fileSignatureText.ts';
import { enumeration } from '../../presentation/translate.ts';
import { plainText } from '../../presentation/untrustedText.ts';
import { askModally, inform, warn } from '../messages.ts';
import { t } from '../words.ts';
import type { Command, CommandContext } from './context.ts';
import { fileName, savedFilesFor } from './files.ts';
import { describeKeys } from './keySteps.ts';
import { ensureUnlocked, KeyUse, privateKeySteps, type PrivateKeyState } from './privateKeySteps.ts';
import { runWithProgress } from './runWithProgress.ts';
import { askSteps } from './steps.ts';
import { trustedName } from './trustedName.ts';
import { verifyFiles } from './verifyFileSignature.ts';
import { requireTrustedWorkspace } from './workspaceTrust.ts';

type Outputs = Pick<FileSigning, 'signature' | 'bundle'>;

export const signFile: Command = async (context, argument, more) => {
  requireTrustedWorkspace();
  const files = await savedFilesFor(argument, more);
  const [first] = files;
  if (!first) return;
  const { signing } = await context.engine.get();
  const { fileOutputs, unlockedForMs } = context.settings.forResource(first).signing;
  const use = new KeyUse(signing, unlockedForMs);
  try {
    const start: PrivateKeyState = {};
    const title = files.length === 1 ? t('Sign {0}', fileName(first.path)) : t('Sign {0} Files', files.length);
    const { privateKey, description } = await askSteps(title, privateKeySteps<PrivateKeyState>(context, use), start);
    if (!privateKey || !description) return;
    const jobs = files.map((file) => ({ file, outputs: outputsOf(file.fsPath, fileOutputs) }));
    const existing = await existingOutputs(signing, jobs);
    if (existing.length > 0 && !await confirmReplacing(existing)) return;
    await ensureUnlocked(context, use, privateKey, description);
    await signAll(context, jobs, ({ file, outputs }, report, signal) => signing.signFile({ file: file.fsPath, key: privateKey, ...outputs, overwrite: existing }, report, signal));
    await tellOutcome(context, first, jobs.flatMap(({ outputs }) => Object.values(outputs)), description, files);
  } finally {
    use.end();
  }
};

function outputsOf(path: string, choice: FileOutputs): Outputs {
  return { ...(choice === 'bundle' ? {} : { signature: `${path}.sig` }), ...(choice === 'signature' ? {} : { bundle: `${path}.sigstore.json` }) };
}

interface Job {
  readonly file: vscode.Uri;
  readonly outputs: Outputs;
}

/** One progress message for all of them: of many within a moment the editor shows only the first, and not what comes after. */
async function signAll({ fileSignatures }: CommandContext, jobs: readonly Job[], sign: (job: Job, report: Progress, signal: AbortSignal) => Promise<void>): Promise<void> {
  let signed = 0;
  const name = fileName(jobs[0]?.file.path ?? '');
  try {
    await runWithProgress(jobs.length === 1 ? t('Signing {0}', name) : t('Signing {0} files', jobs.length), async (signal, report) => {
      for (const job of jobs) {
        await sign(job, (done, total) => {
          const bytes = t('{0} of {1}', sizeText(done), sizeText(total));
          report(signed + (total === 0 ? 1 : done / total), jobs.length, jobs.length === 1 ? bytes : `${fileName(job.file.path)}, ${bytes}`);
        }, signal);
        signed += 1;
      }
    });
  } catch (error) {
    if (signed === 0) throw error;
    await fileSignatures.refresh();
    if (error instanceof vscode.CancellationError) void inform(t('Cancelled: {0} of {1} files are signed.', signed, jobs.length));
    if (!(error instanceof CosignError)) throw error;
    const { code, said: message, remedy } = error;
    // One message, with what happened before.
    throw new CosignError(code, said`${message} Before that, ${signed} of ${jobs.length} files were signed.`, { cause: error, ...(remedy === undefined ? {} : { remedy }) });
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
  return await askModally(t('There are signatures already. Replace them?'), detail, yes) === yes;
}

async function tellOutcome(context: CommandContext, first: vscode.Uri, written: readonly string[], description: KeyDescription, files: readonly vscode.Uri[]): Promise<void> {
  const { engine, fileSignatures, settings } = context;
  const { trust } = settings.forResource(first);
  const trusted = await trustedName(await engine.get(), trust, description) !== undefined;
  const head = t('Wrote {0}, signed with {1}.', enumeration(written.map(fileName), t), describeKeys([description]));
  // The ordinary verification, over what is on disk now.
  if (trusted) {
    const found = await verifyFiles(context, files).catch((error: unknown) => {
      // The files are signed by now: stopping this leaves the question open, and says so.
      if (error instanceof vscode.CancellationError) return undefined;
      throw error;
    });
    const show = found?.every(({ state }) => state.kind === 'verified') === true ? inform : warn;
    void show([head, found ? filesVerdictMessage(found, t) : t('Verifying was cancelled.')].join(' '));
    return;
  }
  await fileSignatures.refresh();
  const offer = t('Trust This Key…');
  const target: AddTrustedKeyTarget = { uri: first.toString(), key: description.pem };
  void inform(t('{0} The key is not among those you trust.', head), offer)
    .then((chosen) => (chosen === offer ? vscode.commands.executeCommand(commandIds.addTrustedKey, target) : undefined));
}
