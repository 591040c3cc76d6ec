// One instruction: keyword, flags and arguments, cut as BuildKit's parser cuts them.
import { readFlags, type Flag } from './flags.ts';
import { isBlank, skipSpace, toLower, trimmedEnd } from './goText.ts';
import type { LogicalLine } from './logicalLine.ts';

export interface Instruction {
  /** Lower case. */
  readonly keyword: string;
  readonly line: LogicalLine;
  /** The instruction's place in the line; heredoc bodies are not in it. */
  readonly start: number;
  readonly end: number;
  readonly keywordEnd: number;
  readonly flags: readonly Flag[];
  /** What stands behind the flags, white space cut off. */
  readonly argumentsStart: number;
  /** The arguments when they are a JSON array of strings; `'mixed'`: of other things too, which refuses the file. */
  readonly json?: readonly string[] | 'mixed';
  /** What ONBUILD puts off. */
  readonly trigger?: Instruction;
}

/** Reads the instruction in `line` from `from` to before `to`. */
export function parseInstruction(line: LogicalLine, from: number, to: number, escape: string, nested = 0): Instruction {
  const { text } = line;
  const start = skipSpace(text, from, to);
  const end = trimmedEnd(text, start, to);
  let keywordEnd = start;
  while (keywordEnd < end && !isBlank(text.charCodeAt(keywordEnd))) keywordEnd++;
  const keyword = toLower(text.slice(start, keywordEnd));
  let restAt = keywordEnd;
  while (restAt < end && isBlank(text.charCodeAt(restAt))) restAt++;
  const { flags, restAt: behindFlags } = readFlags(text, restAt, end, escape);
  const argumentsStart = skipSpace(text, behindFlags, end);
  const json = jsonOf(keyword, text, argumentsStart, end);
  // ONBUILD ONBUILD is refused anyhow: reading on would go as deep as the line is long.
  const trigger = keyword === 'onbuild' && argumentsStart < end && nested < 2
    ? parseInstruction(line, argumentsStart, end, escape, nested + 1) : undefined;
  return { keyword, line, start, end, keywordEnd, flags, argumentsStart, ...(json ? { json } : {}), ...(trigger ? { trigger } : {}) };
}

const jsonKeywords: ReadonlySet<string> = new Set(['add', 'cmd', 'copy', 'entrypoint', 'healthcheck', 'run', 'shell', 'volume']);

function jsonOf(keyword: string, text: string, start: number, end: number): readonly string[] | 'mixed' | undefined {
  if (!jsonKeywords.has(keyword)) return undefined;
  let at = start;
  if (keyword === 'healthcheck') {
    while (at < end && !isBlank(text.charCodeAt(at))) at++;
    at = skipSpace(text, at, end);
  }
  if (text[at] !== '[' || text[end - 1] !== ']') return undefined;
  const value = parseArray(text.slice(at, end));
  if (value === undefined) return undefined;
  return value.every((item) => typeof item === 'string') ? value : 'mixed';
}

function parseArray(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The arguments as they are written. */
export function argumentsOf({ line, argumentsStart, end }: Instruction): string {
  return line.text.slice(argumentsStart, end);
}

/** The arguments in JSON form. */
export function listOf({ json }: Instruction): readonly string[] | undefined {
  return json === 'mixed' ? undefined : json;
}
