// Command: one document that leads from a reference to its verdict.
import * as vscode from 'vscode';
import { coverageOf } from '../../core/policy/coverage.ts';
import { trustExplanation } from '../../presentation/trustExplanation.ts';
import { labelText } from '../../presentation/untrustedText.ts';
import type { UseWithState } from '../../presentation/useState.ts';
import { useAt, type FileTrust } from '../fileTrust.ts';
import { toRange } from '../places.ts';
import { t } from '../words.ts';
import { findPlace } from './activeFile.ts';
import type { Command, CommandContext } from './context.ts';

interface ImageItem extends vscode.QuickPickItem { readonly image: UseWithState }

export const explainTrust: Command = async (context, argument) => {
  const place = findPlace(context, argument);
  const trust = place && context.tracker.get(place.uri);
  if (!place || !trust) return;
  if (trust.failure) throw trust.failure;
  const { range } = place;
  const chosen = range ? trust.uses.find(({ use }) => toRange(use.range).isEqual(range)) : await choose(trust);
  if (!chosen) return;
  const { item, trust: known } = await whenKnown(chosen, trust, context);
  const document = await context.explanations.open(nameOf(item), explain(item, known), { language: 'markdown' });
  try {
    await vscode.commands.executeCommand('markdown.showPreview', document.uri);
  } catch {
    // The editor's own Markdown preview can be switched off.
    await vscode.window.showTextDocument(document);
  }
};

/** What is being verified is explained when it is: the file may have been opened for this very question. */
async function whenKnown(item: UseWithState, trust: FileTrust, { tracker }: CommandContext): Promise<{ readonly item: UseWithState; readonly trust: FileTrust }> {
  if (item.state.kind !== 'pending') return { item, trust };
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: t('Verifying…') }, () => tracker.whenIdle());
  const now = tracker.get(trust.uri);
  const same = now?.uses.find(({ use }) => toRange(use.range).isEqual(toRange(item.use.range)) && use.raw === item.use.raw);
  return now && same ? { item: same, trust: now } : { item, trust };
}

function explain(item: UseWithState, { uri, settings: { trust } }: FileTrust): string {
  const { reference } = item.use;
  return trustExplanation({
    item,
    file: vscode.workspace.asRelativePath(uri),
    coverage: reference ? trust.policies.map((policy) => coverageOf(policy, reference)) : [],
    policyFiles: reference ? (trust.files ?? []).map((file) => ({ name: vscode.workspace.asRelativePath(vscode.Uri.parse(file.uri)), demands: file.demandsFor(reference) })) : [],
    keys: trust.keys.map(({ name }) => name),
  }, t);
}

/** The image at the cursor, the only one, or the one a person chooses. */
async function choose(trust: FileTrust): Promise<UseWithState | undefined> {
  const editor = vscode.window.activeTextEditor;
  const cursor = editor?.document.uri.toString() === trust.uri.toString() ? editor.selection.active : undefined;
  const there = cursor && (useAt(trust, cursor.line, cursor.character) ?? trust.uses.find(({ use }) => use.line === cursor.line));
  if (there ?? trust.uses.length < 2) return there ?? trust.uses[0];
  return new Promise((resolve) => {
    const picker = vscode.window.createQuickPick<ImageItem>();
    picker.title = t('Explain Trust of an Image');
    picker.placeholder = t('Choose an image');
    picker.items = trust.uses.map((image) => ({ image, label: labelText(image.use.text === '' ? image.use.raw : image.use.text, 120), description: t('line {0}', image.use.line + 1) }));
    picker.onDidAccept(() => {
      resolve(picker.selectedItems[0]?.image);
      picker.hide();
    });
    picker.onDidHide(() => {
      resolve(undefined);
      picker.dispose();
    });
    picker.show();
  });
}

function nameOf({ use }: UseWithState): string {
  const text = use.text === '' ? use.raw : use.text;
  return `${t('Trust of {0}', text.replace(/[^\w.@-]+/g, '_').slice(0, 80))}.md`;
}
