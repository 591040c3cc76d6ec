// One instruction's text with its continuations joined, and the way back to where each character was written.
import type { TextRange } from './imageUse.ts';
import type { SourceText } from './sourceText.ts';

/** From index `at` of the joined text on, characters come from offset `source` on. */
export interface Piece { readonly at: number; readonly source: number }

export class LogicalLine {
  readonly text: string;
  /** The line it starts on, from zero. */
  readonly firstLine: number;
  readonly #pieces: readonly Piece[];
  readonly #source: SourceText;

  constructor(text: string, pieces: readonly Piece[], firstLine: number, source: SourceText) {
    this.text = text;
    this.firstLine = firstLine;
    this.#pieces = pieces;
    this.#source = source;
  }

  /** The range of the characters from `start` to before `end`: continuations within are in it, those at its ends are not. */
  range(start: number, end: number): TextRange {
    const from = this.#offset(start);
    return this.#source.range(from, end > start ? this.#offset(end - 1) + 1 : from);
  }

  #offset(index: number): number {
    let low = 0;
    let high = this.#pieces.length - 1;
    // A piece without characters shares its start with the next one: the last that starts at or before the index holds it.
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#pieces[middle]?.at ?? 0) <= index) low = middle; else high = middle - 1;
    }
    const piece = this.#pieces[low] ?? { at: 0, source: 0 };
    return piece.source + index - piece.at;
  }
}
