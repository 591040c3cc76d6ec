// Runs the command line on a real pseudo-terminal, made by util-linux's `script`, and types into it.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { CliProcess } from './cliProcess.ts';

/** What is seen on the screen or has happened, and what is typed then. */
export type Exchange = readonly [seen: string | (() => boolean), typed: string];

/** @returns everything that stood on the screen @throws {Error} when what should be seen does not come, or `script` is not there */
export async function onTerminal(cli: CliProcess, words: readonly string[], exchanges: readonly Exchange[], redirection = ''): Promise<string> {
  const quoted = [process.execPath, cli.program, ...words].map((word) => `'${word.replaceAll('\'', '\'\\\'\'')}'`).join(' ');
  const record = join(cli.directory, '.typescript');
  // A password that is set would not be asked for.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('COSIGN_')));
  const child = spawn('script', ['-q', '-e', '-c', `${quoted} ${redirection}`, record], { cwd: cli.directory, env, stdio: ['pipe', 'pipe', 'pipe'] });
  let screen = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { screen += chunk.toString(); });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((done, fail) => {
    child.once('error', fail);
    child.once('close', () => { done(); });
  });
  try {
    let from = 0;
    for (const [seen, typed] of exchanges) {
      from = await until(() => (typeof seen === 'string' ? screen.indexOf(seen, from) : seen() ? from : -1), () => `${String(seen)} did not come: ${screen}`);
      child.stdin.write(typed);
    }
    await Promise.race([ended, wait(60_000, undefined, { ref: false }).then(() => { throw new Error(`it did not end: ${screen}`); })]);
    return screen;
  } finally {
    child.kill('SIGKILL');
    rmSync(record, { force: true });
  }
}

async function until(position: () => number, why: () => string): Promise<number> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    const at = position();
    if (at !== -1) return at + 1;
    await wait(20);
  }
  throw new Error(why());
}
