// Quotes, escapes and variables in a word, as BuildKit's shell lexer expands them (`frontend/dockerfile/shell`).
import { CosignError } from '../errors.ts';
import { said, type Said } from '../said.ts';
import { isDigit, isNameCharacter, isSpace } from './goText.ts';
import { parseShellPattern, replaceAll, replaceFirst, trimPrefix, trimSuffix } from './shellPattern.ts';
import type { Binding, VariableUse } from './variables.ts';
import { quote } from './problems.ts';

/** Longer results than this are refused: values that double from line to line would fill the memory. */
const maxLength = 16_384;
/** `${a:-${b:-…}}` deeper than this is refused. */
const maxDepth = 200;

/** What all expansions of one file together may cost, in characters. */
export class ExpansionBudget {
  #left = 1_000_000;

  /** @throws {CosignError} `DOCKERFILE_INVALID` when the file has used it up */
  take(cost: number): void {
    this.#left -= cost;
    if (this.#left < 0) throw new CosignError('DOCKERFILE_INVALID', said`The variables in this file expand to too much text.`);
  }
}

export interface ExpandOptions {
  readonly escape: string;
  /** For words whose variables have values; without values a result is no longer than its word. */
  readonly budget?: ExpansionBudget;
  readonly lookup: (name: string) => Binding | undefined;
  /** Leave quotes (and escapes) in the result. */
  readonly rawQuotes?: boolean;
  readonly rawEscapes?: boolean;
  /** Leave variables that are not set as they are written. */
  readonly keepUnset?: boolean;
  /** Report only what is wrong whatever the variables hold: values are not known here. */
  readonly syntaxOnly?: boolean;
}

export interface Expansion {
  readonly text: string;
  /** The text split at white space outside quotes. */
  readonly words: readonly string[];
  /** Variables that had a part in the text, in order; branches not taken are left out. */
  readonly uses: readonly VariableUse[];
  /** `DOCKERFILE_INVALID`: BuildKit would refuse the word; text and words are empty then. */
  readonly error?: CosignError;
}

/** Never throws. */
export function expand(word: string, options: ExpandOptions): Expansion {
  if (!/['"$<`\\\s\u0085]/.test(word)) return { text: word, words: word === '' ? [] : [word], uses: [] };
  const lexer = new Lexer(word, options);
  try {
    const text = lexer.all();
    return { text, words: lexer.words, uses: lexer.uses };
  } catch (error) {
    if (!(error instanceof CosignError)) throw error;
    return { text: '', words: [], uses: lexer.uses, error };
  }
}

class Lexer {
  readonly words: string[] = [];
  readonly uses: VariableUse[] = [];
  readonly #source: string;
  readonly #options: ExpandOptions;
  #at: number;
  #depth = 0;
  #rawEscapes: boolean;
  /** The word under way; BuildKit's lexer loses it at a nested `${V:-…}`, and so do we. */
  #word = '';
  #inWord = false;

  constructor(source: string, options: ExpandOptions) {
    this.#source = source;
    this.#options = options;
    this.#at = source.startsWith('\uFEFF') ? 1 : 0;
    this.#rawEscapes = options.rawEscapes ?? false;
  }

  all(): string {
    const text = this.#until(undefined, this.#rawEscapes);
    this.#endWord();
    this.#options.budget?.take(text.length);
    return text;
  }

  /** Reads up to and over `stop` (not within quotes), or to the end. */
  #until(stop: string | undefined, rawEscapes: boolean): string {
    if (this.#depth > maxDepth) throw invalid(said`Variables are nested too deeply here.`);
    const outerRawEscapes = this.#rawEscapes;
    this.#rawEscapes = rawEscapes;
    this.#depth++;
    this.#word = '';
    let result = '';
    const top = stop === undefined;
    for (;;) {
      const character = this.#source[this.#at];
      if (character === undefined) break;
      if (character === stop) {
        this.#at++;
        this.#depth--;
        this.#rawEscapes = outerRawEscapes;
        return result;
      }
      if (character === '$') {
        const value = this.#dollar();
        result += value;
        if (top) this.#addText(value);
      } else if (character === "'" || character === '"' || character === '<') {
        const part = character === '<' ? this.#lessThan() : character === '"' ? this.#doubleQuoted() : this.#singleQuoted();
        result += part;
        if (top) this.#addRaw(part);
      } else if (character === this.#options.escape) {
        const next = this.#source[this.#at + 1];
        this.#at += 2;
        const part = (rawEscapes ? character : '') + (next ?? '');
        result += part;
        if (top && part !== '') this.#addRaw(part);
      } else {
        this.#at++;
        result += character;
        if (top) this.#addCharacter(character);
      }
      if (result.length > maxLength && stop !== undefined) throw invalid(said`A variable expands to too much text here.`);
    }
    if (stop !== undefined) throw invalid(stop === '/' ? said`A "/" is missing in a variable ${'${…}'}.` : said`A variable "${'${'}" has no "${'}'}".`);
    return result;
  }

  #singleQuoted(): string {
    const end = this.#source.indexOf("'", this.#at + 1);
    if (end === -1) throw invalid(said`A single quote (') has no end.`);
    const raw = this.#source.slice(this.#at, end + 1);
    this.#at = end + 1;
    return this.#options.rawQuotes === true ? raw : raw.slice(1, -1);
  }

  #doubleQuoted(): string {
    const { escape, rawQuotes = false } = this.#options;
    this.#at++;
    let result = rawQuotes ? '"' : '';
    for (;;) {
      const character = this.#source[this.#at];
      if (character === undefined) throw invalid(said`A double quote (") has no end.`);
      if (character === '$') {
        result += this.#dollar();
        continue;
      }
      this.#at++;
      if (character === '"') return rawQuotes ? `${result}"` : result;
      if (character !== escape) {
        result += character;
        continue;
      }
      if (this.#rawEscapes) result += character;
      const next = this.#source[this.#at];
      if (next === undefined) continue;
      if (next === '"' || next === '$' || next === escape) {
        this.#at++;
        result += next;
      } else result += character;
    }
  }

  #lessThan(): string {
    const start = this.#at++;
    if (this.#source[this.#at] !== '<') return '<';
    this.#at++;
    while (/[\t\r ]/.test(this.#source[this.#at] ?? '')) this.#at++;
    return this.#source.slice(start, this.#at);
  }

  #dollar(): string {
    this.#at++;
    if (this.#source[this.#at] !== '{') {
      const name = this.#name();
      if (name === '') return '$';
      return this.#plain(name, `$${name}`);
    }
    this.#at++;
    const first = this.#source[this.#at];
    if (first === undefined) throw invalid(said`A variable "${'${'}" has no "${'}'}".`);
    if (first === '{' || first === '}' || first === ':') throw invalid(said`"${`\${${first}`}" is no variable.`);
    const name = this.#name();
    const operator = this.#source[this.#at++];
    if (operator === '}') return this.#plain(name, `\${${name}}`);
    if (operator === '/') return this.#replacement(name);
    if (operator === ':') return this.#modified(name, this.#source[this.#at++], true);
    return this.#modified(name, operator, false);
  }

  #plain(name: string, written: string): string {
    const binding = this.#options.lookup(name);
    if (binding === undefined && this.#options.keepUnset === true) return written;
    this.#use(name, binding, true);
    return this.#spend(binding?.value ?? '');
  }

  #modified(name: string, operator: string | undefined, emptyIsUnset: boolean): string {
    const written = (emptyIsUnset ? ':' : '') + (operator ?? '');
    const isPattern = operator === '#' || operator === '%';
    if (!emptyIsUnset && !isPattern && operator !== '-' && operator !== '+' && operator !== '?') throw unsupported(name, written);
    if (emptyIsUnset && isPattern) throw unsupported(name, written);
    const before = this.uses.length;
    const word = this.#until('}', isPattern);
    const inWord = this.uses.splice(before);
    const binding = this.#options.lookup(name);
    if (binding === undefined && this.#options.keepUnset === true) return `\${${name}${written}${word}}`;
    const value = binding?.value ?? '';
    const has = binding !== undefined && !(emptyIsUnset && value === '');
    switch (operator ?? '') {
      case '-':
        this.#use(name, binding, false);
        if (has) return this.#spend(value);
        this.uses.push(...inWord);
        return word;
      case '+':
        this.#use(name, binding, false);
        if (!has) return '';
        this.uses.push(...inWord);
        return word;
      case '?':
        this.#use(name, binding, true);
        if (has || this.#options.syntaxOnly === true) return this.#spend(value);
        throw invalid(word === '' ? said`The build argument ${quote(name)} has no value.` : said`The build argument ${quote(name)} has no value: ${word.slice(0, 200)}.`);
      case '#':
      case '%': {
        this.#use(name, binding, true);
        this.uses.push(...inWord);
        const longest = word.startsWith(written);
        const pattern = this.#pattern(longest ? word.slice(1) : word, value);
        if (pattern === undefined) return value;
        return this.#spend(operator === '#' ? trimPrefix(pattern, value, longest) : trimSuffix(pattern, value, longest));
      }
      default:
        throw unsupported(name, written);
    }
  }

  #replacement(name: string): string {
    const everywhere = this.#source[this.#at] === '/';
    if (everywhere) this.#at++;
    const before = this.uses.length;
    const patternText = this.#until('/', true);
    const replacement = this.#until('}', true);
    const inWords = this.uses.splice(before);
    const binding = this.#options.lookup(name);
    if (binding === undefined && this.#options.keepUnset === true) return `\${${name}/${patternText}/${replacement}}`;
    this.#use(name, binding, true);
    this.uses.push(...inWords);
    const value = binding?.value ?? '';
    const pattern = this.#pattern(patternText, value);
    if (pattern === undefined) return value;
    return this.#spend(everywhere ? replaceAll(pattern, value, replacement, maxLength) : replaceFirst(pattern, value, replacement));
  }

  #pattern(text: string, value: string): ReturnType<typeof parseShellPattern> {
    if (this.#options.syntaxOnly === true) return undefined;
    this.#options.budget?.take(value.length + (text.length * value.length) / 32);
    const pattern = parseShellPattern(text);
    if (pattern === undefined) throw invalid(said`${quote(text)} is no pattern: "\\" may stand only before * ? \\ } and /.`);
    return pattern;
  }

  /** Letters, digits and `_`; digits only when it begins with one; or one special parameter. */
  #name(): string {
    const start = this.#at;
    const first = this.#character();
    if (first === '') return '';
    if (isDigit(first)) {
      while (isDigit(this.#character())) this.#at += this.#character().length;
      return this.#source.slice(start, this.#at);
    }
    if ('@*#?-$!'.includes(first)) {
      this.#at++;
      return first;
    }
    for (let next = first; next !== '' && isNameCharacter(next); next = this.#character()) this.#at += next.length;
    return this.#source.slice(start, this.#at);
  }

  #character(): string {
    const code = this.#source.codePointAt(this.#at);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  #use(name: string, binding: Binding | undefined, asEmpty: boolean): void {
    if (name !== '') this.uses.push({ name, ...(binding ? { binding } : {}), asEmpty: asEmpty && binding === undefined });
  }

  #spend(text: string): string {
    if (text.length > maxLength) throw invalid(said`A variable expands to too much text here.`);
    this.#options.budget?.take(text.length);
    return text;
  }

  #addText(text: string): void {
    for (const character of text) this.#addCharacter(character);
  }

  #addCharacter(character: string): void {
    if (!isSpace(character.charCodeAt(0))) this.#addRaw(character);
    else if (this.#inWord) this.#endWord();
  }

  #addRaw(text: string): void {
    this.#word += text;
    this.#inWord = true;
  }

  #endWord(): void {
    if (this.#word === '') return;
    this.words.push(this.#word);
    this.#word = '';
    this.#inWord = false;
  }
}

function invalid(message: Said): CosignError {
  return new CosignError('DOCKERFILE_INVALID', message);
}

function unsupported(name: string, operator: string): CosignError {
  return invalid(said`BuildKit has no modifier ${quote(operator)} for a variable (in "${`\${${name.slice(0, 60)}`}…").`);
}
