// A Dockerfile's text with the place of every line: offsets to the editor's positions.
import type { TextPosition, TextRange } from './imageUse.ts';

/** Lines end at LF only, as for BuildKit (a CR alone is white space within a line). */
export class SourceText {
  readonly text: string;
  readonly #lineStarts: readonly number[];

  constructor(text: string) {
    this.text = text;
    const starts = [0];
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#lineStarts = starts;
  }

  /** Zero-based line and UTF-16 column. */
  position(offset: number): TextPosition {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle; else high = middle - 1;
    }
    return { line: low, character: offset - (this.#lineStarts[low] ?? 0) };
  }

  /** The way back from {@link position}. */
  offset({ line, character }: TextPosition): number {
    return (this.#lineStarts[line] ?? this.text.length) + character;
  }

  range(start: number, end: number): TextRange {
    return { start: this.position(start), end: this.position(end) };
  }
}
