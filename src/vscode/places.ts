// Places in documents: between the core's plain ranges, the editor's, and command arguments.
import * as vscode from 'vscode';
import type { UseLocation } from '../contributions.ts';
import type { TextRange } from '../core/dockerfile/images.ts';

export function toRange({ start, end }: TextRange): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}

/** What a lens or link hands to a command. */
export function toLocation(uri: vscode.Uri, { start, end }: TextRange): UseLocation {
  return { uri: uri.toString(), range: { start: { ...start }, end: { ...end } } };
}

export interface Place {
  readonly uri: vscode.Uri;
  readonly range?: vscode.Range;
}

/** Undefined for anything that is not a {@link UseLocation}: arguments may come from any extension or key binding. */
export function parseLocation(argument: unknown): Place | undefined {
  if (!isRecord(argument) || typeof argument['uri'] !== 'string') return undefined;
  const uri = vscode.Uri.parse(argument['uri']);
  const { range } = argument;
  if (!isRecord(range)) return { uri };
  const numbers = [range['start'], range['end']].flatMap((at) => (isRecord(at) ? [at['line'], at['character']] : []));
  const [startLine, startCharacter, endLine, endCharacter] = numbers.filter((number): number is number => Number.isSafeInteger(number) && Number(number) >= 0);
  if (startLine === undefined || startCharacter === undefined || endLine === undefined || endCharacter === undefined) return { uri };
  return { uri, range: new vscode.Range(startLine, startCharacter, endLine, endCharacter) };
}

/** `command:` link for Markdown; the surface must allow the command. */
export function commandUri(command: string, ...args: readonly unknown[]): string {
  return `command:${command}?${encodeURIComponent(JSON.stringify(args))}`;
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
