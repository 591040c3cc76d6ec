// Draws the trust of the active Dockerfile into one status bar entry.
import * as vscode from 'vscode';
import { commandIds } from '../contributions.ts';
import { failureText } from '../presentation/failureText.ts';
import { summarize } from '../presentation/summary.ts';
import { escapeMarkdown } from '../presentation/untrustedText.ts';
import type { DockerfileTracker } from './dockerfileTracker.ts';
import { summaryOptions, type FileTrust } from './fileTrust.ts';
import { t } from './words.ts';

export function registerStatusBarView(tracker: DockerfileTracker): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('countersign.trust', vscode.StatusBarAlignment.Left, 50);
  item.name = t('Countersign: Trust of This File');
  item.command = commandIds.showTrust;
  const draw = (): void => {
    const uri = vscode.window.activeTextEditor?.document.uri;
    const trust = uri && tracker.get(uri);
    if (!trust?.settings.statusBar) item.hide();
    else drawInto(item, trust);
  };
  return vscode.Disposable.from(item, tracker.onDidChange(draw), tracker.onDidClose(draw), vscode.window.onDidChangeActiveTextEditor(draw));
}

function drawInto(item: vscode.StatusBarItem, trust: FileTrust): void {
  const summary = summarize(trust.uses, t, summaryOptions(trust));
  const failure = trust.failure && failureText(trust.failure, t).text;
  item.text = failure === undefined ? summary.text : `$(question) ${t('Images unchecked')}`;
  item.tooltip = new vscode.MarkdownString(failure === undefined ? summary.tooltip : escapeMarkdown(failure, 1000), true);
  item.accessibilityInformation = { label: failure ?? summary.accessibilityLabel, role: 'button' };
  // Colour is the last resort: only for what somebody may have tampered with.
  item.backgroundColor = summary.severity === 'error' ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined;
  item.show();
}
