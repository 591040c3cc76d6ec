// A policy's JSON as a tree with places: strict as Go's parser is, bounded before it is taken apart.
import { parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import type { TextPosition, TextRange } from '../../textRange.ts';

export type JsonNode = Node;
/** A member of an object: where its name stands, and its value. */
export interface JsonMember { readonly name: string; readonly key: JsonNode; readonly value: JsonNode }

export type JsonFault =
  | { readonly kind: 'too-large' | 'too-deep'; readonly range: TextRange; readonly limit: number }
  | { readonly kind: 'syntax'; readonly range: TextRange; readonly reason: string };

/** Far above any policy, far below what would hurt an editor. */
export const maxPolicyLength = 1024 * 1024;
/** A policy has eight levels; whatever lies deeper is wrong anyway. */
const maxDepth = 32;

export class JsonText {
  readonly text: string;
  readonly #lineStarts: readonly number[];

  constructor(text: string) {
    this.text = text;
    this.#lineStarts = [0, ...[...text.slice(0, maxPolicyLength).matchAll(/\r\n|\n|\r/g)].map(({ index, 0: end }) => index + end.length)];
  }

  /** The root, or the first thing that keeps the text from being JSON. */
  parse(): { readonly root: JsonNode } | { readonly fault: JsonFault } {
    const { text } = this;
    if (text.length > maxPolicyLength) return { fault: { kind: 'too-large', range: this.range(0, 1), limit: maxPolicyLength } };
    const deep = tooDeepAt(text);
    if (deep !== undefined) return { fault: { kind: 'too-deep', range: this.range(deep, 1), limit: maxDepth } };
    const errors: ParseError[] = [];
    const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
    const [first] = errors;
    if (first) return { fault: { kind: 'syntax', range: this.range(first.offset, first.length), reason: printParseErrorCode(first.error) } };
    // The other parser is for the places; the platform's own one decides what JSON is.
    if (!root || !isJson(text)) return { fault: { kind: 'syntax', range: this.range(0, text.length), reason: 'InvalidSymbol' } };
    return { root };
  }

  rangeOf(node: JsonNode): TextRange {
    return this.range(node.offset, node.length);
  }

  range(offset: number, length: number): TextRange {
    return { start: this.#position(offset), end: this.#position(offset + length) };
  }

  #position(offset: number): TextPosition {
    const at = Math.max(0, Math.min(offset, this.text.length));
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low, character: at - (this.#lineStarts[low] ?? 0) };
  }
}

/** In the order of the text, a name that is written twice twice; none for what is no object. */
export function membersOf(node: JsonNode): readonly JsonMember[] {
  return (node.type === 'object' ? node.children ?? [] : []).flatMap(({ children: [key, value] = [] }) =>
    (key && value ? [{ name: String(key.value), key, value }] : []));
}

export function itemsOf(node: JsonNode): readonly JsonNode[] {
  return node.type === 'array' ? node.children ?? [] : [];
}

/** The place of the bracket that opens one level too many; looked for without recursion, before a parser recurses. */
function tooDeepAt(text: string): number | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = endOfString(text, at);
    else if (char === '}' || char === ']') depth--;
    else if ((char === '{' || char === '[') && ++depth > maxDepth) return at;
  }
  return undefined;
}

/** The closing quote, or the end of the line: a string has no line break in it. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"' && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
