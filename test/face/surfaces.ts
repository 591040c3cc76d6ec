// What is true of everything that was on screen in a test: it has a name in words, and nothing that others wrote became a link.
import assert from 'node:assert/strict';
import { fake, QuickInputButtons } from '../support/vscode.ts';

/** What the editor makes links of in messages, progress, prompts and the language status (`parseLinkedText` of VS Code). */
const link = /\[[^\]]+\]\((?:https?:\/\/|command:|file:)[^)\s]+(?: (["']).+?\1)?\)/i;

/** Icons are drawn; a screen reader says what is left. */
export function isNamed(label: unknown): boolean {
  return typeof label === 'string' && /\p{L}/u.test(label.replace(/(?<!\\)\$\([\w~-]+\)/g, ''));
}

function hasLabel(accessibility: unknown): boolean {
  return typeof accessibility === 'object' && accessibility !== null && 'label' in accessibility && isNamed(accessibility.label) && !String(accessibility.label).includes('$(');
}

/** @returns what stands for something and cannot be said aloud */
export function unnamed(): readonly string[] {
  const bar = [...fake.statusBar].filter(({ visible }) => visible).filter((item) => !isNamed(item.name) || !isNamed(item.text) || !hasLabel(item.accessibilityInformation)).map(({ text }) => `status bar: ${text}`);
  const statuses = [...fake.languages.statuses].filter((item) => !isNamed(item.name) || !isNamed(item.text) || !isNamed(item.command?.title) || !hasLabel(item.accessibilityInformation)).map(({ text }) => `language status: ${text}`);
  const questions = fake.script.shown.flatMap(({ kind, text, items, buttons = [] }) => [
    ...(isNamed(text) ? [] : [`${kind}: ${text}`]),
    ...items.filter(({ label }) => !isNamed(label)).map(({ label }) => `choice: ${label}`),
    ...[...buttons, ...items.flatMap((item) => item.buttons ?? [])].filter((button) => button !== QuickInputButtons.Back && !isNamed(button.tooltip)).map((button) => `button of "${text}": ${JSON.stringify(button)}`),
  ]);
  return [...bar, ...statuses, ...questions];
}

/** @returns what the editor would make a link of */
export function links(): readonly string[] {
  const { shown } = fake.script;
  const texts = [
    ...shown.filter(({ modal }) => modal !== true).flatMap(({ kind, text, prompt = '', validation }) => [kind === 'message' ? text : prompt, typeof validation === 'string' ? validation : JSON.stringify(validation ?? '')]),
    ...fake.progress.map(({ title }) => title ?? ''), ...fake.reports.map((report) => JSON.stringify(report)),
    ...[...fake.languages.statuses].flatMap(({ text, detail = '' }) => [text, detail]),
  ];
  return texts.filter((text) => link.test(text));
}

export function assertSurfaces(): void {
  assert.deepEqual(unnamed(), [], 'what has no name in words');
  assert.deepEqual(links(), [], 'what the editor would make a link of');
}
