// Where else a Dockerfile names an ARG: what a change of its default would change besides.
import type { ImageUse, TextRange } from '../dockerfile/images.ts';

/**
 * The first line where the value of the ARG, or of one that is made of it, would be read: `$NAME`, or another ARG line.
 * References of `uses` do not count: whoever asks knows what
 * becomes of them.
 */
export function mentionElsewhere(lines: readonly string[], name: string, uses: readonly ImageUse[]): number | undefined {
  const origins = uses.flatMap((use) => use.origins);
  const allowed = [...uses.map(({ range }) => range), ...origins.flatMap(({ range, valueRange }) => [...(range ? [range] : []), ...(valueRange ? [valueRange] : [])])];
  const argLines = linesOfArgs(lines);
  const names = new Set([name]);
  for (const one of names) {
    const found = lines.findIndex((line, at) => mentionsIn(line, one, argLines.has(at)).some((index) => !allowed.some((range) => holds(range, at, index))));
    if (found >= 0) return found;
    for (const { name: made, valueRange } of origins) {
      if (valueRange && mentionsWithin(lines, valueRange, one)) names.add(made);
    }
  }
  return undefined;
}

/** Numbers of the lines that belong to an ARG instruction. */
function linesOfArgs(lines: readonly string[]): ReadonlySet<number> {
  const found = new Set<number>();
  lines.forEach((line, at) => {
    const continues = found.has(at - 1) && /[\\`]\s*$/.test(lines[at - 1] ?? '');
    if (continues || /^\s*(?:onbuild\s+)?arg\s/i.test(line)) found.add(at);
  });
  return found;
}

function mentionsIn(line: string, name: string, isArg: boolean): readonly number[] {
  if (/^\s*#/.test(line) || !line.includes(name)) return [];
  const pattern = new RegExp(isArg ? `(?<!\\w)${escaped(name)}(?!\\w)` : `(?<=\\$|\\$\\{)${escaped(name)}(?!\\w)`, 'g');
  return [...line.matchAll(pattern)].map(({ index }) => index);
}

function mentionsWithin(lines: readonly string[], range: TextRange, name: string): boolean {
  return lines.slice(range.start.line, range.end.line + 1).some((line, index) => mentionsIn(line, name, true).some((at) => holds(range, range.start.line + index, at)));
}

const escaped = (name: string): string => name.replace(/[^\w]/g, '\\$&');

function holds({ start, end }: TextRange, line: number, character: number): boolean {
  const afterStart = line > start.line || (line === start.line && character >= start.character);
  return afterStart && (line < end.line || (line === end.line && character < end.character));
}
