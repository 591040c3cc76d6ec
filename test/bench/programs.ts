// Programs that are measured as processes: how long they took, and the most memory they held at once.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Cosign } from '../support/cosign.ts';

export interface Program {
  readonly name: string;
  /** @param words of the command line, which all of them share */
  readonly run: (words: readonly string[]) => Promise<ProgramRun>;
}

export interface ProgramRun {
  readonly ms: number;
  /** Peak resident memory (Linux: VmHWM), in MB; NaN where the system does not tell. */
  readonly peakMb: number;
}

/** Our command line as it ships, in a process of its own. */
export function ourCommandLine(directory: string): Program {
  return { name: 'ours (process)', run: (words) => measured(process.execPath, [resolve('dist/cli.js'), ...words], directory) };
}

/** @param program the path of a cosign; never uploads, and says so where cosign wants to hear it */
export function theirCommandLine(cosign: Cosign, program: string): Program {
  const noLog = (words: readonly string[]): readonly string[] => (words[0]?.startsWith('sign') === true
    ? [...words, '--tlog-upload=false', ...(cosign.major === 3 ? ['--use-signing-config=false'] : [])]
    : words[0] === 'generate-key-pair' ? words : [...words, '--insecure-ignore-tlog']);
  return { name: `cosign ${cosign.major}`, run: (words) => measured(program, noLog(words), cosign.directory) };
}

/** Runs a program to its end. @throws {Error} when it fails */
export function measured(program: string, words: readonly string[], cwd: string): Promise<ProgramRun> {
  return new Promise((done, fail) => {
    const start = performance.now();
    const child = spawn(program, words, { cwd, env: { PATH: process.env['PATH'] ?? '', HOME: cwd, COSIGN_PASSWORD: '' }, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    let peakMb = Number.NaN;
    child.stderr.on('data', (chunk: Buffer) => { said = (said + chunk.toString()).slice(-2000); });
    const watch = setInterval(() => { peakMb = peakOf(child.pid) ?? peakMb; }, 10);
    child.once('error', fail);
    child.once('close', (code) => {
      clearInterval(watch);
      if (code === 0) done({ ms: performance.now() - start, peakMb });
      else fail(new Error(`${program} ${words.join(' ')} ended with ${code ?? 'a signal'}: ${said}`));
    });
  });
}

function peakOf(pid: number | undefined): number | undefined {
  try {
    const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid ?? 0}/status`, 'utf8'));
    return found ? Number(found[1]) / 1024 : undefined;
  } catch {
    return undefined;
  }
}

/** All of them, beginning with another one in every round: who comes first finds the computer cooler, or the disk busier. */
export function inTurn<T>(items: readonly T[], round: number): readonly T[] {
  const first = round % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}

/** Every program in turn, round after round, so that all meet the same weather. @returns the runs of each, in their order */
export async function alternate(programs: readonly Program[], rounds: number, words: (program: Program, round: number) => readonly string[]): Promise<readonly (readonly ProgramRun[])[]> {
  const runs = programs.map((): ProgramRun[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, program] of inTurn([...programs.entries()], round)) runs[index]?.push(await program.run(words(program, round)));
  }
  return runs;
}
