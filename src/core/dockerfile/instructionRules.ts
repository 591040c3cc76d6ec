// What BuildKit refuses an instruction for when it reads its meaning: keyword, counts of arguments, flags, names.
import { said, type Said } from '../said.ts';
import { flagProblem } from './flagRules.ts';
import { parseHeredoc } from './heredocs.ts';
import { argumentsOf, listOf, type Instruction } from './instruction.ts';
import { isOldForm, type Refusal } from './instructionForm.ts';
import { mountProblem } from './mounts.ts';
import { quote } from './problems.ts';
import { isAs, stageNameOf } from './stageNames.ts';
import { blankSeparated, quotedWords } from './words.ts';

/** The first thing, in BuildKit's order; nothing when it takes the instruction. */
export function instructionProblem(instruction: Instruction, escape: string): Refusal | undefined {
  const { keyword, flags, start, keywordEnd } = instruction;
  const ofArguments = (): Refusal | undefined => whole(instruction, argumentProblem(instruction, escape));
  const ofFlags = (): Refusal | undefined => flagProblem(keyword, flags);
  switch (keyword) {
    case 'from': case 'add': case 'copy': case 'arg': case 'maintainer': case 'user': case 'workdir': case 'expose': case 'volume': case 'stopsignal':
      return ofArguments() ?? ofFlags() ?? destinationProblem(instruction);
    case 'env': case 'label': case 'shell': case 'cmd': case 'entrypoint':
      return ofFlags() ?? ofArguments();
    case 'run':
      return ofFlags() ?? mountProblem(instruction);
    case 'healthcheck':
      return healthcheckProblem(instruction, ofFlags);
    case 'onbuild':
      return onbuildProblem(instruction, ofFlags);
    default:
      return { start, end: keywordEnd, message: keyword === '' ? said`An escape at the end of the line continues into nothing.` : said`There is no instruction ${quote(instruction.line.text.slice(start, keywordEnd))}.` };
  }
}

function argumentProblem(instruction: Instruction, escape: string): Said | undefined {
  const { keyword, line, argumentsStart, end } = instruction;
  const list = listOf(instruction);
  const name = keyword.toUpperCase();
  const empty = argumentsStart === end;
  switch (keyword) {
    case 'from':
      return fromProblem(instruction);
    case 'add': case 'copy': {
      const count = list ? list.length : blankSeparated(line.text, argumentsStart, end).length;
      return count < 2 ? said`${name} needs at least one source and a destination.` : undefined;
    }
    case 'arg':
      if (empty) return said`ARG needs at least one name.`;
      return quotedWords(line.text, argumentsStart, end, escape).some(({ text }) => text.startsWith('=')) ? said`An ARG has no name before its "=".` : undefined;
    case 'env': case 'label': {
      const words = quotedWords(line.text, argumentsStart, end, escape);
      if (words.length === 0) return said`${name} needs at least one name and value.`;
      return !isOldForm(words) && words.some(({ text }) => text.startsWith('=')) ? said`A name before "=" is missing in ${name}.` : undefined;
    }
    case 'maintainer': case 'user': case 'workdir': case 'stopsignal':
      return empty ? said`${name} needs exactly one argument.` : undefined;
    case 'expose':
      return empty ? said`EXPOSE needs at least one port.` : undefined;
    case 'volume':
      if (empty || list?.length === 0) return said`VOLUME needs at least one path.`;
      return list?.some((path) => path.trim() === '') === true ? said`A VOLUME path is empty.` : undefined;
    case 'shell':
      return list && list.length > 0 ? undefined : said`SHELL needs an array in JSON form.`;
    default:
      return undefined;
  }
}

function fromProblem({ line, argumentsStart, end }: Instruction): Said | undefined {
  const words = blankSeparated(line.text, argumentsStart, end);
  const [image, as, name] = words;
  if (image === undefined) return said`FROM needs an image.`;
  if (words.length === 1) return undefined;
  if (words.length !== 3 || as === undefined || name === undefined || !isAs(as.text)) {
    const comment = words.some(({ text }) => text.startsWith('#'));
    return comment ? said`FROM takes an image and "AS name"; a comment needs a line of its own.` : said`FROM takes an image, or an image and "AS name", and nothing else.`;
  }
  return stageNameOf(name.text) === undefined
    ? said`${quote(name.text)} is no stage name; it begins with a letter and has only letters, digits, "-", "_" and ".".` : undefined;
}

function destinationProblem(instruction: Instruction): Refusal | undefined {
  const { keyword, line, argumentsStart, end } = instruction;
  if (keyword !== 'copy' && keyword !== 'add') return undefined;
  const list = listOf(instruction) ?? blankSeparated(line.text, argumentsStart, end).map(({ text }) => text);
  const heredoc = parseHeredoc(list.at(-1) ?? '');
  return heredoc === undefined || heredoc === 'invalid' ? undefined
    : { start: argumentsStart, end, message: said`The destination of ${keyword.toUpperCase()} cannot be a heredoc.` };
}

const duration = /^[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;

function healthcheckProblem(instruction: Instruction, ofFlags: () => Refusal | undefined): Refusal | undefined {
  const [type = '', ...rest] = argumentsOf(instruction).split(/\s+/, 2);
  if (type === '') return whole(instruction, said`HEALTHCHECK needs CMD or NONE.`);
  if (type.toUpperCase() === 'NONE') return rest.length > 0 ? whole(instruction, said`HEALTHCHECK NONE takes no arguments.`) : undefined;
  const flags = ofFlags();
  if (flags) return flags;
  if (type.toUpperCase() !== 'CMD') return whole(instruction, said`HEALTHCHECK takes CMD or NONE, not ${quote(type)}.`);
  if (rest.length === 0 || listOf(instruction)?.length === 0) return whole(instruction, said`HEALTHCHECK CMD needs a command.`);
  for (const { name, value = '', start, end } of instruction.flags) {
    if (value === '') continue;
    const good = name === '--retries' ? /^\+?\d{1,9}$/.test(value) : duration.test(value) && !value.startsWith('-');
    if (!good) return { start, end, message: name === '--retries' ? said`${quote(value)} is no count of retries for ${quote(name)}.` : said`${quote(value)} is no duration for ${quote(name)}.` };
  }
  return undefined;
}

function onbuildProblem(instruction: Instruction, ofFlags: () => Refusal | undefined): Refusal | undefined {
  const { trigger } = instruction;
  if (trigger === undefined) return whole(instruction, said`ONBUILD needs an instruction.`);
  const flags = ofFlags();
  if (flags) return flags;
  const { keyword, start, keywordEnd } = trigger;
  if (keyword !== 'onbuild' && keyword !== 'maintainer' && keyword !== 'from') return undefined;
  return { start, end: keywordEnd, message: said`ONBUILD cannot hold ${keyword.toUpperCase()}.` };
}

function whole({ start, end }: Instruction, message: Said | undefined): Refusal | undefined {
  return message === undefined ? undefined : { start, end, message };
}
