// Dockerfiles named on the command line → their texts and how to read them.
import type { DockerfileOptions } from '../core/dockerfile/images.ts';
import type { Call, Machine } from './machine.ts';
import type { FlagValues } from './flags.ts';
import { UsageError } from './flags.ts';

/** What BuildKit takes over its wire at most. */
const maxDockerfileBytes = 16 * 1024 * 1024;

/** As the editor decodes it: UTF-8 without its byte order mark. @throws {CosignError} `FILE_UNREADABLE`, `SIZE_LIMIT` */
export async function readText({ machine }: Pick<Call, 'machine'>, file: string, signal: AbortSignal): Promise<string> {
  return new TextDecoder().decode(await machine.readInput(file, maxDockerfileBytes, signal));
}

/** @throws {UsageError} for a build argument without a name */
export function dockerfileOptions(flags: FlagValues, { env }: Pick<Machine, 'env'>): DockerfileOptions {
  const buildArgs = new Map<string, string>();
  for (const text of flags.all('build-arg')) {
    const at = text.indexOf('=');
    const name = at < 0 ? text : text.slice(0, at);
    if (name === '') throw new UsageError(`--build-arg must be NAME=VALUE, not "${text}".`);
    // As for docker build: a name alone stands for the variable of the environment, and for nothing when there is none.
    const value = at < 0 ? env[name] : text.slice(at + 1);
    if (value !== undefined) buildArgs.set(name, value);
  }
  const platform = flags.text('platform');
  return { buildArgs: Object.fromEntries(buildArgs), ...(platform === undefined ? {} : { platform }) };
}
