// A YAML file as plain values with their places: bounded before it is understood, aliases followed, every repeated key kept.
import { Composer, Lexer, LineCounter, Parser, isAlias, isMap, isScalar, isSeq, type CST, type Document, type Node } from 'yaml';
import type { TextRange } from '../../textRange.ts';

export interface Entry {
  readonly name: string;
  readonly keyRange: TextRange;
  readonly value: Value;
  /** Stands there through an alias: the ranges are the alias's. */
  readonly aliased: boolean;
}

export type Value = { readonly range: TextRange } & (
  | { readonly kind: 'map'; /** The first of each name. */ readonly entries: ReadonlyMap<string, Entry>; readonly repeated: readonly Entry[] }
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  /** `block`: written with `|` or `>`, or behind an alias, so that a word cannot simply stand in its place. */
  | { readonly kind: 'text'; readonly text: string; readonly block: boolean }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** Numbers, nothing at all, and what no field of ours may hold. */
  | { readonly kind: 'other' });

export interface YamlProblem {
  readonly kind: 'file-too-large' | 'file-too-deep' | 'yaml' | 'unknown-anchor';
  readonly range: TextRange;
  /** The parser's own words, or the alias; may quote the file. */
  readonly message: string;
}

export interface YamlFile {
  /** One per document that is not empty. */
  readonly documents: readonly Value[];
  readonly problems: readonly YamlProblem[];
}

/** In UTF-16 units. */
export const maxFileLength = 1024 * 1024;
const maxDepth = 32;
/** Nodes that may be visited, those behind aliases once for each alias: what makes an alias bomb harmless. */
const maxValues = 60_000;
const maxAliases = 200;
const maxLexemes = 200_000;
/** Of tokens that are open at once while parsing: what {@link maxDepth} levels need, and more. */
const maxStack = 3 * maxDepth;
const maxProblems = 50;
/** Plain words that YAML 1.1, which Kubernetes reads, takes for true and false. */
const truthWords = /^(?:yes|no|on|off)$/i;
const start = { line: 0, character: 0 };
const nowhere: TextRange = { start, end: start };

/** Never throws, whatever the text. Nothing of a file is given back when any of it cannot be read. */
export function readYaml(text: string): YamlFile {
  const refuse = (kind: YamlProblem['kind'], message: string, range = nowhere): YamlFile => ({ documents: [], problems: [{ kind, message, range }] });
  if (text.length > maxFileLength) return refuse('file-too-large', '');
  const lines = new LineCounter();
  const tokens = tokenize(text, lines);
  if (typeof tokens === 'string') return refuse(tokens, '');
  // Version 1.2 without merge keys: what "<<" would bring in is reported as an unknown field, never silently left out.
  const composer = new Composer({ lineCounter: lines, uniqueKeys: false, merge: false, prettyErrors: false, strict: true, logLevel: 'silent' });
  const documents = [...composer.compose(tokens, true, text.length)] as Document.Parsed[];
  const place = new Places(text, lines);
  const problems = documents.flatMap(({ errors, warnings }) => [...errors, ...warnings]).slice(0, maxProblems)
    .map(({ message, pos }): YamlProblem => ({ kind: 'yaml', message, range: place.range(pos[0], Math.max(pos[0], pos[1])) }));
  if (problems.length > 0) return { documents: [], problems };
  const reader = new ValueReader(place);
  try {
    return { documents: documents.filter(({ contents }) => contents !== null).map((document) => reader.read(document.contents, document, 0)), problems: [] };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refuse(error.kind, error.message, error.range);
  }
}

class Refusal extends Error {
  readonly kind: YamlProblem['kind'];
  readonly range: TextRange;

  constructor(kind: YamlProblem['kind'], range: TextRange, message = '') {
    super(message);
    this.kind = kind;
    this.range = range;
  }
}

class ValueReader {
  readonly #place: Places;
  #left = maxValues;
  #aliases = maxAliases;

  constructor(place: Places) {
    this.#place = place;
  }

  read(node: Node | null, document: Document.Parsed, depth: number, at?: TextRange): Value {
    const range = at ?? this.#rangeOf(node);
    if (depth > maxDepth) throw new Refusal('file-too-deep', range);
    if (this.#left-- <= 0) throw new Refusal('file-too-large', range);
    // What stands behind an alias is at the place of the alias: that is where a person put it to use.
    if (isAlias(node)) {
      // Each search for what it stands for goes through the whole document.
      if (this.#aliases-- <= 0) throw new Refusal('file-too-large', range);
      const target = node.resolve(document);
      if (!target) throw new Refusal('unknown-anchor', range, `*${node.source}`);
      return this.read(target, document, depth + 1, range);
    }
    if (isMap(node)) return this.#map(node.items, document, depth, range, at);
    if (isSeq(node)) return { kind: 'list', range, items: node.items.map((item) => this.read(item as Node | null, document, depth + 1, at)) };
    if (!isScalar(node)) return { kind: 'other', range };
    if (typeof node.value === 'boolean') return { kind: 'boolean', value: node.value, range };
    if (typeof node.value !== 'string' || (node.type === 'PLAIN' && truthWords.test(node.value))) return { kind: 'other', range };
    return { kind: 'text', text: node.value, range, block: at !== undefined || node.type === 'BLOCK_FOLDED' || node.type === 'BLOCK_LITERAL' };
  }

  #map(items: readonly { key: unknown; value: unknown }[], document: Document.Parsed, depth: number, range: TextRange, at?: TextRange): Value {
    const entries = new Map<string, Entry>();
    const repeated: Entry[] = [];
    for (const { key, value } of items) {
      const keyValue = this.read(key as Node | null, document, depth + 1, at);
      const name = keyValue.kind === 'text' ? keyValue.text : keyValue.kind === 'boolean' ? String(keyValue.value) : nameOf(key);
      const entry: Entry = { name, keyRange: keyValue.range, aliased: at !== undefined, value: this.read(value as Node | null, document, depth + 1, at ?? (value === null ? keyValue.range : undefined)) };
      if (entries.has(name)) repeated.push(entry);
      else entries.set(name, entry);
    }
    return { kind: 'map', range, entries, repeated };
  }

  #rangeOf(node: Node | null): TextRange {
    return node?.range ? this.#place.range(node.range[0], node.range[1]) : nowhere;
  }
}

/** A key that is no text: no field has such a name. */
const nameOf = (key: unknown): string => (isScalar(key) ? key.source ?? '' : '?');

class Places {
  readonly #text: string;
  readonly #lines: LineCounter;

  constructor(text: string, lines: LineCounter) {
    this.#text = text;
    this.#lines = lines;
  }

  /** Without the white space at the end, which belongs to the next thing for a reader. */
  range(from: number, to: number): TextRange {
    let end = Math.min(to, this.#text.length);
    while (end > from && /\s/.test(this.#text.charAt(end - 1))) end--;
    return { start: this.#position(from), end: this.#position(end) };
  }

  #position(offset: number): TextRange['start'] {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(0, line - 1), character: Math.max(0, col - 1) };
  }
}

/** Stops as soon as there is too much: composing goes as deep as the text does, and takes time for every lexeme. */
function tokenize(text: string, lines: LineCounter): CST.Token[] | 'file-too-large' | 'file-too-deep' {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const tokens: CST.Token[] = [];
  let left = maxLexemes;
  for (const lexeme of new Lexer().lex(text)) {
    if (left-- <= 0) return 'file-too-large';
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > maxStack) return 'file-too-deep';
  }
  tokens.push(...parser.end());
  return tokens;
}
