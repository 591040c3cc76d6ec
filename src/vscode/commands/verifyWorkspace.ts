// Command: reads every Dockerfile of the workspace and verifies each distinct image once; results appear as they come.
import * as vscode from 'vscode';
import type { Engine, VerifyQuery } from '../../core/engine.ts';
import { CosignError, toCosignError } from '../../core/errors.ts';
import type { Verdict } from '../../core/policy/verdict.ts';
import { inParallel } from '../../core/signing/inParallel.ts';
import { summarize } from '../../presentation/summary.ts';
import type { UseState, UseWithState } from '../../presentation/useState.ts';
import { isDockerfile } from '../dockerfileDocuments.ts';
import { hasKeys, type FileTrust } from '../fileTrust.ts';
import type { ResourceSettings, Settings } from '../settings.ts';
import { blockingProblem } from '../trustReader.ts';
import { isResolved, queryOf, type ResolvedUse } from '../verdictStore.ts';
import { t } from '../words.ts';
import { offerKeys } from './activeFile.ts';
import type { Command, CommandContext } from './context.ts';
import { runWithProgress } from './runWithProgress.ts';

const included = '**/{Dockerfile,Containerfile,Dockerfile.*,Containerfile.*,*.Dockerfile,*.dockerfile,*.Containerfile,*.containerfile}';
/** A larger file is no Dockerfile that anybody wrote. */
const maxFileBytes = 1024 * 1024;
const maxFiles = 20_000;
/** How many files are read, and how many images are asked for, at a time. */
const atOnce = { reading: 16, verifying: 32 } as const;

/** Nothing is verified twice: the same image under the same trust has one question and one answer. */
interface Question {
  readonly query: VerifyQuery;
  verdict?: Verdict;
  readonly files: Set<ScannedFile>;
}

interface ScannedFile {
  readonly uri: vscode.Uri;
  readonly settings: ResourceSettings;
  readonly trust: Omit<FileTrust, 'uses' | 'busy'>;
  readonly uses: readonly { readonly use: UseWithState['use']; readonly question?: Question; readonly state?: UseState }[];
}

export const verifyWorkspace: Command = async (context) => {
  if ((vscode.workspace.workspaceFolders ?? []).length === 0) {
    void vscode.window.showInformationMessage(t('Open a folder first: then all its Dockerfiles can be verified.'));
    return;
  }
  const files: ScannedFile[] = [];
  const questions = new Map<string, Question>();
  const engine = await context.engine.get();
  let wasCancelled = false;
  try {
    await runWithProgress(t('Verifying all Dockerfiles'), async (signal, report) => {
      const found = await findDockerfiles(context.settings);
      context.results.clear();
      await inParallel(found, atOnce.reading, async (uri) => {
        const file = await scan(uri, context, engine, questions);
        if (!file) return;
        files.push(file);
        publish(file, context, 'pending');
      }, signal);
      let done = 0;
      const total = questions.size;
      report(0, total, t('{0} images in {1} files', total, files.length));
      await inParallel([...questions.values()], atOnce.verifying, async (question) => {
        question.verdict = await engine.verify(question.query, signal);
        done += 1;
        report(done, total, t('{0} of {1} images', done, total));
        for (const file of question.files) publish(file, context, 'pending');
      }, signal);
    });
  } catch (error) {
    if (!(error instanceof vscode.CancellationError)) throw error;
    wasCancelled = true;
    // What was not looked at is not verified, and says so.
    for (const file of files) publish(file, context, 'cancelled');
  }
  await conclude(files, questions, wasCancelled);
};

async function findDockerfiles(settings: Settings): Promise<readonly vscode.Uri[]> {
  const excluded = settings.workspaceExclude();
  const found = await vscode.workspace.findFiles(included, excluded === '' ? undefined : excluded, maxFiles);
  return found.filter((uri) => !uri.path.endsWith('.dockerignore') && (isDockerfile({ uri, languageId: 'plaintext' }) || /\.(?:docker|container)file$/i.test(uri.path)))
    .sort((a, b) => (a.toString() < b.toString() ? -1 : 1));
}

