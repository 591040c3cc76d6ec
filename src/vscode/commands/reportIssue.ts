// Command: what belongs into a report of a problem, as a document to read before it is copied.
import * as vscode from 'vscode';
import { settingDefaults } from '../../contributions.ts';
import { repositoryUrl } from '../../presentation/documentation.ts';
import { issueReport } from '../../presentation/issueReport.ts';
import { inform } from '../messages.ts';
import { t } from '../words.ts';
import type { Command } from './context.ts';

export const reportIssue: Command = async (context) => {
  const { workspace, window, env } = vscode;
  const files = context.tracker.all();
  const text = issueReport({
    version: context.version,
    editor: `${env.appName} ${vscode.version} (${env.appHost}${env.remoteName === undefined ? '' : ', remote'})`,
    machine: context.machine,
    trusted: workspace.isTrusted,
    folders: workspace.workspaceFolders?.length ?? 0,
    settings: changedSettings(),
    files: files.length,
    images: files.flatMap(({ uses }) => uses),
    failures: context.recentFailures,
  });
  await context.explanations.show(t('Countersign Report'), text, { aside: false, language: 'markdown' });
  const [copy, open] = [t('Copy Report'), t('Copy Report and Open Issues')];
  const chosen = await inform(
    t('This is what helps to find a problem: versions, numbers and codes, no names of images, registries or keys. Read it, then copy it into an issue.'), copy, ...(repositoryUrl === '' ? [] : [open]),
  );
  if (chosen === undefined) return;
  await env.clipboard.writeText(text);
  if (chosen === open) await env.openExternal(vscode.Uri.parse(`${repositoryUrl}/issues/new/choose`));
  else window.setStatusBarMessage(t('The report is copied'), 3000);
};

/** By name only: a value may say too much. */
function changedSettings(): readonly string[] {
  const configuration = vscode.workspace.getConfiguration();
  return Object.keys(settingDefaults).filter((id) => {
    const { globalValue, workspaceValue, workspaceFolderValue } = configuration.inspect(id) ?? {};
    return [globalValue, workspaceValue, workspaceFolderValue].some((value) => value !== undefined);
  });
}
