// Parser directives (`# escape=`, `# syntax=`, `# check=`) as BuildKit's DirectiveParser reads them.
import { skipSpace } from './goText.ts';

export type DirectiveName = 'syntax' | 'escape' | 'check';

export interface Directive {
  readonly name: DirectiveName;
  readonly value: string;
  /** Where the value begins in the line given. */
  readonly valueAt: number;
  /** The name was there before: BuildKit's parser refuses the file. */
  readonly repeated: boolean;
}

const namePattern = /^[a-zA-Z][a-zA-Z0-9]*/;

/** Fed line by line from the top; the first line that is no known directive ends it for good. */
export class DirectiveReader {
  readonly #comment: string;
  readonly #seen = new Set<DirectiveName>();
  #done = false;

  constructor(comment = '#') {
    this.#comment = comment;
  }

  get done(): boolean {
    return this.#done;
  }

  /** @param line without its line end */
  read(line: string): Directive | undefined {
    if (this.#done) return undefined;
    const found = line.startsWith(this.#comment) ? parseDirective(line, this.#comment.length) : undefined;
    if (found === undefined) {
      this.#done = true;
      return undefined;
    }
    const repeated = this.#seen.has(found.name);
    this.#seen.add(found.name);
    return { ...found, repeated };
  }
}

function parseDirective(line: string, from: number): Omit<Directive, 'repeated'> | undefined {
  const nameAt = skipSpace(line, from, line.length);
  const name = namePattern.exec(line.slice(nameAt, nameAt + 16))?.[0] ?? '';
  const known = name.toLowerCase();
  if (known !== 'syntax' && known !== 'escape' && known !== 'check') return undefined;
  const equals = skip(line, nameAt + name.length);
  if (line[equals] !== '=' || equals + 1 === line.length) return undefined;
  let start = skip(line, equals + 1);
  // `escape=` with nothing but white space after it: the value is the last white space.
  if (start === line.length) start = line.length - 1;
  let end = line.length;
  while (end > start + 1 && isRegexSpace(line.charCodeAt(end - 1))) end--;
  return { name: known, value: line.slice(start, end), valueAt: start };
}

function skip(line: string, from: number): number {
  let at = from;
  while (at < line.length && isRegexSpace(line.charCodeAt(at))) at++;
  return at;
}

/** `\s` of Go's regexp. */
function isRegexSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0c || code === 0x0d;
}
