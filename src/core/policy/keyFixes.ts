// What can take the place of a key in a policy file: a key that is trusted already, or each of several keys in a place of its own.
import { encodeBase64 } from '../encoding/base64.ts';
import type { TextPosition, TextRange } from '../textRange.ts';
import type { KeySlot, PolicyFix, SeveralKeys } from './policyProblem.ts';

/** A key that somebody trusts, as far as it can be written into a policy. */
export interface OfferedKey {
  readonly name: string;
  readonly pem: string;
  /** Absolute path of the file it is in. */
  readonly path?: string | undefined;
}

/** @param text of the policy file that the place is in */
export function keyFixes(text: string, slot: KeySlot, keys: readonly OfferedKey[]): readonly PolicyFix[] {
  if (slot.several) return severalFixes(text, slot.range, slot.several);
  return keys.flatMap((key) => {
    const written = writtenKey(text, slot, key);
    return written === undefined ? [] : [{ kind: 'use-trusted-key', args: [key.name], edits: [{ range: slot.range, text: written }] }];
  });
}

/** A key as it is written at a place; undefined for one that is in no file where a path belongs. */
export function writtenKey(text: string, { form, range }: KeySlot, { pem, path }: OfferedKey): string | undefined {
  switch (form) {
    case 'yaml': return yamlText(text, range, pem);
    case 'base64': return JSON.stringify(encodeBase64(new TextEncoder().encode(pem)));
    case 'path': return path === undefined ? undefined : JSON.stringify(path);
  }
}

/** A block where a block stands; else a text in quotes, which may stand anywhere, in JSON too. */
function yamlText(text: string, range: TextRange, pem: string): string {
  if (!/^[|>]/.test(sliceOf(text, range))) return JSON.stringify(pem);
  const line = text.split(/\r\n|\n|\r/)[range.start.line] ?? '';
  const indent = ' '.repeat((/^\s*(?:- +)*/.exec(line)?.[0].length ?? 0) + 2);
  return ['|', ...pem.trim().split('\n').map((one) => `${indent}${one}`)].join('\n');
}

function severalFixes(text: string, range: TextRange, several: SeveralKeys): readonly PolicyFix[] {
  const [first = '', ...others] = several.pems;
  const keep = { range, text: yamlText(text, range, first) };
  const copies = others.map((pem, index) => copyOf(text, range, several, pem, index + 2));
  const split: PolicyFix = { kind: 'split-authority', args: [], edits: [keep, { range: { start: several.authority.end, end: several.authority.end }, text: copies.join('') }] };
  return [...(copies.includes(undefined) ? [] : [split]), { kind: 'keep-first-key', args: [], edits: [keep] }];
}

/** The authority once more with another key and name; undefined where it is an alias, or holds what an alias refers to. */
function copyOf(text: string, range: TextRange, { authority, name }: SeveralKeys, pem: string, number: number): string | undefined {
  const [from, to] = [offsetOf(text, authority.start), offsetOf(text, authority.end)];
  const edits = [{ range, text: yamlText(text, range, pem) }, ...(name ? [{ range: name.range, text: JSON.stringify(`${name.text}-${number}`) }] : [])]
    .map((edit) => ({ from: offsetOf(text, edit.range.start), to: offsetOf(text, edit.range.end), text: edit.text })).sort((a, b) => b.from - a.from);
  const source = text.slice(from, to);
  if (/^\*|&/.test(source) || edits.some((edit) => edit.from < from || edit.to > to || text[edit.from] === '*')) return undefined;
  const copy = edits.reduce((whole, edit) => whole.slice(0, edit.from - from) + edit.text + whole.slice(edit.to - from), source);
  const before = text.slice(text.lastIndexOf('\n', from - 1) + 1, from);
  return /^\s*(?:- +)+$/.test(before) ? `\n${before}${copy}` : `, ${copy}`;
}

const sliceOf = (text: string, { start, end }: TextRange): string => text.slice(offsetOf(text, start), offsetOf(text, end));

function offsetOf(text: string, { line, character }: TextPosition): number {
  let offset = 0;
  const breaks = /\r\n|\n|\r/g;
  for (let at = 0; at < line; at++) {
    if (!breaks.exec(text)) return text.length;
    offset = breaks.lastIndex;
  }
  return Math.min(offset + character, text.length);
}
