// Reads what a command line names: a file, a pipe, or standard input; all of it, up to a limit.
import { open, stat } from 'node:fs/promises';
import { sizeText } from '../core/encoding/sizeText.ts';
import { CosignError } from '../core/errors.ts';
import { said, type Said } from '../core/said.ts';

/** The names of standard input. */
export const isStandardInput = (path: string): boolean => path === '-' || path === '/dev/stdin';

/** Whether a path is one that can be read once only, such as `<(…)` of a shell. */
export async function isPipe(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFIFO() === true;
}

/**
 * Reads a stream to its end.
 * @throws {CosignError} `SIZE_LIMIT`
 * @throws the signal's reason
 */
export async function readStream(stream: AsyncIterable<Uint8Array | string>, name: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of untilAborted(stream, signal)) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    size += bytes.length;
    if (size > maxBytes) throw tooLarge(name, maxBytes);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size);
}

/** Pipes too, so that `<(…)` of a shell works. @throws {CosignError} `FILE_UNREADABLE`, `SIZE_LIMIT` */
export async function readInputFile(path: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  signal.throwIfAborted();
  try {
    const file = await open(path, 'r');
    try {
      return await readStream(file.createReadStream({ autoClose: false, highWaterMark: 64 * 1024 }), `"${path}"`, maxBytes, signal);
    } finally {
      await file.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CosignError) throw error;
    throw new CosignError('FILE_UNREADABLE', said`"${path}" ${reason(error)}.`, { cause: error });
  }
}

async function* untilAborted<T>(stream: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = (): void => { reject(signal.reason as Error); };
    signal.addEventListener('abort', stop, { once: true });
  });
  aborted.catch(() => undefined);
  const iterator = stream[Symbol.asyncIterator]();
  try {
    signal.throwIfAborted();
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    iterator.return?.().catch(() => undefined);
  }
}

function reason(error: unknown): Said {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
  if (code === 'ENOENT' || code === 'ENOTDIR') return said`does not exist`;
  if (code === 'EACCES' || code === 'EPERM') return said`may not be read by this user`;
  if (code === 'EISDIR') return said`is a folder, not a file`;
  return said`cannot be read (${code})`;
}

function tooLarge(name: string, maxBytes: number): CosignError {
  return new CosignError('SIZE_LIMIT', said`${name} is larger than ${sizeText(maxBytes)}.`, { remedy: said`Name a smaller file.` });
}
