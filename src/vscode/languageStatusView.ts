// Draws the trust of the active Dockerfile into the language status, and beside it what is wrong with the settings it rests on.
import * as vscode from 'vscode';
import { commandIds, editorCommandIds } from '../contributions.ts';
import { failureText } from '../presentation/failureText.ts';
import { summarize, type SummarySeverity } from '../presentation/summary.ts';
import { messageText } from '../presentation/untrustedText.ts';
import { dockerfileSelector } from './dockerfileDocuments.ts';
import type { DockerfileTracker } from './dockerfileTracker.ts';
import { summaryOptions, type FileTrust } from './fileTrust.ts';
import { t } from './words.ts';

const severities: Readonly<Record<SummarySeverity, vscode.LanguageStatusSeverity>> = {
  ok: vscode.LanguageStatusSeverity.Information,
  neutral: vscode.LanguageStatusSeverity.Information,
  busy: vscode.LanguageStatusSeverity.Information,
  warning: vscode.LanguageStatusSeverity.Warning,
  error: vscode.LanguageStatusSeverity.Error,
};

export function registerLanguageStatusView(tracker: DockerfileTracker): vscode.Disposable {
  let items: vscode.LanguageStatusItem[] = [];
  const clear = (): void => {
    for (const item of items) item.dispose();
    items = [];
  };
  const draw = (): void => {
    const uri = vscode.window.activeTextEditor?.document.uri;
    const trust = uri && tracker.get(uri);
    if (!trust) {
      clear();
      return;
    }
    // The editor makes links of these texts, too.
    const wanted = [imagesStatus(trust), settingsStatus(trust)].filter((status) => status !== undefined)
      .map((status) => ({ ...status, text: messageText(status.text), detail: messageText(status.detail) }));
    while (items.length > wanted.length) items.pop()?.dispose();
    for (const [index, status] of wanted.entries()) {
      items[index] ??= vscode.languages.createLanguageStatusItem(`countersign.${index === 0 ? 'images' : 'settings'}`, dockerfileSelector);
      Object.assign(items[index], status);
    }
  };
  return vscode.Disposable.from(
    { dispose: clear }, tracker.onDidChange(draw), tracker.onDidClose(draw), vscode.window.onDidChangeActiveTextEditor(draw),
  );
}

type Status = Pick<vscode.LanguageStatusItem, 'name' | 'text' | 'severity' | 'command' | 'accessibilityInformation'> & { readonly detail: string };

function imagesStatus(trust: FileTrust): Status {
  const name = t('Countersign: Trust of This File');
  const command = { command: commandIds.showTrust, title: t('Show Trust') };
  if (trust.failure) {
    const { text } = failureText(trust.failure, t);
    return { name, text: t('Images unchecked'), detail: text, severity: vscode.LanguageStatusSeverity.Error, command, accessibilityInformation: { label: text } };
  }
  const summary = summarize(trust.uses, t, summaryOptions(trust));
  return {
    name, text: summary.words, detail: t('signatures of the images'), severity: severities[summary.severity], command,
    accessibilityInformation: { label: summary.accessibilityLabel },
  };
}

/** Mistakes come before Restricted Mode: they hide verdicts. */
function settingsStatus({ settings, restricted }: FileTrust): Status | undefined {
  const name = t('Countersign: Settings');
  const [problem] = settings.problems;
  if (problem) {
    const { text } = failureText(problem, t);
    return {
      name, text: t('Settings have mistakes'), detail: text, severity: vscode.LanguageStatusSeverity.Warning, accessibilityInformation: { label: text },
      command: { command: editorCommandIds.openSettings, title: t('Open Settings'), arguments: ['countersign'] },
    };
  }
  if (!restricted) return undefined;
  const detail = settings.ignored.length === 0
    ? t('keys, build arguments and registry settings of the workspace are ignored, its policies only add demands')
    : t('ignored because the folder is not trusted: {0}', settings.ignored.join(', '));
  return {
    name, text: t('Restricted Mode'), detail, severity: vscode.LanguageStatusSeverity.Information, accessibilityInformation: { label: `${t('Restricted Mode')}: ${detail}` },
    command: { command: editorCommandIds.manageWorkspaceTrust, title: t('Manage Workspace Trust') },
  };
}
