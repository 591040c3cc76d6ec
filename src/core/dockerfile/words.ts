// Splitting an instruction's arguments into words, each with its place in the line.
import { isBlank, isSpace } from './goText.ts';

export interface Word { readonly text: string; readonly start: number; readonly end: number }

/** Split at runs of blanks, tabs, form feeds, vertical tabs and CR; quotes mean nothing (FROM, COPY, ADD, VOLUME, EXPOSE). */
export function blankSeparated(text: string, start: number, end: number): readonly Word[] {
  const words: Word[] = [];
  let from = start;
  for (let at = start; at <= end; at++) {
    if (at < end && !isBlank(text.charCodeAt(at))) continue;
    if (at > from) words.push({ text: text.slice(from, at), start: from, end: at });
    from = at + 1;
  }
  return words;
}

/** Split at white space outside quotes; quotes and escapes stay in the words (ARG, ENV, LABEL). */
export function quotedWords(text: string, start: number, end: number, escape: string): readonly Word[] {
  const words: Word[] = [];
  let from = -1;
  let quote = '';
  for (let at = start; at < end; at++) {
    const character = text[at] ?? '';
    if (from === -1) {
      if (isSpace(text.charCodeAt(at))) continue;
      from = at;
    }
    if (quote === '' && isSpace(text.charCodeAt(at))) {
      words.push({ text: text.slice(from, at), start: from, end: at });
      from = -1;
    } else if (character === escape && quote !== "'") {
      // An escape that ends the line is dropped.
      if (at + 1 === end) {
        if (at > from) words.push({ text: text.slice(from, at), start: from, end: at });
        from = -1;
      } else at++;
    } else if (quote === '') {
      if (character === '"' || character === "'") quote = character;
    } else if (character === quote) quote = '';
  }
  if (from !== -1) words.push({ text: text.slice(from, end), start: from, end });
  return words;
}
