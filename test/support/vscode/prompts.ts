// Scripted people: each question the extension asks is answered by the next entry of a script, and remembered.
import { readable } from '../pseudo.ts';
import { EventEmitter } from './events.ts';
import { QuickInputButtons, type Uri } from './values.ts';

/** What a person does when a question is on screen. */
export type Answer =
  | { readonly pick: string }                          // choose the item whose label contains this
  | { readonly type: string }                          // type it and press Enter
  | { readonly button: string; readonly on?: string }  // press a button by its tooltip, of the item whose label contains `on`
  | { readonly press: string }                         // press a button in the title, by its tooltip
  | { readonly check: readonly string[] }              // check exactly these of several, and press Enter
  | { readonly back: true }
  | { readonly escape: true; readonly whileBusy?: true }  // `whileBusy`: without waiting for what is being looked up
  | { readonly files: readonly Uri[] }                 // the open dialog
  | { readonly choose: string }                        // a button of a message
  | { readonly run: () => unknown };                   // something else happens meanwhile

interface Button { readonly tooltip?: string }
interface Item { readonly label: string; readonly description?: string; readonly detail?: string; readonly buttons?: readonly Button[] }

/** One question as it stood on screen when it was answered. */
export interface Shown {
  readonly kind: 'pick' | 'input' | 'open dialog' | 'message';
  readonly text: string;
  readonly step?: number | undefined;
  readonly totalSteps?: number | undefined;
  readonly items: readonly Item[];
  /** What the editor makes links in. */
  readonly prompt?: string;
  /** In the title. */
  readonly buttons?: readonly Button[];
  readonly validation?: unknown;
  readonly modal?: boolean;
  readonly severity?: string;
  readonly value?: string;
  readonly password?: boolean;
  readonly ignoreFocusOut?: boolean;
  /** Checked before the person did anything. */
  readonly checked?: readonly string[];
}

/** People read the language for tests, too. */
const says = (label: string, words: string): boolean => label.includes(words) || readable(label).includes(words);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class QuickInput {
  title = ''; placeholder = ''; prompt = ''; value = ''; busy = false; enabled = true; ignoreFocusOut = false; password = false;
  step: number | undefined; totalSteps: number | undefined;
  buttons: readonly unknown[] = [];
  items: readonly Item[] = [];
  activeItems: readonly Item[] = []; selectedItems: readonly Item[] = [];
  canSelectMany = false;
  matchOnDescription = false; matchOnDetail = false; keepScrollPosition = false;
  validationMessage: unknown;
  visible = false;
  disposed = false;
  readonly changed = new EventEmitter<string>(); readonly accepted = new EventEmitter<void>(); readonly hidden = new EventEmitter<void>();
  readonly pressed = new EventEmitter<unknown>(); readonly itemPressed = new EventEmitter<{ item: Item; button: Button }>();
  readonly selected = new EventEmitter<readonly Item[]>();
  readonly onDidChangeSelection = this.selected.event;
  readonly onDidChangeValue = this.changed.event; readonly onDidAccept = this.accepted.event; readonly onDidHide = this.hidden.event;
  readonly onDidTriggerButton = this.pressed.event; readonly onDidTriggerItemButton = this.itemPressed.event;
  readonly #kind: 'pick' | 'input';
  readonly #script: Script;
  constructor(kind: 'pick' | 'input', script: Script) {
    this.#kind = kind;
    this.#script = script;
  }
  isVisible(): boolean { return this.visible; }
  show(): void {
    if (this.visible) return;
    this.visible = true;
    void this.#drive();
  }
  hide(): void {
    if (!this.visible) return;
    this.visible = false;
    this.hidden.fire();
  }
  dispose(): void {
    this.hide();
    this.disposed = true;
    for (const emitter of [this.changed, this.selected, this.accepted, this.hidden, this.pressed, this.itemPressed]) emitter.dispose();
  }
  async #drive(): Promise<void> {
    await turn();
    while (this.isVisible()) {
      await this.#settled();
      if (!this.isVisible()) return;
      const answer = this.#script.next(`${this.#kind} "${this.title}"`);
      await this.#apply(answer);
      this.#script.shown.push({
        kind: this.#kind, text: [this.title, this.placeholder, this.prompt].filter(Boolean).join(' | '), step: this.step, totalSteps: this.totalSteps,
        items: this.items, prompt: this.prompt, buttons: this.buttons as readonly Button[], validation: this.validationMessage, value: this.value,
        password: this.password, ignoreFocusOut: this.ignoreFocusOut, checked: this.selectedItems.map(({ label }) => label),
      });
      this.#act(answer);
      for (let turns = 0; turns < 5; turns++) await turn();
    }
  }
  /** Waits for validation and loading, as a person does. */
  async #settled(): Promise<void> {
    const patience = performance.now() + 10_000;
    for (let turns = 0; turns < 3 || (this.busy && this.visible && !this.#script.leavesNow && performance.now() < patience); turns++) await turn();
  }
  async #apply(answer: Answer): Promise<void> {
    if ('run' in answer) await answer.run();
    if (!('type' in answer)) return;
    this.value = answer.type;
    this.changed.fire(answer.type);
    await this.#settled();
  }
  #act(answer: Answer): void {
    if ('escape' in answer) this.hide();
    else if ('back' in answer) this.pressed.fire(QuickInputButtons.Back);
    else if ('type' in answer) this.accepted.fire();
    else if ('press' in answer) {
      const button = this.buttons.find((candidate) => says((candidate as Button).tooltip ?? '', answer.press));
      if (button) this.pressed.fire(button);
      else this.#script.fail(`no button "${answer.press}" in the title of "${this.title}"`, this);
    } else if ('check' in answer) {
      this.selectedItems = answer.check.map((label) => this.items.find((item) => says(item.label, label)) ?? { label: `no item "${label}"` });
      this.selected.fire(this.selectedItems);
      this.accepted.fire();
    } else if ('pick' in answer) {
      const item = this.items.find(({ label }) => says(label, answer.pick));
      if (!item) {
        this.#script.fail(`no item "${answer.pick}" in "${this.title}": ${this.items.map(({ label }) => label).join(', ')}`, this);
        return;
      }
      this.activeItems = [item];
      this.selectedItems = [item];
      this.accepted.fire();
    } else if ('button' in answer) {
      const item = this.items.find(({ label }) => says(label, answer.on ?? ''));
      const button = item?.buttons?.find(({ tooltip = '' }) => says(tooltip, answer.button));
      if (!item || !button) {
        this.#script.fail(`no button "${answer.button}" in "${this.title}"`, this);
        return;
      }
      this.itemPressed.fire({ item, button });
    } else if (!('run' in answer)) this.#script.fail(`"${this.title}" cannot be answered with ${JSON.stringify(answer)}`, this);
  }
}