/** Undefined for a file that cannot be a Dockerfile. One that cannot be read is a result too: it was not checked. */
async function scan(uri: vscode.Uri, { settings, now, tracker }: CommandContext, engine: Engine, questions: Map<string, Question>): Promise<ScannedFile | undefined> {
  if (settings.forResource(uri).policyFiles.pending) await settings.whenRead();
  const own = settings.forResource(uri);
  const base = { uri, version: 0, settings: own, restricted: !vscode.workspace.isTrusted };
  const open = tracker.has(uri) ? vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString()) : undefined;
  let text: string;
  try {
    text = open ? open.getText() : await readText(uri);
  } catch (error) {
    return { uri, settings: own, trust: { ...base, failure: toCosignError(error) }, uses: [] };
  }
  const { uses, problem } = engine.readDockerfile(text, own.dockerfile);
  const blocked = blockingProblem(own.trust);
  const file: ScannedFile = {
    uri, settings: own, trust: { ...base, ...(problem ? { problem } : {}) },
    uses: uses.map((use) => {
      if (!hasKeys({ settings: own })) return { use, state: { kind: 'no keys' } };
      if (!isResolved(use)) return { use, state: { kind: 'unresolved', error: use.unresolved ?? new CosignError('REFERENCE_INVALID', t('"{0}" is not an image reference.', use.text.slice(0, 200))) } };
      if (blocked) return { use, state: { kind: 'unchecked', reason: blocked, checkedAt: now() } };
      return { use, question: questionFor(use, own, questions) };
    }),
  };
  for (const { question } of file.uses) question?.files.add(file);
  return file;
}

function questionFor(use: ResolvedUse, settings: ResourceSettings, questions: Map<string, Question>): Question {
  const { reference, platform } = use;
  const { trust, signing } = settings;
  const problems = trust.problems.map(({ message }) => message);
  const files = (trust.files ?? []).map((file) => file.uri);
  const key = JSON.stringify([reference.registry, reference.repository, reference.tag, reference.digest, platform, signing.repository, trust.keys, trust.policies, files, problems]);
  const known = questions.get(key);
  if (known) return known;
  const question: Question = { query: queryOf(use, settings, false), files: new Set() };
  questions.set(key, question);
  return question;
}

function trustOf(file: ScannedFile, otherwise: 'pending' | 'cancelled'): FileTrust {
  const missing: UseState = otherwise === 'pending' ? { kind: 'pending' } : { kind: 'waiting', for: 'cancelled' };
  const uses = file.uses.map(({ use, question, state }) => ({ use, state: state ?? question?.verdict ?? missing }));
  return { ...file.trust, uses, busy: uses.some(({ state }) => state.kind === 'pending') };
}

function publish(file: ScannedFile, { results }: CommandContext, otherwise: 'pending' | 'cancelled'): void {
  results.put(trustOf(file, otherwise));
}

async function conclude(files: readonly ScannedFile[], questions: ReadonlyMap<string, Question>, wasCancelled: boolean): Promise<void> {
  const failed = files.filter(({ trust }) => trust.failure).length;
  const items = files.flatMap((file) => trustOf(file, 'cancelled').uses);
  const { counted: words, severity } = summarize(items, t);
  const unreadable = failed === 0 ? '' : ` ${failed === 1 ? t('1 file could not be read.') : t('{0} files could not be read.', failed)}`;
  if (files.length === 0 && !wasCancelled) {
    void vscode.window.showInformationMessage(t('There is no Dockerfile in this workspace.'));
    return;
  }
  const done = [...questions.values()].filter(({ verdict }) => verdict).length;
  const head = wasCancelled
    ? t('Stopped: {0} of {1} images were looked at, the others are not verified.', done, questions.size)
    : t('{0} Dockerfiles, {1} distinct images.', files.length, questions.size);
  const text = `${head}${words === '' ? '' : ` ${t('Of all references: {0}.', words)}`}${unreadable}`;
  const show = t('Show Problems');
  const [first] = files;
  if (first && !hasKeys(first) && !wasCancelled) {
    await offerKeys(trustOf(first, 'cancelled'));
    return;
  }
  const isQuiet = severity !== 'error' && severity !== 'warning' && failed === 0 && !wasCancelled;
  void (isQuiet ? vscode.window.showInformationMessage(text) : vscode.window.showWarningMessage(text, show)).then((chosen) => {
    if (chosen === show) void vscode.commands.executeCommand('workbench.actions.view.problems');
  });
}

async function readText(uri: vscode.Uri): Promise<string> {
  const name = vscode.workspace.asRelativePath(uri);
  try {
    const { size } = await vscode.workspace.fs.stat(uri);
    if (size > maxFileBytes) throw new CosignError('SIZE_LIMIT', t('{0} is larger than {1} KiB.', name, maxFileBytes / 1024));
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  } catch (error) {
    if (error instanceof CosignError) throw error;
    throw new CosignError('FILE_UNREADABLE', t('{0} cannot be read.', name), { cause: error });
  }
}
