// The command line as a process of its own: the shipped bundle in an empty folder, with no node_modules in reach.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Esbuild { readonly buildExtension: (options: { readonly production: boolean; readonly outdir: string }) => Promise<unknown> }

export interface ProcessResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; none: it is closed at once. */
  readonly input?: string | Uint8Array;
}

export class CliProcess {
  /** Where it runs, and its HOME: a folder of the test's own. */
  readonly directory = mkdtempSync(join(tmpdir(), 'countersign-cli-'));
  /** The absolute path of the bundle. */
  readonly program: string;

  /** The absolute path of the engine's bundle, beside it. */
  get engine(): string {
    return join(dirname(this.program), 'engine.js');
  }

  private constructor(program: string) {
    this.program = program;
  }

  static async build(): Promise<CliProcess> {
    const { buildExtension } = await import(pathToFileURL(join(process.cwd(), 'esbuild.mjs')).href) as Esbuild;
    const outdir = mkdtempSync(join(tmpdir(), 'countersign-dist-'));
    await buildExtension({ production: true, outdir });
    return new CliProcess(join(outdir, 'cli.js'));
  }

  start(words: readonly string[], { env = {} }: Pick<ProcessOptions, 'env'> = {}): ChildProcessWithoutNullStreams {
    return spawn(process.execPath, [this.program, ...words], { cwd: this.directory, env: { PATH: process.env['PATH'] ?? '', HOME: this.directory, ...env } });
  }

  /** As a person types it into bash, with the program as `countersign`. */
  shell(script: string, { env = {} }: Pick<ProcessOptions, 'env'> = {}): Promise<ProcessResult> {
    const child = spawn('bash', ['-c', `countersign() { "${process.execPath}" "${this.program}" "$@"; }\n${script}`], { cwd: this.directory, env: { PATH: process.env['PATH'] ?? '', HOME: this.directory, ...env } });
    child.stdin.end();
    return ended(child);
  }

  run(words: readonly string[], options: ProcessOptions = {}): Promise<ProcessResult> {
    const child = this.start(words, options);
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    return ended(child);
  }
}

/** Everything a process said, and its exit code; -1 when a signal ended it. */
export function ended(child: ChildProcessWithoutNullStreams): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => { resolve({ code: code ?? -1, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }); });
  });
}