export class Script {
  shown: Shown[] = [];
  /** Questions nobody expected: a test that ends with one fails. */
  unexpected: string[] = [];
  #answers: Answer[] = [];

  answer(...answers: readonly Answer[]): void { this.#answers.push(...answers); }
  get left(): number { return this.#answers.length; }
  get leavesNow(): boolean {
    const [next] = this.#answers;
    return next !== undefined && 'whileBusy' in next;
  }
  next(question: string): Answer {
    const answer = this.#answers.shift();
    if (!answer) this.unexpected.push(question);
    return answer ?? { escape: true };
  }
  fail(problem: string, input: { hide(): void }): void {
    this.unexpected.push(problem);
    input.hide();
  }
  createQuickPick(): QuickInput { return new QuickInput('pick', this); }
  createInputBox(): QuickInput { return new QuickInput('input', this); }
  async openDialog(options: { title?: string }): Promise<readonly Uri[] | undefined> {
    await turn();
    this.shown.push({ kind: 'open dialog', text: options.title ?? '', items: [] });
    const answer = this.next('open dialog');
    return 'files' in answer ? answer.files : undefined;
  }
  /** Messages without buttons ask nothing and take no answer. */
  async message(severity: string, text: string, ...rest: readonly unknown[]): Promise<unknown> {
    await turn();
    const [first] = rest;
    const options = typeof first === 'object' && first !== null && !('title' in first) ? first as { modal?: boolean; detail?: string } : {};
    const buttons = rest.filter((item) => typeof item === 'string' || (typeof item === 'object' && item !== null && 'title' in item)) as (string | { title: string })[];
    const label = (button: string | { title: string }): string => (typeof button === 'string' ? button : button.title);
    this.shown.push({
      kind: 'message', severity, text: [text, options.detail].filter(Boolean).join(' | '), modal: options.modal ?? false, items: buttons.map((button) => ({ label: label(button) })),
    });
    if (buttons.length === 0) return undefined;
    const [upcoming] = this.#answers;
    if (!options.modal && !(upcoming && 'choose' in upcoming)) return undefined;
    const answer = this.next(`message "${text}"`);
    return 'choose' in answer ? buttons.find((button) => says(label(button), answer.choose)) : undefined;
  }
  messages(): readonly string[] { return this.shown.filter(({ kind }) => kind === 'message').map(({ text }) => text); }
}
