// What the command line needs of the machine it runs on, so that tests can hand over something else.
import type { Engine, EngineSettings } from '../core/engine.ts';
import type { FlagValues } from './flags.ts';

export interface Output {
  write(text: string): void;
  /** A person looks at it: progress may be drawn. */
  readonly isTerminal: boolean;
}

export interface NewFile {
  /** Absolute. */
  readonly path: string;
  readonly content: string;
  /** Permission bits. */
  readonly mode: number;
}

export interface Machine {
  /** Of Countersign. */
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly workingDirectory: string;
  /** What was asked for and nothing else. */
  readonly stdout: Output;
  /** Words for people. */
  readonly stderr: Output;
  /** Whether a person can answer. */
  readonly canAsk: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /**
   * The bytes of a file, a pipe, or standard input (`-`, `/dev/stdin`).
   * @throws {CosignError} `FILE_UNREADABLE`, `SIZE_LIMIT`
   */
  readInput(path: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
  /** Asks on the terminal. @param hidden without showing what is typed */
  ask(question: string, hidden: boolean, signal: AbortSignal): Promise<string>;
  /** All of them or none. @throws {CosignError} `FILE_EXISTS` unless overwriting, `FILE_UNREADABLE` */
  writeFiles(files: readonly NewFile[], overwrite: boolean, signal: AbortSignal): Promise<void>;
  /** A folder of the user's own, gone afterwards. @param work gets its absolute path */
  inTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T>;
  /** Copies standard input to a file. */
  saveInput(path: string, signal: AbortSignal): Promise<void>;
  /** Loads networking and crypto. */
  openEngine(settings: EngineSettings): Promise<Engine>;
}

/** One call of a command. */
export interface Call {
  readonly machine: Machine;
  readonly flags: FlagValues;
  readonly operands: readonly string[];
  /** Part of what is loaded at once; the other commands have it from there. */
  readonly readDockerfile: Engine['readDockerfile'];
}

/** Says something to a person, unless told to be quiet. */
export function tell({ machine, flags }: Pick<Call, 'machine' | 'flags'>, text: string): void {
  if (!flags.on('quiet')) machine.stderr.write(`${text}\n`);
}
