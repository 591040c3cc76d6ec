// Questions one after another, with a way back: nothing is done before the last one is answered.
import * as vscode from 'vscode';
import { saidOf } from '../../core/errors.ts';
import { inWords } from '../../presentation/translate.ts';
import { messageText } from '../../presentation/untrustedText.ts';
import { t } from '../words.ts';

/** The person wants the question before this one again. */
export const back = Symbol('back');
export type Back = typeof back;

/** Where a question stands among the others. */
export interface StepPlace {
  readonly title: string;
  readonly step: number;
  readonly totalSteps: number;
}

export interface Step<State> {
  /** False for a question whose answer does not matter, given the others. */
  readonly applies: (state: State) => boolean;
  readonly ask: (state: State, place: StepPlace) => Promise<State | Back>;
}

/** @throws {vscode.CancellationError} when the person leaves */
export async function askSteps<State>(title: string, steps: readonly Step<State>[], start: State): Promise<State> {
  let state = start;
  const asked: number[] = [];
  for (let index = 0; index < steps.length;) {
    const step = steps[index];
    if (!step?.applies(state)) {
      index += 1;
      continue;
    }
    const totalSteps = asked.length + steps.slice(index).filter(({ applies }) => applies(state)).length;
    const answer = await step.ask(state, { title, step: asked.length + 1, totalSteps });
    if (answer === back) index = asked.pop() ?? 0;
    else {
      asked.push(index);
      state = answer;
      index += 1;
    }
  }
  return state;
}

export interface Choice<T> extends vscode.QuickPickItem { readonly value: T }

/** @throws {vscode.CancellationError} when the person leaves */
export function choose<T>(place: StepPlace, placeholder: string, choices: readonly Choice<T>[], chosen?: T): Promise<T | Back> {
  const picker = vscode.window.createQuickPick<Choice<T>>();
  picker.placeholder = placeholder;
  picker.items = choices;
  const active = choices.find(({ value }) => value === chosen);
  if (active) picker.activeItems = [active];
  return asked(picker, place, (answer) => picker.onDidAccept(() => {
    const [item] = picker.selectedItems;
    if (item) answer(item.value);
  }));
}

export interface EnterOrChooseOptions<T> {
  readonly placeholder: string;
  readonly value?: string;
  readonly choices: readonly Choice<T>[];
  /** What a typed text stands for; a text says why it stands for nothing. */
  readonly parse: (text: string) => { readonly value: T } | string;
}

