// What the command line needs of the machine it runs on, so that tests can hand over something else.
import type { Engine, EngineSettings } from '../core/engine.ts';
import type { FlagValues } from './flags.ts';

export interface Output {
  write(text: string): void;
  /** A person looks at it: progress may be drawn. */
  readonly isTerminal: boolean;
}

export interface Machine {
  /** Of Countersign. */
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** What was asked for and nothing else. */
  readonly stdout: Output;
  /** Words for people. */
  readonly stderr: Output;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /**
   * The bytes of a file, a pipe, or standard input (`-`, `/dev/stdin`).
   * @throws {CosignError} `FILE_UNREADABLE`, `SIZE_LIMIT`
   */
  readInput(path: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
  /** Loads networking and crypto. */
  openEngine(settings: EngineSettings): Promise<Engine>;
}

/** One call of a command. */
export interface Call {
  readonly machine: Machine;
  readonly flags: FlagValues;
  readonly operands: readonly string[];
}
