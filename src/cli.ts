#!/usr/bin/env node
// Composition root of the command line: hands the machine to the face and ends the process with its exit code.
import { homedir } from 'node:os';
import { run } from './cli/run.ts';
import { exitCodes } from './cli/exitCodes.ts';
import type { Machine, Output } from './cli/machine.ts';
import { isStandardInput, readInputFile, readStream } from './node/inputFile.ts';
import { version } from '../package.json';

const outputOf = (stream: NodeJS.WriteStream): Output => ({ write: (text) => { stream.write(text); }, isTerminal: stream.isTTY });

let input: Promise<Uint8Array> | undefined;

const machine: Machine = {
  version,
  env: process.env,
  workingDirectory: process.cwd(),
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  now: Date.now,
  readInput: (path, maxBytes, signal) => {
    if (!isStandardInput(path)) return readInputFile(path, maxBytes, signal);
    // Named twice it is the same text twice.
    return (input ??= readStream(process.stdin, 'Standard input', maxBytes, signal));
  },
  openEngine: async (settings) => {
    const { createEngine } = await import('./engine.ts');
    return createEngine({ version, env: process.env, homeDirectory: homedir() }, settings);
  },
};

/** Who reads the output may stop doing so, as `head` does. */
process.stdout.on('error', () => { process.exit(exitCodes.brokenPipe); });
process.stderr.on('error', () => undefined);

const stop = new AbortController();
const stopWith = (code: number) => (): void => {
  // Asked twice, it ends at once.
  if (stop.signal.aborted) process.exit(code);
  process.exitCode = code;
  stop.abort(new Error('The command was stopped.'));
};
process.on('SIGINT', stopWith(exitCodes.interrupted));
process.on('SIGTERM', stopWith(exitCodes.terminated));

run(process.argv.slice(2), machine, stop.signal).then((code) => { process.exitCode = code; }, (error: unknown) => {
  if (stop.signal.aborted) process.stderr.write('Cancelled: nothing is known.\n');
  else throw error;
}).finally(() => {
  process.stdin.destroy();
});
