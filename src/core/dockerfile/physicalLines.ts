// The lines of a Dockerfile one after the other, without their line ends.
import type { SourceText } from './sourceText.ts';

export interface PhysicalLine {
  /** Offsets of the first character and behind the last one; CR and LF at the end left out. */
  readonly start: number;
  readonly end: number;
  /** From zero. */
  readonly number: number;
  /** More bytes than BuildKit takes. */
  readonly tooLong: boolean;
}

/** `bufio.MaxScanTokenSize - 1`. */
const maxBytes = 65_535;

export class PhysicalLines {
  readonly #text: string;
  #at: number;
  #number = 0;

  constructor(source: SourceText) {
    this.#text = source.text;
    this.#at = source.text.startsWith('\uFEFF') ? 1 : 0;
  }

  next(): PhysicalLine | undefined {
    const text = this.#text;
    const start = this.#at;
    if (start >= text.length) return undefined;
    const newline = text.indexOf('\n', start);
    const stop = newline === -1 ? text.length : newline;
    this.#at = newline === -1 ? stop : newline + 1;
    let end = stop;
    while (end > start && text[end - 1] === '\r') end--;
    return { start, end, number: this.#number++, tooLong: isTooLong(text, start, stop) };
  }
}

function isTooLong(text: string, start: number, end: number): boolean {
  if ((end - start) * 3 <= maxBytes) return false;
  return end - start > maxBytes || new TextEncoder().encode(text.slice(start, end)).length > maxBytes;
}
