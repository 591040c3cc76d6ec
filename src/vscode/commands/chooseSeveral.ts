// Questions whose answer is any number of things: a list with check marks.
import * as vscode from 'vscode';
import { asked, back, type Back, type Choice, type StepPlace } from './steps.ts';

export interface SeveralOptions<T> {
  readonly choices: readonly (Choice<T> & { readonly picked: boolean })[];
  /** The question; asked anew whenever something is checked or unchecked. */
  readonly placeholder: (chosen: readonly T[]) => string;
  /** What stays checked when something was checked; default: everything. */
  readonly settle?: (chosen: readonly T[], added: readonly T[]) => readonly T[];
  /** True: nothing checked is no answer. */
  readonly atLeastOne?: boolean;
}

/** @throws {vscode.CancellationError} when the person leaves */
export function chooseSeveral<T>(place: StepPlace, { choices, placeholder, settle = (chosen) => chosen, atLeastOne = false }: SeveralOptions<T>): Promise<readonly T[] | Back> {
  const picker = vscode.window.createQuickPick<Choice<T>>();
  picker.canSelectMany = true;
  picker.items = choices;
  let chosen = choices.filter(({ picked }) => picked).map(({ value }) => value);
  const draw = (): void => {
    picker.selectedItems = choices.filter(({ value }) => chosen.includes(value));
    picker.placeholder = placeholder(chosen);
  };
  draw();
  return asked<readonly T[]>(picker, place, (answer) => vscode.Disposable.from(
    picker.onDidChangeSelection((items) => {
      const now = items.map(({ value }) => value);
      if (now.length === chosen.length && now.every((value) => chosen.includes(value))) return;
      chosen = [...settle(now, now.filter((value) => !chosen.includes(value)))];
      draw();
    }),
    picker.onDidAccept(() => { if (chosen.length > 0 || !atLeastOne) answer(choices.map(({ value }) => value).filter((value) => chosen.includes(value))); }),
  ));
}

/** A question of its own: any of several, none among them. @throws {vscode.CancellationError} when the person leaves */
export async function chooseSome<T>(title: string, placeholder: string, choices: SeveralOptions<T>['choices']): Promise<readonly T[]> {
  const answer = await chooseSeveral({ title, step: 1, totalSteps: 1 }, { choices, placeholder: () => placeholder });
  return answer === back ? [] : answer;
}
