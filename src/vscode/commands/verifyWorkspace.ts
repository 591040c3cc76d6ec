// Command: verifies every Dockerfile of the workspace, and tells what became of it.
import * as vscode from 'vscode';
import { commandIds } from '../../contributions.ts';
import { summarize } from '../../presentation/summary.ts';
import { isDockerfile } from '../dockerfileDocuments.ts';
import { hasKeys } from '../fileTrust.ts';
import { inform, warn } from '../messages.ts';
import type { Settings } from '../settings.ts';
import { t } from '../words.ts';
import { WorkspaceScan } from '../workspaceScan.ts';
import { offerKeys } from './activeFile.ts';
import type { Command } from './context.ts';
import { runWithProgress } from './runWithProgress.ts';

const included = '**/{Dockerfile,Containerfile,Dockerfile.*,Containerfile.*,*.Dockerfile,*.dockerfile,*.Containerfile,*.containerfile}';
const maxFiles = 20_000;

export const verifyWorkspace: Command = async (context) => {
  if ((vscode.workspace.workspaceFolders ?? []).length === 0) {
    void inform(t('Open a folder first: then all its Dockerfiles can be verified.'));
    return;
  }
  const engine = await context.engine.get();
  let scan: WorkspaceScan | undefined;
  let wasCancelled = false;
  try {
    await runWithProgress(t('Verifying all Dockerfiles'), async (stopped, report) => {
      context.results.watch();
      const found = await findDockerfiles(context.settings);
      const begun = await WorkspaceScan.begin(context, engine, found);
      scan = begun;
      stopped.addEventListener('abort', () => begun.round.stop());
      if (stopped.aborted) begun.round.stop();
      await begun.read();
      let done = 0;
      const { total } = begun.images;
      report(0, total, t('{0} images in {1} files', total, found.length));
      await begun.verify(() => {
        done += 1;
        report(done, total, t('{0} of {1} images', done, total));
      });
    });
  } catch (error) {
    if (!(error instanceof vscode.CancellationError)) throw error;
    wasCancelled = true;
    scan?.publishCancelled();
  }
  // Another scan has begun, which will tell.
  if (scan?.round.ended === 'begun anew') return;
  if (scan?.round.ended) offerAgain();
  else if (scan) await conclude(scan, wasCancelled);
};

async function findDockerfiles(settings: Settings): Promise<readonly vscode.Uri[]> {
  const excluded = settings.workspaceExclude();
  const found = await vscode.workspace.findFiles(included, excluded === '' ? undefined : excluded, maxFiles);
  return found.filter((uri) => !uri.path.endsWith('.dockerignore') && (isDockerfile({ uri, languageId: 'plaintext' }) || /\.(?:docker|container)file$/i.test(uri.path)))
    .sort((a, b) => (a.toString() < b.toString() ? -1 : 1));
}

function offerAgain(): void {
  const again = t('Verify All Dockerfiles');
  void warn(t('Stopped: settings, keys or policy files changed meanwhile, so nothing of it counts. Verify again.'), again).then((chosen) => {
    if (chosen === again) void vscode.commands.executeCommand(commandIds.verifyWorkspace);
  });
}

async function conclude(scan: WorkspaceScan, wasCancelled: boolean): Promise<void> {
  const { outdated, images } = scan;
  const files = scan.files();
  const failed = files.filter(({ failure }) => failure).length;
  if (files.length === 0 && outdated === 0 && !wasCancelled) {
    void inform(t('There is no Dockerfile in this workspace.'));
    return;
  }
  const [first] = files;
  if (first && !hasKeys(first) && !wasCancelled) {
    await offerKeys(first);
    return;
  }
  const { counted: words, severity } = summarize(files.flatMap(({ uses }) => uses), t);
  const text = [
    wasCancelled
      ? t('Stopped: {0} of {1} images were looked at, the others are not verified.', images.answered, images.total)
      : t('{0} Dockerfiles, {1} distinct images.', files.length, images.total),
    ...(words === '' ? [] : [t('Of all references: {0}.', words)]),
    ...(failed === 0 ? [] : [failed === 1 ? t('1 file could not be read.') : t('{0} files could not be read.', failed)]),
    ...(outdated === 0 ? [] : [outdated === 1 ? t('1 file changed meanwhile and is not verified.') : t('{0} files changed meanwhile and are not verified.', outdated)]),
  ].join(' ');
  const show = t('Show Problems');
  const isQuiet = severity !== 'error' && severity !== 'warning' && failed === 0 && outdated === 0 && !wasCancelled;
  void (isQuiet ? inform(text) : warn(text, show)).then((chosen) => {
    if (chosen === show) void vscode.commands.executeCommand('workbench.actions.view.problems');
  });
}
