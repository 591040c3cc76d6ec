// Words of a command line → flags and operands, in the spelling of cosign's (Go pflag: --flag=value, --flag value, -f value, --switch=false).
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { nearest } from './nearest.ts';

export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** What stands for its value in the help; undefined: it is a switch. */
  readonly value?: string;
  /** May be given several times. */
  readonly many?: boolean;
  readonly choices?: readonly string[];
  /** For the help only. */
  readonly otherwise?: string;
  /** cosign's command has no such flag, so that no variable of the environment stands for it: what is set for cosign must not mean more here. */
  readonly ownOnly?: boolean;
  /** Flags that take its place: where the command line gives one of them, no variable of the environment stands for this one. */
  readonly instead?: readonly string[];
  readonly summary: string;
}

/** A command line that was not understood: one sentence, and what to write instead where that can be guessed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The commands are bundled apart, each bundle with a copy of the class. */
export const isUsageError = (error: unknown): error is UsageError => error instanceof Error && error.name === 'UsageError';

/** The flags that were given, checked against those the command has. */
export class FlagValues {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  /** Every value, in the order given. */
  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** The last one counts, as in cosign. */
  text(name: string): string | undefined {
    return this.all(name).at(-1);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** A switch. */
  on(name: string, otherwise = false): boolean {
    const value = this.text(name);
    return value === undefined ? otherwise : isTrue(value);
  }
}

export interface ParsedWords {
  readonly flags: FlagValues;
  readonly operands: readonly string[];
}

/** @throws {UsageError} for a flag that is unknown, lacks its value or has a wrong one */
export function parseFlags(words: readonly string[], known: readonly Flag[]): ParsedWords {
  const options: NonNullable<ParseArgsConfig['options']> = Object.fromEntries(known.map(({ name, short, value }) => [
    name, { type: value === undefined ? 'boolean' as const : 'string' as const, multiple: true, ...(short === undefined ? {} : { short }) },
  ]));
  const { tokens } = parseArgs({ args: [...words], options, strict: false, allowPositionals: true, tokens: true });
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = known.find(({ name }) => name === token.name);
    if (!flag) throw unknownFlag(token.rawName, known);
    // Go's pflag takes `-o=json` for `-o json`; Node.js would take the sign for a part of the value.
    const value = token.inlineValue === true && !token.rawName.startsWith('--') ? token.value.replace(/^=/, '') : token.value;
    values.set(flag.name, [...values.get(flag.name) ?? [], valueOf(flag, token.rawName, value)]);
  }
  return { flags: new FlagValues(values), operands };
}

/** The variable that stands for a flag, as in cosign: `COSIGN_ALLOW_HTTP_REGISTRY` for `--allow-http-registry`. */
export const variableOf = (name: string): string => `COSIGN_${name.toUpperCase().replaceAll('-', '_')}`;

/**
 * The flags with those of the environment that the command line does not give; a variable that is set but empty counts for nothing.
 * @throws {UsageError} for a wrong value, naming the variable but not what a secret one holds
 */
export function withEnvironment(given: FlagValues, known: readonly Flag[], env: Readonly<Record<string, string | undefined>>): FlagValues {
  const values = new Map<string, readonly string[]>();
  for (const flag of known) {
    const set = env[variableOf(flag.name)];
    const isReplaced = flag.instead?.some((name) => given.has(name)) ?? false;
    if (given.has(flag.name)) values.set(flag.name, given.all(flag.name));
    else if (set !== undefined && set !== '' && !isReplaced && !flag.ownOnly) values.set(flag.name, [valueOf(flag, variableOf(flag.name), set)]);
  }
  return new FlagValues(values);
}

function valueOf({ value, choices }: Flag, written: string, given: string | undefined): string {
  if (value === undefined) {
    if (given === undefined || isTrue(given)) return 'true';
    if (isFalse(given)) return 'false';
    throw new UsageError(written.startsWith('-') ? `${written} is a switch: write ${written}, ${written}=true or ${written}=false, not "${given}".` : `${written} is for a switch: set it to true or false, not "${given}".`);
  }
  if (given === undefined) throw new UsageError(`${written} needs a value: ${written} ${value}.`);
  if (choices && !choices.includes(given)) throw new UsageError(`${written} must be one of ${choices.join(', ')}, not "${given}".`);
  return given;
}

function unknownFlag(written: string, known: readonly Flag[]): UsageError {
  const names = known.flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]);
  const likely = nearest(written, names);
  return new UsageError(`unknown flag: ${written}.${likely === undefined ? '' : ` Did you mean ${likely}?`}`);
}

/** As Go's strconv.ParseBool. */
const isTrue = (text: string): boolean => ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text);
const isFalse = (text: string): boolean => ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text);
