#!/usr/bin/env node
// Composition root of the command line: hands the machine to the face and ends the process with its exit code.
import { createWriteStream } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from './cli/run.ts';
import { failureText } from './cli/failureLine.ts';
import { exitCodes, type ExitCode } from './cli/exitCodes.ts';
import type { Machine, Output } from './cli/machine.ts';
import { isPipe, isStandardInput, readInputFile, readStream } from './node/inputFile.ts';
import { inTemporaryFolder } from './node/temporaryFolder.ts';
import { askTerminal } from './node/terminalPrompt.ts';
import { writeFiles } from './node/writeFiles.ts';
import { version } from '../package.json';

const outputOf = (stream: NodeJS.WriteStream): Output => ({ write: (text) => { stream.write(text); }, isTerminal: stream.isTTY });

const stop = new AbortController();
const stopWith = (code: number) => (): void => {
  // Asked twice, it ends at once.
  if (stop.signal.aborted) process.exit(code);
  process.exitCode = code;
  stop.abort(new Error('The command was stopped.'));
};
process.on('SIGINT', stopWith(exitCodes.interrupted));
process.on('SIGTERM', stopWith(exitCodes.terminated));

let input: Promise<Uint8Array> | undefined;
const pipes = new Map<string, Promise<Uint8Array>>();

/** Named twice it is the same text twice: nobody can read a pipe again. */
function readPipe(path: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  if (isStandardInput(path)) return (input ??= readStream(process.stdin, 'Standard input', maxBytes, signal));
  const known = pipes.get(path);
  if (known) return known;
  const bytes = readInputFile(path, maxBytes, signal);
  pipes.set(path, bytes);
  return bytes;
}

const machine: Machine = {
  version,
  env: process.env,
  workingDirectory: process.cwd(),
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  // As cosign decides it: who sends standard error to a file types a password all the same, and must not see it.
  canAsk: process.stdin.isTTY,
  now: Date.now,
  readInput: async (path, maxBytes, signal) => (isStandardInput(path) || await isPipe(path) ? readPipe(isStandardInput(path) ? path : resolve(path), maxBytes, signal) : readInputFile(path, maxBytes, signal)),
  ask: (question, hidden, signal) => askTerminal({ input: process.stdin, output: process.stderr, interrupt: stopWith(exitCodes.interrupted) }, question, hidden, signal),
  writeFiles: (files, overwrite, signal) => writeFiles(files, { overwrite, existsCode: 'FILE_EXISTS' }, signal),
  inTemporaryFolder,
  saveInput: (path, signal) => pipeline(process.stdin, createWriteStream(path, { mode: 0o600 }), { signal }),
  openEngine: async (settings) => {
    const { createEngine } = await import('./engine.ts');
    return createEngine({ version, env: process.env, homeDirectory: homedir(), readPipe, report: (problem) => { process.stderr.write(`Warning: ${failureText(problem)}\n`); } }, settings);
  },
};

/** Who reads the output may stop doing so, as `head` does. */
process.stdout.on('error', () => { process.exit(exitCodes.brokenPipe); });
process.stderr.on('error', () => undefined);

const written = (stream: NodeJS.WriteStream): Promise<void> => new Promise((done) => { stream.write('', () => { done(); }); });

/** Once everything is said, at once: left to itself, Node.js would first finish compiling what is not needed any more. */
async function end(code: ExitCode): Promise<void> {
  process.exitCode = code;
  await Promise.all([written(process.stdout), written(process.stderr)]);
  process.exit();
}

void run(process.argv.slice(2), machine, stop.signal).catch((error: unknown) => {
  if (!stop.signal.aborted) throw error;
  process.stderr.write('Cancelled: nothing is known.\n');
  return undefined;
}).then((code) => (code === undefined ? undefined : end(code))).finally(() => {
  process.stdin.destroy();
});
