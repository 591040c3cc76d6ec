// The `--name=value` words before an instruction's arguments, as BuildKit's flag reader takes quotes and escapes out of them.
import { isSpace } from './goText.ts';

/** One flag, with the place of each of its characters. */
export interface Flag {
  /** Quotes and escapes taken out. Bytes that are not ASCII appear as BuildKit takes them: one character each. */
  readonly text: string;
  /** What stands before the first `=`, dashes included. */
  readonly name: string;
  /** What stands behind the first `=`; undefined without one. */
  readonly value?: string;
  readonly start: number;
  readonly end: number;
  /** Where the characters `from` to before `to` of `text` were written; quotes that hold just them are in it. */
  span(from: number, to: number): Span;
}

export interface Span { readonly start: number; readonly end: number }

export interface FlagsAndRest {
  readonly flags: readonly Flag[];
  /** Where the arguments begin. */
  readonly restAt: number;
}

/** Reads flags of `text` from `start` to before `end`; the first word that does not begin with `--` ends them. */
export function readFlags(text: string, start: number, end: number, escape: string): FlagsAndRest {
  const first = skipBytesSpace(text, start, end);
  if (!text.startsWith('--', first)) return { flags: [], restAt: first };
  return new FlagReader(bytesOf(text, start, end), escape).read();
}

function skipBytesSpace(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && text.charCodeAt(at) < 0x80 && isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** BuildKit reads flags byte by byte: a non-ASCII character is several, and its bytes 0x85 and 0xA0 are white space. */
interface Bytes {
  readonly text: string;
  /** Index in the line of each byte, and where its character ends; undefined when they are `index + shift`. */
  readonly starts?: readonly number[];
  readonly ends?: readonly number[];
  readonly shift: number;
}

function bytesOf(text: string, start: number, end: number): Bytes {
  const part = text.slice(start, end);
  if (!/[^\0-\x7f]/.test(part)) return { text: part, shift: start };
  const encoded = new TextEncoder().encode(part);
  const starts: number[] = [];
  const ends: number[] = [];
  let joined = '';
  let at = start;
  let width = 1;
  for (const byte of encoded) {
    const continues = byte >= 0x80 && byte < 0xc0;
    if (!continues) {
      if (starts.length > 0) at += width;
      width = byte >= 0xf0 ? 2 : 1;
    }
    joined += String.fromCharCode(byte);
    starts.push(at);
    ends.push(at + width);
  }
  return { text: joined, starts, ends, shift: start };
}

class FlagReader {
  readonly #bytes: Bytes;
  readonly #escape: string;
  readonly #flags: Flag[] = [];
  #at = 0;

  constructor(bytes: Bytes, escape: string) {
    this.#bytes = bytes;
    this.#escape = escape;
  }

  read(): FlagsAndRest {
    const { text } = this.#bytes;
    for (;;) {
      while (this.#at < text.length && isSpace(text.charCodeAt(this.#at))) this.#at++;
      if (!text.startsWith('--', this.#at)) break;
      const word = this.#word();
      if (word.text === '--') break;
      this.#flags.push(word);
    }
    return { flags: this.#flags, restAt: this.#startOf(this.#at) };
  }

  #word(): Flag {
    const from = this.#at;
    const result = this.#scan(undefined);
    const end = this.#endOf(this.#at - 1);
    const equals = result.indexOf('=');
    return {
      text: result,
      name: equals === -1 ? result : result.slice(0, equals),
      ...(equals === -1 ? {} : { value: result.slice(equals + 1) }),
      start: this.#startOf(from),
      end,
      span: (start, stop) => this.#placesFrom(from).span(start, stop),
    };
  }

  /** Few flags are asked for places, so that they are found only then. */
  #placesFrom(from: number): Places {
    const places = new Places(this.#startOf(from));
    this.#at = from;
    this.#scan(places);
    return places;
  }

  /** Reads to the end of a word. */
  #scan(places: Places | undefined): string {
    const { text } = this.#bytes;
    let result = '';
    let quote = '';
    for (; this.#at < text.length; this.#at++) {
      const character = text[this.#at] ?? '';
      if (quote === '' && isSpace(character.charCodeAt(0))) break;
      if (quote === '' ? character === '"' || character === "'" : character === quote) {
        if (quote === '') places?.open(this.#startOf(this.#at)); else places?.close(this.#endOf(this.#at));
        quote = quote === '' ? character : '';
        continue;
      }
      const from = this.#at;
      if (character === this.#escape) {
        if (from + 1 === text.length) continue;
        this.#at++;
      }
      result += text[this.#at] ?? '';
      places?.add(this.#startOf(from), this.#endOf(this.#at), quote);
    }
    return result;
  }

  #startOf(index: number): number {
    const { starts, ends, shift, text } = this.#bytes;
    if (starts === undefined) return index + shift;
    return starts[index] ?? ends?.[text.length - 1] ?? shift;
  }

  #endOf(index: number): number {
    const { ends, shift } = this.#bytes;
    return ends === undefined ? index + shift + 1 : ends[index] ?? shift;
  }
}

/** Where each character of a flag was written, and between which quotes. */
class Places {
  readonly first: number;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #quotes: string[] = [];
  /** Where a quote opens directly before a character, and ends directly behind one. */
  readonly #opened = new Map<number, number>();
  readonly #closed = new Map<number, number>();
  #pendingOpen: number | undefined;

  constructor(first: number) {
    this.first = first;
  }

  open(at: number): void {
    this.#pendingOpen ??= at;
  }

  close(end: number): void {
    if (this.#pendingOpen !== undefined) this.#pendingOpen = undefined;
    else this.#closed.set(this.#starts.length - 1, end);
  }

  add(start: number, end: number, quote: string): void {
    if (this.#pendingOpen !== undefined) this.#opened.set(this.#starts.length, this.#pendingOpen);
    this.#pendingOpen = undefined;
    this.#starts.push(start);
    this.#ends.push(end);
    this.#quotes.push(quote);
  }

  span(from: number, to: number): Span {
    const before = this.#ends[from - 1] ?? this.first;
    if (to <= from) return { start: before, end: before };
    const start = this.#starts[from] ?? before;
    const end = this.#ends[to - 1] ?? start;
    const balanced = this.#quotes[from - 1] === (this.#quotes[to] ?? '');
    return balanced ? { start: this.#opened.get(from) ?? start, end: this.#closed.get(to - 1) ?? end } : { start, end };
  }
}
