// What the first trusted key means for the Dockerfile in front of a person: the images that it covers, listed once.
import * as vscode from 'vscode';
import { commandIds } from '../../contributions.ts';
import { coversImage, parseImagePattern } from '../../core/policy/imagePattern.ts';
import { enumeration } from '../../presentation/translate.ts';
import { labelText, plainText } from '../../presentation/untrustedText.ts';
import { hasKeys, type FileTrust } from '../fileTrust.ts';
import { inform } from '../messages.ts';
import { isResolved } from '../verdictStore.ts';
import { t } from '../words.ts';
import type { CommandContext } from './context.ts';

/** More would fill the screen. */
const maxListed = 8;

/**
 * The Dockerfile in question; without one the one that is on screen beside a view, the walkthrough or a key file, or the only one that is
 * open. Undefined where there is none, or without images, or where there was a key before: nothing is said then. Ask before the key is stored.
 */
export function fileWithoutKeys({ tracker }: CommandContext, uri: vscode.Uri | undefined): vscode.Uri | undefined {
  const trust = (uri && tracker.get(uri)) ?? fileInFront(tracker);
  return trust && !hasKeys(trust) && trust.uses.some(({ use }) => isResolved(use)) ? trust.uri : undefined;
}

function fileInFront(tracker: CommandContext['tracker']): FileTrust | undefined {
  const [visible] = vscode.window.visibleTextEditors.flatMap(({ document }) => tracker.get(document.uri) ?? []);
  const [only, ...others] = tracker.all();
  return visible ?? (only && others.length === 0 ? tracker.get(only.uri) : undefined);
}

/** Says nothing where the key was stored for another folder. @param images patterns, or all images */
export function listCovered({ tracker, settings }: CommandContext, uri: vscode.Uri, key: string, images: readonly string[] | 'all'): void {
  if (!settings.forResource(uri).trust.keys.some(({ name }) => name === key)) return;
  const uses = (tracker.get(uri)?.uses ?? []).map(({ use }) => use).filter(isResolved);
  const patterns = images === 'all' ? undefined : images.map(parseImagePattern);
  const all = new Set(uses.map(({ text }) => text));
  const covered = [...new Set(uses.filter(({ reference }) => !patterns || coversImage(patterns, reference)).map(({ text }) => text))];
  const [name, file] = [plainText(key, 80), plainText(vscode.workspace.asRelativePath(uri), 120)];
  const text = covered.length === 0
    ? t('The key {0} is trusted now. In {1} it covers none of {2} images: its patterns, in countersign.policies, match none of them.', name, file, all.size)
    : t('The key {0} is trusted now. In {1} it covers {2} of {3} images: {4}.', name, file, covered.length, all.size, enumeration(covered.map((image) => labelText(image, 120)), t, maxListed));
  const show = t('Show Trust of This File');
  void inform(text, show).then((chosen) => {
    if (chosen === show) void vscode.commands.executeCommand(commandIds.showTrust, { uri: uri.toString() });
  });
}
