// A language for tests: English with accents, in brackets. What shows plain letters was not translated, and what was can still be read.

/** The name that Windows gives to such a language; editors know it. */
export const pseudoLanguage = 'qps-ploc';

const plainLetters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const accentedLetters = 'áƀçðéƒĝĥîĵķļɱñóþɋŕšţûṽŵẋýžÁƁÇÐÉƑĜĤÎĴĶĻṀÑÓÞǪŔŠŢÛṼŴẊÝŽ';
const accents = new Map(Array.from(plainLetters, (letter, index) => [letter, accentedLetters.charAt(index)]));
const letters = new Map([...accents].map(([letter, accented]) => [accented, letter]));

/** What a translator leaves alone, too: places of arguments, icons, code, addresses of links, ids of settings between two #. */
const kept = /\{\d+\}|\$\([\w~-]+\)|`[^`]+`|(?<=\])\([^)]*\)|#[\w.]+#|https?:\/\/[^\s)]+/;

/** The translation of a text of the bundle or of the manifest. */
export function pseudo(template: string): string {
  const parts = template.split(new RegExp(`(${kept.source})`));
  return `⟦${parts.map((part, index) => (index % 2 === 1 ? part : part.replace(/[A-Za-z]/g, (letter) => accents.get(letter) ?? letter))).join('')}⟧`;
}

/** The same without accents and brackets: English again. */
export function readable(text: string): string {
  return text.replace(/[⟦⟧]/g, '').replace(/[^ -~]/g, (letter) => letters.get(letter) ?? letter);
}
