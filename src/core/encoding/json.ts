// JSON from strangers: bounded, valid UTF-8, no duplicate keys, no deep nesting; then the platform's own parser (RFC 8259).
import { CosignError } from '../errors.ts';
import { said, type Said } from '../said.ts';
import { sizeText } from './sizeText.ts';

export interface JsonLimits {
  /** Default 4 MiB. */
  readonly maxBytes?: number;
  /** Nested objects and arrays; default 64. */
  readonly maxDepth?: number;
}

/**
 * @returns unknown data: plain objects whose members must be read as own properties (`__proto__` is a member like any other)
 * @throws {CosignError} `SIZE_LIMIT`, `MANIFEST_INVALID` for everything else
 */
export function readJson(bytes: Uint8Array, { maxBytes = 4 * 1024 * 1024, maxDepth = 64 }: JsonLimits = {}): unknown {
  if (bytes.byteLength > maxBytes) throw new CosignError('SIZE_LIMIT', said`The document has more than ${sizeText(maxBytes)}; it is not read.`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw invalid(said`it is not UTF-8`, cause);
  }
  if (text.startsWith('\uFEFF')) throw invalid(said`it starts with a byte order mark`);
  checkStructure(text, maxDepth);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(said`it is not valid JSON`, cause);
  }
  return value;
}

/** Walks over brackets and strings only: depth before the parser recurses, and keys before it drops all but the last. */
function checkStructure(text: string, maxDepth: number): void {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '{' || char === '[') {
      if (open.length >= maxDepth) throw invalid(said`it is nested more than ${maxDepth} deep`);
      open.push(char === '{' ? new Set() : undefined);
    } else if (char === '}' || char === ']') open.pop();
    else if (char === '"') {
      const end = endOfString(text, at);
      if (isKey(text, end)) addKey(open.at(-1), text.slice(at, end));
      at = end - 1;
    }
  }
}

/** The index behind the closing quote; the end of the text when there is none. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at + 1, text.length);
}

function isKey(text: string, after: number): boolean {
  let at = after;
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\n' || text[at] === '\r') at++;
  return text[at] === ':';
}

function addKey(keys: Set<string> | undefined, literal: string): void {
  if (!keys) return;
  let key: unknown;
  try {
    key = JSON.parse(literal);
  } catch (cause) {
    throw invalid(said`it is not valid JSON`, cause);
  }
  if (typeof key !== 'string' || keys.has(key)) throw invalid(said`the member ${literal.slice(0, 60)} appears twice`);
  keys.add(key);
}

const invalid = (why: Said, cause?: unknown): CosignError => new CosignError('MANIFEST_INVALID', said`The document cannot be read: ${why}.`, { cause });
