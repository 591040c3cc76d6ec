// The help: what there is, and what one command takes.
import { commandList, type Command } from './commandTable.ts';
import type { Flag } from './flags.ts';

const width = 100;

export function overview(): string {
  const rows = commandList.map(({ name, summary }) => [name, summary] as const);
  return [
    'Signs and verifies container images and files as cosign does, with keys of your own.',
    'Nothing is ever uploaded to a transparency log, and verifying with a key consults none.',
    '',
    'Usage: countersign COMMAND [FLAGS] [OPERANDS]',
    '',
    ...table(rows),
    '',
    'countersign COMMAND --help tells about one command, countersign --version which version this is.',
    '',
  ].join('\n');
}

export function commandHelp({ name, operands, summary, details, flags }: Command): string {
  return [
    `Usage: countersign ${name} [FLAGS]${operands === '' ? '' : ` ${operands}`}`,
    '',
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    ...(details === undefined ? [] : ['', details]),
    '',
    'Flags:',
    ...table(flags.map((flag) => [flagWords(flag), flagSummary(flag)] as const)),
    '',
  ].join('\n');
}

function flagWords({ name, short, value }: Flag): string {
  return `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
}

function flagSummary({ summary, otherwise, many }: Flag): string {
  const notes = [...(many === true ? ['may be repeated'] : []), ...(otherwise === undefined ? [] : [`default ${otherwise}`])];
  return notes.length === 0 ? summary : `${summary} (${notes.join('; ')})`;
}

function table(rows: readonly (readonly [string, string])[]): readonly string[] {
  const left = Math.max(...rows.map(([words]) => words.length)) + 4;
  return rows.flatMap(([words, text]) => {
    const [first = '', ...more] = wrap(text, Math.max(30, width - left));
    return [`  ${words.padEnd(left - 2)}${first}`, ...more.map((line) => ' '.repeat(left) + line)];
  });
}

function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
