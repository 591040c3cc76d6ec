// Command: a picker of all images of the file with what is known about each; choosing one goes there.
import * as vscode from 'vscode';
import { commandIds } from '../../contributions.ts';
import { summarize } from '../../presentation/summary.ts';
import type { UseWithState } from '../../presentation/useState.ts';
import { hasKeys, summaryOptions, type FileTrust } from '../fileTrust.ts';
import { toLocation, toRange, type Place } from '../places.ts';
import { t } from '../words.ts';
import { findPlace, offerKeys } from './activeFile.ts';
import type { Command, CommandContext } from './context.ts';
import { digestIn } from './copyDigest.ts';

interface ImageItem extends vscode.QuickPickItem { readonly image: UseWithState }

export const showTrust: Command = async (context, argument) => {
  const place = findPlace(context, argument);
  const trust = place && context.tracker.get(place.uri);
  if (!place || !trust) return;
  if (trust.failure) throw trust.failure;
  if (!hasKeys(trust)) {
    await offerKeys(trust);
    return;
  }
  await pickImage(context, place, trust);
};

function pickImage({ tracker }: CommandContext, place: Place, first: FileTrust): Promise<void> {
  return new Promise((resolve) => {
    const picker = vscode.window.createQuickPick<ImageItem>();
    picker.matchOnDescription = true;
    picker.placeholder = t('Choose an image to go to it');
    const draw = (trust: FileTrust): void => {
      const at = picker.activeItems[0]?.image.use.range.start ?? place.range?.start;
      const { words, busy } = summarize(trust.uses, t, summaryOptions(trust));
      picker.title = t('Trust of This File: {0}', words);
      picker.busy = busy;
      picker.items = itemsOf(trust);
      const active = picker.items.find(({ image: { use: { range: { start } } } }) => start.line === at?.line && start.character === at.character);
      if (active) picker.activeItems = [active];
    };
    draw(first);
    const subscription = vscode.Disposable.from(
      picker,
      tracker.onDidChange((trust) => {
        if (trust.uri.toString() === place.uri.toString()) draw(trust);
      }),
      picker.onDidTriggerItemButton(({ item: { image }, button }) => {
        const digest = digestIn(image.state);
        const icon = button.iconPath instanceof vscode.ThemeIcon ? button.iconPath.id : '';
        if (icon === 'edit' || icon === 'cloud-upload') {
          picker.hide();
          void vscode.commands.executeCommand(icon === 'edit' ? commandIds.signImage : commandIds.copyImage, toLocation(place.uri, image.use.range));
          return;
        }
        void (icon === 'copy' && digest !== undefined
          ? vscode.commands.executeCommand(commandIds.copyDigest, digest)
          : vscode.commands.executeCommand(commandIds.verifyAgain, toLocation(place.uri, image.use.range)));
      }),
      picker.onDidAccept(() => {
        const [chosen] = picker.selectedItems;
        picker.hide();
        if (chosen) void reveal(place.uri, toRange(chosen.image.use.range));
      }),
      picker.onDidHide(() => {
        subscription.dispose();
        resolve();
      }),
    );
    picker.show();
  });
}

function itemsOf(trust: FileTrust): ImageItem[] {
  const { lines } = summarize(trust.uses, t, summaryOptions(trust));
  return trust.uses.map((image, index) => {
    const line = lines[index];
    const again = { iconPath: new vscode.ThemeIcon('refresh'), tooltip: t('Verify Again') };
    const sign = { iconPath: new vscode.ThemeIcon('edit'), tooltip: t('Sign Image…') };
    const copyImage = { iconPath: new vscode.ThemeIcon('cloud-upload'), tooltip: t('Copy Image with Signatures…') };
    const copy = { iconPath: new vscode.ThemeIcon('copy'), tooltip: t('Copy Digest') };
    return {
      image,
      label: `$(${line?.icon ?? 'circle-outline'}) ${line?.reference ?? ''}`,
      description: t('line {0}', image.use.line + 1),
      detail: line?.words ?? '',
      buttons: [...(image.use.reference ? [again] : []), ...(image.use.reference && !trust.restricted ? [sign, copyImage] : []), ...(digestIn(image.state) ? [copy] : [])],
    };
  });
}

async function reveal(uri: vscode.Uri, range: vscode.Range): Promise<void> {
  const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === uri.toString());
  if (!document) return;
  const editor = await vscode.window.showTextDocument(document);
  editor.selection = new vscode.Selection(range.start, range.end);
  editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}