/** A list that also takes what is typed. @throws {vscode.CancellationError} when the person leaves */
export function enterOrChoose<T>(place: StepPlace, { placeholder, value = '', choices, parse }: EnterOrChooseOptions<T>): Promise<T | Back> {
  const picker = vscode.window.createQuickPick<vscode.QuickPickItem & { readonly value?: T }>();
  picker.placeholder = placeholder;
  picker.matchOnDescription = true;
  const draw = (): void => {
    const text = picker.value.trim();
    const typed = text === '' || choices.some(({ label }) => label === text) ? undefined : parse(text);
    const item = typed === undefined ? [] : [typeof typed === 'string' ? { label: text.replace(/\$\(/g, '\\$('), detail: typed.replace(/\$\(/g, '\\$('), alwaysShow: true } : { label: text, alwaysShow: true, value: typed.value }];
    // What completes the text comes before the text itself.
    picker.items = choices.some(({ label, description }) => label.includes(text) || description?.includes(text) === true) ? [...choices, ...item] : [...item, ...choices];
    const active = picker.items.find(({ label }) => label === text);
    if (active) picker.activeItems = [active];
  };
  picker.value = value;
  draw();
  return asked(picker, place, (answer) => vscode.Disposable.from(
    picker.onDidChangeValue(draw),
    picker.onDidAccept(() => {
      const [item] = picker.selectedItems;
      const chosen = item ?? picker.items.find(({ label }) => label === picker.value.trim());
      if (chosen?.value !== undefined) answer(chosen.value);
    }),
  ));
}

/** A button in the title of a question that turns something on and off. */
export interface Toggle {
  readonly icon: { readonly on: string; readonly off: string };
  readonly tooltip: { readonly on: string; readonly off: string };
  readonly set: (on: boolean) => void;
}

export interface InputOptions {
  readonly prompt: string;
  readonly placeholder?: string;
  readonly value?: string;
  /** A password: not shown, and not filled in when the person comes back. */
  readonly password?: boolean;
  /** Said from the start, in place of the prompt, until something is typed. */
  readonly warning?: string;
  readonly toggle?: Toggle;
  /** Called at every change; what is still being found out is aborted by the next. A text is a mistake; a note lets the person go on. */
  readonly validate: (value: string, accepting: boolean, signal: AbortSignal) => Promise<string | { readonly note: string } | undefined>;
}

/** @throws {vscode.CancellationError} when the person leaves */
export function enter(place: StepPlace, options: InputOptions): Promise<string | Back> {
  const input = vscode.window.createInputBox();
  input.prompt = messageText(options.prompt);
  if (options.placeholder !== undefined) input.placeholder = options.placeholder;
  input.value = options.value ?? '';
  input.password = options.password === true;
  if (options.warning !== undefined) input.validationMessage = { message: messageText(options.warning), severity: vscode.InputBoxValidationSeverity.Warning };
  let running = new AbortController();
  /** True when the value may be taken. */
  const validate = async (accepting: boolean): Promise<boolean> => {
    running.abort();
    const run = new AbortController();
    running = run;
    input.busy = true;
    const result = await options.validate(input.value, accepting, run.signal).catch((error: unknown) => (run.signal.aborted ? undefined : inWords(saidOf(error), t)));
    if (run.signal.aborted) return false;
    input.busy = false;
    input.validationMessage = typeof result === 'object' ? { message: messageText(result.note), severity: vscode.InputBoxValidationSeverity.Info } : result && messageText(result);
    return typeof result !== 'string';
  };
  return asked(input, place, (answer) => vscode.Disposable.from(
    { dispose: () => running.abort() },
    input.onDidChangeValue(() => void validate(false)),
    input.onDidAccept(async () => {
      const { value } = input;
      if (await validate(true)) answer(value);
    }),
  ), options.toggle);
}

/**
 * Stands where the questions stand while something is looked up, and is gone at once: a progress message stays for a while, beside or
 * behind whatever comes next.
 * @param says safe for a label: `labelText`
 * @throws {vscode.CancellationError} when the person leaves; whatever `work` throws
 */
export async function askPatience<T>(title: string, says: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const run = new AbortController();
  const picker = vscode.window.createQuickPick();
  Object.assign(picker, { title, placeholder: t('Escape cancels'), items: [{ label: `$(sync) ${says}`, alwaysShow: true }], busy: true, ignoreFocusOut: true });
  const subscription = picker.onDidHide(() => run.abort(new vscode.CancellationError()));
  picker.show();
  try {
    const result = await work(run.signal);
    run.signal.throwIfAborted();
    return result;
  } finally {
    subscription.dispose();
    picker.dispose();
  }
}

type Question = vscode.QuickInput & { buttons: readonly vscode.QuickInputButton[]; readonly onDidTriggerButton: vscode.Event<vscode.QuickInputButton> };

/** Shows a question and takes it away again. @param listen what answers it @throws {vscode.CancellationError} when the person leaves */
export async function asked<T>(input: Question, place: StepPlace, listen: (answer: (value: T) => void) => vscode.Disposable, toggle?: Toggle): Promise<T | Back> {
  let on = false;
  const buttons = (): vscode.QuickInputButton[] => [
    ...(place.step > 1 ? [vscode.QuickInputButtons.Back] : []),
    ...(toggle ? [{ iconPath: new vscode.ThemeIcon(on ? toggle.icon.on : toggle.icon.off), tooltip: on ? toggle.tooltip.on : toggle.tooltip.off }] : []),
  ];
  // "(1/1)" behind the title of a single question says nothing.
  Object.assign(input, { ...(place.totalSteps > 1 ? place : { title: place.title }), ignoreFocusOut: true, buttons: buttons() });
  const subscriptions: vscode.Disposable[] = [];
  try {
    return await new Promise<T | Back>((resolve, reject) => {
      subscriptions.push(
        listen(resolve),
        input.onDidTriggerButton((button) => {
          if (button === vscode.QuickInputButtons.Back) {
            resolve(back);
            return;
          }
          on = !on;
          toggle?.set(on);
          input.buttons = buttons();
        }),
        input.onDidHide(() => reject(new vscode.CancellationError())),
      );
      input.show();
    });
  } finally {
    for (const subscription of subscriptions) subscription.dispose();
    input.dispose();
  }
}
