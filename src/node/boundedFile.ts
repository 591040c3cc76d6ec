// Reads a whole file of a bounded size, and says in words why it could not.
import { open, stat } from 'node:fs/promises';
import { sizeText } from '../core/encoding/sizeText.ts';
import { said, type Said } from '../core/said.ts';

/** Which version of a file was read: changes when the file does. */
export type FileVersion = string;

/** Why a file could not be read; its message goes on from the file's name: `… does not exist`. */
export class FileProblem extends Error {
  readonly said: Said;
  readonly missing: boolean;

  constructor(message: Said, missing: boolean, cause?: unknown) {
    super(message.toString(), { cause });
    this.said = message;
    this.missing = missing;
  }
}

/** @throws {FileProblem} for what is missing, may not be read, or is no regular file */
export async function fileVersion(path: string): Promise<FileVersion> {
  const info = await orProblem(stat(path));
  if (info.isDirectory()) throw new FileProblem(said`is a folder, not a file`, false);
  // Devices and pipes could block or never end.
  if (!info.isFile()) throw new FileProblem(said`is not a regular file`, false);
  return `${info.mtimeMs}/${info.size}/${info.ino}`;
}

/**
 * The bytes of a regular file.
 * @throws {FileProblem} also when it is larger than `maxBytes`
 * @throws the signal's reason
 */
export async function readBoundedFile(path: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  signal.throwIfAborted();
  await fileVersion(path);
  const file = await orProblem(open(path, 'r'));
  try {
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await orProblem(file.read(buffer, length, buffer.length - length));
      signal.throwIfAborted();
      if (bytesRead === 0) return new Uint8Array(buffer.subarray(0, length));
      length += bytesRead;
      if (length > maxBytes) throw new FileProblem(said`is larger than ${sizeText(maxBytes)}`, false);
    }
  } finally {
    await file.close();
  }
}

async function orProblem<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new FileProblem(said`does not exist`, true, error);
    if (code === 'EACCES' || code === 'EPERM') throw new FileProblem(said`may not be read by this user`, false, error);
    if (code === 'EISDIR') throw new FileProblem(said`is a folder, not a file`, false, error);
    throw new FileProblem(said`cannot be read (${code})`, false, error);
  }
}
