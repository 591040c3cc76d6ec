// Where the text of a reference ends: in the reference itself, or in the default of the ARG whose value ends it.
import type { ImageUse, ValueOrigin } from '../dockerfile/images.ts';
import type { SourceText } from '../dockerfile/sourceText.ts';
import type { Refusal } from './edits.ts';

export interface ReferenceEnd {
  /** Behind the last character, in the file; quotes and braces that close follow. */
  readonly offset: number;
  /** The ARG whose default that is; undefined in the reference itself. */
  readonly argument?: string;
}

/** A word of the file: its text as it counts, and where it ends. */
interface Written { readonly text: string; readonly end: number }

type Tail =
  | { readonly kind: 'text'; readonly end: number }
  | { readonly kind: 'variable'; readonly name: string; readonly fallback?: { readonly from: number; readonly to: number; readonly forEmpty: boolean } }
  | { readonly kind: 'other' };

/** Defaults are made of earlier ones only, so that this many steps never happen. */
const maxSteps = 100;

export function referenceEnd(source: SourceText, use: ImageUse): ReferenceEnd | { readonly refusal: Refusal } {
  const setting = use.origins.find(({ kind }) => kind === 'setting');
  // `BUILDKIT_SYNTAX` replaces the whole directive.
  if (use.kind === 'syntax' && setting) return refuse({ kind: 'setting', name: setting.name });
  const word: Written = { text: use.raw, end: source.offset(use.range.end) };
  // Only FROM expands variables.
  if (use.kind !== 'from') return inWord(source, word, /["']$/.test(use.raw) ? use.raw.length - 1 : use.raw.length, undefined);
  return follow(source, word, use.origins);
}

function follow(source: SourceText, reference: Written, origins: readonly ValueOrigin[]): ReferenceEnd | { readonly refusal: Refusal } {
  let word = reference;
  let argument: string | undefined;
  let [from, to] = [0, word.text.length];
  for (let step = 0; step < maxSteps; step++) {
    const tail = tailOf(word.text, from, to);
    if (tail.kind === 'other') return refuse({ kind: 'variables' });
    if (tail.kind === 'text') return inWord(source, word, tail.end, argument);
    const [origin, ...others] = origins.filter(({ name }) => name === tail.name);
    if (!origin || others.length > 0) return refuse({ kind: 'variables' });
    const { fallback } = tail;
    if (fallback && (origin.kind === 'missing' || (fallback.forEmpty && origin.value === ''))) {
      [from, to] = [fallback.from, fallback.to];
      continue;
    }
    if (origin.kind === 'setting') return refuse({ kind: 'setting', name: origin.name });
    const { valueRange } = origin;
    if (origin.kind !== 'arg' || !valueRange || origin.value === '') return refuse({ kind: 'no default', name: origin.name });
    const end = source.offset(valueRange.end);
    word = { text: source.text.slice(source.offset(valueRange.start), end), end };
    if (/[\r\n]/.test(word.text) && word.text.includes('$')) return refuse({ kind: 'several lines' });
    argument = origin.name;
    [from, to] = [0, word.text.length];
  }
  return refuse({ kind: 'variables' });
}

/** What closes the word must stand directly at its end, not before a line break. */
function inWord(source: SourceText, { text, end }: Written, at: number, argument: string | undefined): ReferenceEnd | { readonly refusal: Refusal } {
  const offset = end - (text.length - at);
  if (source.text.slice(offset, end) !== text.slice(at)) return refuse({ kind: 'several lines' });
  return { offset, ...(argument === undefined ? {} : { argument }) };
}

/** The last part of a word from `from` to before `to`, as the shell lexer would cut it. */
function tailOf(word: string, from: number, to: number): Tail {
  let tail: Tail = { kind: 'text', end: to };
  let quoted = false;
  for (let at = from; at < to;) {
    const character = word[at] ?? '';
    if (character === '"') {
      tail = !quoted || tail.kind === 'text' ? { kind: 'text', end: quoted ? at : at + 1 } : tail;
      quoted = !quoted;
      at++;
    } else if (character === "'" && !quoted) {
      const close = word.indexOf("'", at + 1);
      if (close < 0 || close >= to) return { kind: 'other' };
      tail = { kind: 'text', end: close };
      at = close + 1;
    } else if (character === '$') {
      const end = word[at + 1] === '{' ? braceEnd(word, at + 2, to) : at + (/^\$[A-Za-z_]\w*/.exec(word.slice(at, to))?.[0].length ?? 0);
      if (end === undefined || end === at) return { kind: 'other' };
      tail = variableIn(word, at, end);
      at = end;
    } else {
      at += character === '\\' || character === '`' ? 2 : 1;
      tail = { kind: 'text', end: Math.min(at, to) };
    }
  }
  return tail;
}

/** Behind the brace that closes. */
function braceEnd(word: string, from: number, to: number): number | undefined {
  let depth = 1;
  for (let at = from; at < to; at++) {
    if (word.startsWith('${', at)) depth++;
    else if (word[at] === '}' && --depth === 0) return at + 1;
  }
  return undefined;
}

function variableIn(word: string, start: number, end: number): Tail {
  if (word[start + 1] !== '{') return { kind: 'variable', name: word.slice(start + 1, end) };
  const [head, name, operator] = /^\$\{(\w+)(:?-|\})/.exec(word.slice(start, end)) ?? [];
  if (head === undefined || name === undefined) return { kind: 'other' };
  if (operator === '}') return { kind: 'variable', name };
  return { kind: 'variable', name, fallback: { from: start + head.length, to: end - 1, forEmpty: operator === ':-' } };
}

const refuse = (refusal: Refusal): { readonly refusal: Refusal } => ({ refusal });
