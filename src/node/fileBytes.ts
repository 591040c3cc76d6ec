// A file read in pieces, as often as needed, and known to have been the same all the while.
import { open, stat, type FileHandle } from 'node:fs/promises';
import { CosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import type { Progress } from '../core/signingEngine.ts';

/** Large enough to be fast, small enough that hashing one does not hold up the event loop. */
const pieceBytes = 512 * 1024;

interface State {
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
  readonly dev: bigint;
}

export class FileBytes {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #state: State;

  private constructor(path: string, handle: FileHandle, state: State) {
    this.#path = path;
    this.#handle = handle;
    this.#state = state;
  }

  /** Close it. @param path absolute @throws {CosignError} `FILE_UNREADABLE`, also for folders, pipes and devices */
  static async open(path: string, signal: AbortSignal): Promise<FileBytes> {
    signal.throwIfAborted();
    // Looked at before it is opened: opening a pipe waits for a writer.
    if (!(await readable(path, stat(path))).isFile()) throw new CosignError('FILE_UNREADABLE', said`"${path}" is not a regular file.`);
    const handle = await readable(path, open(path, 'r'));
    try {
      const state = await handle.stat({ bigint: true });
      if (!state.isFile()) throw new CosignError('FILE_UNREADABLE', said`"${path}" is not a regular file.`);
      return new FileBytes(path, handle, state);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get sizeBytes(): number {
    return Number(this.#state.size);
  }

  /**
   * The whole file from its beginning; a piece is valid until the next is asked for. Constant memory.
   * @param onProgress called with bytes read and bytes in all
   * @throws {CosignError} `FILE_CHANGED` at the latest before it ends, `FILE_UNREADABLE`
   */
  async *pieces(onProgress: Progress, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const buffer = Buffer.allocUnsafe(pieceBytes);
    let position = 0;
    onProgress(0, this.sizeBytes);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await readable(this.#path, this.#handle.read(buffer, 0, buffer.length, position));
      if (bytesRead === 0) break;
      position += bytesRead;
      if (position > this.sizeBytes) throw this.#changed();
      yield buffer.subarray(0, bytesRead);
      onProgress(position, this.sizeBytes);
    }
    if (position !== this.sizeBytes) throw this.#changed();
    await this.#expectUnchanged();
    signal.throwIfAborted();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** Neither the open file was written to, nor another one put in its place. */
  async #expectUnchanged(): Promise<void> {
    const now = await this.#handle.stat({ bigint: true });
    const there = await stat(this.#path, { bigint: true }).catch(() => undefined);
    if (!isSame(now, this.#state) || !there || !isSame(there, this.#state)) throw this.#changed();
  }

  #changed(): CosignError {
    return new CosignError('FILE_CHANGED', said`"${this.#path}" changed while it was read.`, { remedy: said`Try again when nothing writes to it.` });
  }
}

function isSame(a: State, b: State): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino && a.dev === b.dev;
}

async function readable<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
    const why = code === 'ENOENT' || code === 'ENOTDIR' ? said`does not exist` : code === 'EACCES' || code === 'EPERM' ? said`may not be read by this user` : said`cannot be read (${code})`;
    throw new CosignError('FILE_UNREADABLE', said`"${path}" ${why}.`, { cause: error });
  }
}
