// A machine for the command line in memory: files by name, and what was written.
import type { Engine, EngineSettings } from '../../src/core/engine.ts';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import type { ExitCode } from '../../src/cli/exitCodes.ts';
import type { Machine } from '../../src/cli/machine.ts';
import { run } from '../../src/cli/run.ts';

export interface MachineParts {
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly env?: Readonly<Record<string, string>>;
  /** What a person types, question by question. */
  readonly answers?: readonly string[];
  readonly openEngine?: (settings: EngineSettings) => Promise<Engine>;
  /** Whether a person looks at standard error. */
  readonly isTerminal?: boolean;
}

export interface CommandResult {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
  readonly files: ReadonlyMap<string, string>;
}

/** Runs one command line. */
export async function runCommand(words: readonly string[], { files = {}, env = {}, openEngine, answers: given = [], isTerminal = false }: MachineParts = {}, signal = new AbortController().signal): Promise<CommandResult> {
  const answers = [...given];
  const writtenFiles = new Map<string, string>();
  const written = { stdout: '', stderr: '' };
  const machine: Machine = {
    version: '1.2.3', env, workingDirectory: '/work', now: () => 0,
    stdout: { write: (text) => { written.stdout += text; }, isTerminal: false },
    stderr: { write: (text) => { written.stderr += text; }, isTerminal },
    canAsk: answers.length > 0,
    ask: (question) => {
      written.stderr += question;
      const answer = answers.shift();
      return answer === undefined ? Promise.reject(new Error(`nobody answers "${question}"`)) : Promise.resolve(answer);
    },
    writeFiles: (list, overwrite) => {
      const taken = list.find(({ path }) => writtenFiles.has(path) || files[path] !== undefined);
      if (taken && !overwrite) return Promise.reject(new CosignError('FILE_EXISTS', said`"${taken.path}" exists already.`));
      for (const { path, content } of list) writtenFiles.set(path, content);
      return Promise.resolve();
    },
    inTemporaryFolder: (work) => work('/tmp/of-the-test'),
    saveInput: () => Promise.reject(new Error('no standard input in this test')),
    readInput: (path) => {
      const found = files[path];
      if (found === undefined) return Promise.reject(new CosignError('FILE_UNREADABLE', said`"${path}" does not exist.`));
      return Promise.resolve(typeof found === 'string' ? new TextEncoder().encode(found) : found);
    },
    openEngine: openEngine ?? (() => Promise.reject(new Error('no engine in this test'))),
  };
  const code = await run(words, machine, signal);
  return { code, ...written, files: writtenFiles };
}
