// The one door for words: `vscode.l10n.t` in the editor, plain English everywhere else.
import { fill, type SaidArgument } from '../core/said.ts';

/** Gives the text in the person's language; `{0}`, `{1}` … stand for the arguments. `vscode.l10n.t` is one. */
export type Translate = (message: string, ...args: readonly (string | number | boolean)[]) => string;

/** English: fills in the arguments and changes nothing else. Arguments are never looked at for placeholders. */
export const english: Translate = (message, ...args) => fill(message, args);

/** What the core says, in the person's language: each part is translated before it gets its place, and names stay as they are. */
export function inWords(text: SaidArgument, t: Translate): string {
  return typeof text === 'object' ? t(text.template, ...text.args.map((arg) => inWords(arg, t))) : String(text);
}

/** `a`, `a or b`, `a, b or c`; at most `limit` of them, the rest counted. */
export function alternatives(items: readonly string[], t: Translate, limit = 5): string {
  if (items.length > limit) return t('{0} or one of {1} more', items.slice(0, limit).join(', '), items.length - limit);
  if (items.length < 2) return items[0] ?? '';
  return t('{0} or {1}', items.slice(0, -1).join(', '), items[items.length - 1] ?? '');
}

/** `a`, `a and b`, `a, b and c`; at most `limit` of them, the rest counted. */
export function enumeration(items: readonly string[], t: Translate, limit = 5): string {
  if (items.length > limit) return t('{0} and {1} more', items.slice(0, limit).join(', '), items.length - limit);
  if (items.length < 2) return items[0] ?? '';
  return t('{0} and {1}', items.slice(0, -1).join(', '), items[items.length - 1] ?? '');
}
