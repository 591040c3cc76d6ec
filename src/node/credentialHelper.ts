// Asks a `docker-credential-…` program for the login of one registry (docker/docker-credential-helpers protocol).
import { spawn, type ChildProcess } from 'node:child_process';
import { CosignError } from '../core/errors.ts';
import { said, type Said } from '../core/said.ts';
import type { Credentials } from '../core/oci/transport.ts';

/** How a program is started; a test may put its own here. */
export type StartProgram = (command: string, args: readonly string[], options: ProgramOptions) => ChildProcess;

export interface ProgramOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export interface HelperOptions extends ProgramOptions {
  readonly timeoutMs?: number;
  readonly platform?: NodeJS.Platform;
  readonly start?: StartProgram;
}

const maxAnswerBytes = 64 * 1024;
const notFound = /^credentials not found in native keychain$/;

/**
 * @param helper what stands in `credsStore` or `credHelpers`: never a path
 * @param server the registry as the helper knows it, `https://index.docker.io/v1/` for Docker Hub
 * @returns undefined when the helper knows no login
 * @throws {CosignError} `CREDENTIAL_HELPER_FAILED`; its message never holds what the helper wrote
 */
export async function askCredentialHelper(helper: string, server: string, options: HelperOptions, signal: AbortSignal): Promise<Credentials | undefined> {
  signal.throwIfAborted();
  if (!/^[a-zA-Z0-9_.-]{1,100}$/.test(helper)) {
    throw new CosignError('CREDENTIAL_HELPER_FAILED', said`"${helper.slice(0, 100)}" is not the name of a credential helper.`, {
      remedy: said`Correct credsStore or credHelpers in the docker config.json: letters, digits, "_", "." and "-" only.`,
    });
  }
  const program = `docker-credential-${helper}`;
  const failed = (why: Said, cause?: unknown): CosignError => new CosignError('CREDENTIAL_HELPER_FAILED', said`The credential helper "${program}" ${why}.`, {
    remedy: said`Run "${program} get" in a terminal with "${server}" as its input, or turn countersign.registries.useCredentials off.`, cause,
  });
  const { exitCode, output } = await run(program, server, options, failed, signal);
  const text = output.toString('utf8').trim();
  if (exitCode === 0) return parseAnswer(text, failed);
  if (notFound.test(text)) return undefined;
  throw failed(exitCode === null ? said`ended without an exit code` : said`failed with exit code ${exitCode}`);
}

interface Outcome {
  readonly exitCode: number | null;
  readonly output: Buffer;
}

function run(program: string, input: string, options: HelperOptions, failed: (why: Said, cause?: unknown) => CosignError, signal: AbortSignal): Promise<Outcome> {
  const platform = options.platform ?? process.platform;
  const { promise, resolve, reject } = deferred<Outcome>();
  let child: ChildProcess;
  try {
    child = (options.start ?? startProgram(platform))(program, ['get'], { env: options.env, cwd: options.cwd });
  } catch (error) {
    throw failed(said`could not be started`, error);
  }
  const timeoutMs = options.timeoutMs ?? 15_000;
  const chunks: Buffer[] = [];
  let size = 0;
  const giveUp = (reason: Error): void => {
    settle();
    killGroup(child, platform);
    reject(reason);
  };
  const onAbort = (): void => { giveUp(signal.reason as Error); };
  const timer = setTimeout(() => { giveUp(failed(said`did not answer within ${timeoutMs / 1000} s`)); }, timeoutMs);
  const settle = (): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  child.on('error', (error) => {
    settle();
    const missing = 'code' in error && error.code === 'ENOENT';
    reject(failed(missing ? said`was not found on the PATH` : said`could not be started`, error));
  });
  child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxAnswerBytes) giveUp(failed(said`wrote far more than a login`));
    else chunks.push(chunk);
  });
  child.on('close', (exitCode) => {
    settle();
    resolve({ exitCode, output: Buffer.concat(chunks) });
  });
  // A helper that ends without reading its input is no failure of its own.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input);
  return promise;
}

function parseAnswer(text: string, failed: (why: Said) => CosignError): Credentials | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw failed(said`did not answer in JSON`);
  }
  const username: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'Username') : undefined;
  const secret: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'Secret') : undefined;
  if (typeof username !== 'string' || typeof secret !== 'string') throw failed(said`answered without a user name and a secret`);
  if (secret === '') return undefined;
  return username === '<token>' ? { kind: 'identity', token: secret } : { kind: 'basic', username, password: secret };
}

/** No shell, so nothing in a name or a path can become a command; a group of its own, so that it can be ended with its children. */
function startProgram(platform: NodeJS.Platform): StartProgram {
  return (command, args, { env, cwd }) => {
    const common = { env: { ...env }, cwd, stdio: ['pipe', 'pipe', 'ignore'] as ['pipe', 'pipe', 'ignore'], windowsHide: true };
    return platform === 'win32' ? spawn(command, args, common) : spawn(command, args, { ...common, detached: true });
  };
}

function killGroup(child: ChildProcess, platform: NodeJS.Platform): void {
  child.stdout?.destroy();
  if (child.pid === undefined) return;
  try {
    if (platform === 'win32') spawn('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => undefined);
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void; readonly reject: (reason: Error) => void } {
  let [resolve, reject]: [(value: T) => void, (reason: Error) => void] = [() => undefined, () => undefined];
  const promise = new Promise<T>((onValue, onReason) => { [resolve, reject] = [onValue, onReason]; });
  return { promise, resolve, reject };
}
