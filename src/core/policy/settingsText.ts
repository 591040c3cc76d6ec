// Where in a settings file keys and policies are written: so that a person can be led to the line, and never a reason for a verdict.
import { findNodeAtLocation, parseTree, type Node, type ParseOptions } from 'jsonc-parser';
import type { TextPosition, TextRange } from '../textRange.ts';

export interface SettingsPlaces {
  /** The `countersign.keys` entry. */
  readonly keys?: TextRange;
  /** Each policy in `countersign.policies`, in the order written. */
  readonly policies: readonly TextRange[];
}

/** In characters; settings files of people are far smaller. */
const maxLength = 2 * 1024 * 1024;
const lenient: ParseOptions = { allowTrailingComma: true, disallowComments: false, allowEmptyContent: true };

/** Reads what it can of settings.json, or of a workspace file, with comments and mistakes in it. Never throws. */
export function settingsPlaces(text: string): SettingsPlaces {
  if (text.length > maxLength) return { policies: [] };
  const root = parsed(text);
  // A workspace file has its settings one level down.
  const settings = (root && findNodeAtLocation(root, ['settings'])?.type === 'object' ? findNodeAtLocation(root, ['settings']) : undefined) ?? root;
  const lines = lineStarts(text);
  const find = (id: string): Node | undefined => (settings ? findNodeAtLocation(settings, [id]) : undefined);
  const keys = find('countersign.keys');
  const policies = find('countersign.policies');
  return {
    ...(keys ? { keys: rangeOf(keys.parent ?? keys, lines) } : {}),
    policies: policies?.type === 'array' ? (policies.children ?? []).map((node) => rangeOf(node, lines)) : [],
  };
}

/** What is nested beyond all reason has no places. */
function parsed(text: string): Node | undefined {
  try {
    return parseTree(text, [], lenient);
  } catch {
    return undefined;
  }
}

function rangeOf({ offset, length }: Node, lines: readonly number[]): TextRange {
  return { start: positionOf(offset, lines), end: positionOf(offset + length, lines) };
}

function lineStarts(text: string): readonly number[] {
  return [0, ...[...text.matchAll(/\r\n|\n|\r/g)].map(({ index, 0: end }) => index + end.length)];
}

function positionOf(offset: number, lines: readonly number[]): TextPosition {
  const line = Math.max(0, lines.findLastIndex((start) => start <= offset));
  return { line, character: offset - (lines[line] ?? 0) };
}
