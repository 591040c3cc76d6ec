// Words that BuildKit expands when it runs an instruction: what is wrong with them whatever their variables hold.
import { expand } from './expand.ts';
import { isBlank } from './goText.ts';
import { listOf, type Instruction } from './instruction.ts';
import { isOldForm, type Refusal } from './instructionForm.ts';
import { blankSeparated, quotedWords, type Word } from './words.ts';

export function wordProblem(
  instruction: Instruction, escape: string, buildArgs: Readonly<Record<string, string>>,
): Refusal | undefined {
  for (const { text, start, end } of wordsOf(instruction, escape, buildArgs)) {
    const { error } = expand(text, { escape, lookup: () => undefined, syntaxOnly: true });
    if (error) return { start, end, message: error.said };
  }
  return undefined;
}

function wordsOf(instruction: Instruction, escape: string, buildArgs: Readonly<Record<string, string>>): readonly Word[] {
  const { keyword, line, argumentsStart: start, end } = instruction;
  switch (keyword) {
    case 'env': case 'label': {
      const words = quotedWords(line.text, start, end, escape);
      return isOldForm(words) ? nameAndRest(line.text, start, end) : words.flatMap(nameAndValue);
    }
    case 'arg':
      return quotedWords(line.text, start, end, escape).flatMap(nameAndValue).filter(({ text }, index, all) => {
        const name = index % 2 === 0 ? text : all[index - 1]?.text ?? '';
        return !Object.hasOwn(buildArgs, name);
      });
    case 'workdir': case 'user': case 'stopsignal':
      return [{ text: line.text.slice(start, end), start, end }];
    case 'volume': case 'expose': case 'copy': case 'add': {
      const flags = instruction.flags.flatMap(({ name, value, start: from, end: to }) =>
        value !== undefined && /^--(?:chown|chmod|checksum)$/.test(name) ? [{ text: value, start: from, end: to }] : []);
      const list = listOf(instruction);
      if (list) return [...flags, ...list.map((text) => ({ text, start, end }))];
      if (line.text.includes('<<')) return flags;
      return [...flags, ...blankSeparated(line.text, start, end)];
    }
    default:
      return [];
  }
}

function nameAndValue({ text, start, end }: Word): readonly Word[] {
  const equals = text.indexOf('=');
  if (equals === -1) return [{ text, start, end }, { text: '', start, end }];
  return [{ text: text.slice(0, equals), start, end: start + equals }, { text: text.slice(equals + 1), start: start + equals + 1, end }];
}

function nameAndRest(line: string, start: number, end: number): readonly Word[] {
  let nameEnd = start;
  while (nameEnd < end && !isBlank(line.charCodeAt(nameEnd))) nameEnd++;
  let valueStart = nameEnd;
  while (valueStart < end && isBlank(line.charCodeAt(valueStart))) valueStart++;
  return [{ text: line.slice(start, nameEnd), start, end: nameEnd }, { text: line.slice(valueStart, end), start: valueStart, end }];
}
