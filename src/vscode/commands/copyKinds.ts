// The question which kinds of proof are copied with an image: a list with check marks.
import * as vscode from 'vscode';
import type { ProofKind } from '../../core/copyEngine.ts';
import { t } from '../words.ts';
import { back, type Back, type Choice, type StepPlace } from './steps.ts';

/** @throws {vscode.CancellationError} when the person leaves */
export async function chooseKinds(place: StepPlace, choices: readonly (Choice<ProofKind> & { readonly picked: boolean })[]): Promise<readonly ProofKind[] | Back> {
  const picker = vscode.window.createQuickPick<Choice<ProofKind>>();
  picker.title = place.title;
  picker.step = place.step;
  picker.totalSteps = place.totalSteps;
  picker.ignoreFocusOut = true;
  picker.canSelectMany = true;
  picker.buttons = [vscode.QuickInputButtons.Back];
  picker.placeholder = t('What is copied with the image?');
  picker.items = choices;
  picker.selectedItems = choices.filter(({ picked }) => picked);
  const subscriptions: vscode.Disposable[] = [];
  try {
    return await new Promise((resolve, reject) => {
      subscriptions.push(
        picker.onDidAccept(() => resolve(picker.selectedItems.map(({ value }) => value))),
        picker.onDidTriggerButton(() => resolve(back)),
        picker.onDidHide(() => reject(new vscode.CancellationError())),
      );
      picker.show();
    });
  } finally {
    for (const subscription of subscriptions) subscription.dispose();
    picker.dispose();
  }
}
