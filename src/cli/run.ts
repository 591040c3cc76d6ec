// One command line, from its words to its exit code: the one place where failures become words on standard error.
import { readDockerfile } from '../core/dockerfile/images.ts';
import { toCosignError } from '../core/errors.ts';
import { commandList, type NamedCommand } from './commandTable.ts';
import { listImages } from './dockerfileImages.ts';
import { exitCodes, type ExitCode } from './exitCodes.ts';
import { failureLine, verboseCauses } from './failureLine.ts';
import { isUsageError, parseFlags, UsageError, withEnvironment, type FlagValues } from './flags.ts';
import { commandHelp, overview } from './help.ts';
import type { Call, Machine } from './machine.ts';
import { nearest } from './nearest.ts';
import { plainText } from '../presentation/untrustedText.ts';

/** Never throws but the signal's reason. */
export async function run(words: readonly string[], machine: Machine, signal: AbortSignal): Promise<ExitCode> {
  let given: FlagValues | undefined;
  try {
    return await dispatch(words, machine, signal, (flags) => { given = flags; });
  } catch (error) {
    signal.throwIfAborted();
    if (isUsageError(error)) machine.stderr.write(`Error: ${plainText(error.message, 500)}\n`);
    else machine.stderr.write(failureLine(toCosignError(error)) + (given ? verboseCauses(given, error) : ''));
    return exitCodes.failure;
  }
}

async function dispatch(words: readonly string[], machine: Machine, signal: AbortSignal, understood: (flags: FlagValues) => void): Promise<ExitCode> {
  const [first, second] = words;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') return help(words.slice(1), machine);
  if (first === '--version' || (first === 'version' && words.length === 1)) {
    machine.stdout.write(`countersign ${machine.version}\n`);
    return exitCodes.success;
  }
  const command = find(words);
  if (!command) throw unknownCommand(first, second);
  const rest = words.slice(command.name.split(' ').length);
  const { flags: given, operands } = parseFlags(rest, command.flags);
  if (given.on('help')) {
    machine.stdout.write(commandHelp(command));
    return exitCodes.success;
  }
  checkOperands(command, operands);
  const flags = withEnvironment(given, command.flags, machine.env);
  understood(flags);
  return perform(command, { machine, flags, operands, readDockerfile }, signal);
}

async function perform({ name }: NamedCommand, call: Call, signal: AbortSignal): Promise<ExitCode> {
  if (name === 'dockerfile images') return listImages(call, signal);
  const { engineCommands } = await import('./engineCommands.ts');
  return engineCommands[name](call, signal);
}

function help(words: readonly string[], machine: Machine): ExitCode {
  const command = find(words);
  const [first, second] = words;
  if (!command && first !== undefined && !first.startsWith('-')) throw unknownCommand(first, second);
  machine.stdout.write(command ? commandHelp(command) : overview());
  return exitCodes.success;
}

function find(words: readonly string[]): NamedCommand | undefined {
  return commandList.find(({ name }) => name.split(' ').every((word, index) => words[index] === word));
}

function unknownCommand(first: string, second: string | undefined): UsageError {
  const group = commandList.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  if (group.length > 0 && (second === undefined || second.startsWith('-'))) return new UsageError(`"${first}" needs one more word: ${group.join(', ')}.`);
  const typed = group.length > 0 ? `${first} ${second ?? ''}` : first;
  const likely = nearest(typed, commandList.map(({ name }) => name));
  return new UsageError(`unknown command "${typed}".${likely === undefined ? ' "countersign --help" lists them.' : ` Did you mean "${likely}"?`}`);
}

function checkOperands({ name, operands, minimum, maximum }: NamedCommand, given: readonly string[]): void {
  if (given.length < minimum) throw new UsageError(`"countersign ${name}" needs ${operands}; see "countersign ${name} --help".`);
  if (maximum !== undefined && given.length > maximum) {
    throw new UsageError(`"countersign ${name}" takes ${maximum === 0 ? 'no operand' : operands}, and "${given[maximum] ?? ''}" is one too many.`);
  }
}
