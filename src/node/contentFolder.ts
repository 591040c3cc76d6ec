// A folder that keeps bytes by their digest, and notes by a name: bounded, the longest unused goes first, shared by all windows.
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm, unlink, utimes } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { digestOf, hexOf, type Digest } from '../core/crypto/digest.ts';
import { CosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import type { ClearedStorage, ContentStore } from '../core/verification/contentStore.ts';

export interface ContentFolderOptions {
  /** Absolute; made when there is something to write. Nothing else may be in it. */
  readonly folder: string;
  /** 0: nothing is read or written. */
  readonly maxBytes: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const maxNoteBytes = 64 * 1024;
/** Waiting to be written; what comes on top of it is not kept. */
const maxWaitingBytes = 32 * 1024 * 1024;
/** What a small file costs on most disks. */
const blockBytes = 4096;
/** Files are touched at most once in this time, so that reading does not write. */
const touchedForMs = 60 * 60_000;
const abandonedAfterMs = 60 * 60_000;

interface KeptFile {
  readonly path: string;
  readonly bytes: number;
  readonly usedAt: number;
}

export class ContentFolder implements ContentStore {
  readonly #folder: string;
  readonly #now: () => number;
  #maxBytes: number;
  /** By path, in the order to be written in; undefined: to be deleted. */
  readonly #waiting = new Map<string, Uint8Array | undefined>();
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  /** Written since the folder was last counted, and so by how much it may have grown; at first nothing is known. */
  #grownBytes = Infinity;
  /** The folder cannot be written to, so what is in it may be out of date: it is left alone. */
  #broken = false;

  constructor({ folder, maxBytes, now }: ContentFolderOptions) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  /** Another limit; 0 stops reading and writing, and deletes nothing. */
  limit(maxBytes: number): void {
    if (maxBytes < this.#maxBytes) this.#grownBytes = Infinity;
    this.#maxBytes = maxBytes;
  }

  async content(digest: Digest, limitBytes: number): Promise<Uint8Array | undefined> {
    const path = this.#contentPath(digest);
    const bytes = await this.#read(path, limitBytes);
    if (!bytes || digestOf(bytes) === digest) return bytes;
    await unlink(path).catch(() => undefined);
    return undefined;
  }

  note(name: string): Promise<Uint8Array | undefined> {
    return this.#read(this.#notePath(name), maxNoteBytes);
  }

  keep(name: string, note: Uint8Array, contents: readonly Uint8Array[]): void {
    const size = contents.reduce((sum, { byteLength }) => sum + byteLength, note.byteLength);
    // An older note would say less than is known now.
    if (note.byteLength > maxNoteBytes || this.#waitingBytes + size > maxWaitingBytes) {
      this.forget(name);
      return;
    }
    for (const bytes of contents) this.keepContent(bytes);
    this.#write(this.#notePath(name), note);
  }

  keepContent(bytes: Uint8Array): void {
    this.#write(this.#contentPath(digestOf(bytes)), bytes);
  }

  forget(name: string): void {
    this.#write(this.#notePath(name), undefined);
  }

  /** Settles when everything is written that can be. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  /** @throws {CosignError} `FILE_UNREADABLE` when not all of it could be deleted */
  async clear(): Promise<ClearedStorage> {
    await this.flush();
    const [notes, contents] = [await this.#files('notes'), await this.#files('content')];
    try {
      await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
    } catch (error) {
      throw new CosignError('FILE_UNREADABLE', said`The stored signatures in "${this.#folder}" could not be deleted (${codeOf(error)}).`, { cause: error });
    }
    this.#broken = false;
    this.#grownBytes = Infinity;
    return { images: notes.filter(({ path }) => !path.endsWith('.tmp')).length, bytes: [...notes, ...contents].reduce((sum, { bytes }) => sum + bytes, 0) };
  }

  async #read(path: string, limitBytes: number): Promise<Uint8Array | undefined> {
    if (this.#maxBytes === 0 || this.#broken) return undefined;
    if (this.#waiting.has(path)) {
      const bytes = this.#waiting.get(path);
      return bytes && bytes.byteLength <= limitBytes ? bytes : undefined;
    }
    try {
      return await this.#readFile(path, limitBytes);
    } catch {
      return undefined;
    }
  }

  /** Only a regular file, opened without waiting for anybody, and no more of it than it has when it is opened. */
  async #readFile(path: string, limitBytes: number): Promise<Uint8Array | undefined> {
    const file = await open(path, readOnly);
    try {
      const state = await file.stat();
      if (!state.isFile() || state.size > limitBytes) return undefined;
      const buffer = new Uint8Array(state.size);
      let length = 0;
      while (length < buffer.byteLength) {
        const { bytesRead } = await file.read(buffer, length, buffer.byteLength - length, length);
        if (bytesRead === 0) return undefined;
        length += bytesRead;
      }
      await this.#touch(path, state);
      return buffer;
    } finally {
      await file.close();
    }
  }

  async #touch(path: string, { mtimeMs }: Stats): Promise<void> {
    const now = this.#now();
    if (Math.abs(now - mtimeMs) > touchedForMs) await utimes(path, new Date(now), new Date(now)).catch(() => undefined);
  }

  #write(path: string, bytes: Uint8Array | undefined): void {
    const size = bytes?.byteLength ?? 0;
    if (this.#maxBytes === 0 || this.#broken || this.#waitingBytes + size > maxWaitingBytes) return;
    this.#waitingBytes += size - (this.#waiting.get(path)?.byteLength ?? 0);
    this.#waiting.delete(path);
    this.#waiting.set(path, bytes);
    this.#start();
  }

  #start(): void {
    this.#writing ??= this.#drain().catch(() => {
      this.#broken = true;
      this.#waiting.clear();
      this.#waitingBytes = 0;
    }).finally(() => {
      this.#writing = undefined;
      if (this.#waiting.size > 0) this.#start();
    });
  }

  async #drain(): Promise<void> {
    // Whoever keeps several things at once does so before the first is written.
    await Promise.resolve();
    for (const [path] of this.#waiting) {
      const bytes = this.#waiting.get(path);
      if (bytes) await this.#writeFile(path, bytes).catch((error: unknown) => this.#makeAndWrite(path, bytes, error));
      else await unlink(path).catch(ignoreMissing);
      // Kept or dropped again meanwhile: then it comes again, further behind.
      if (this.#waiting.get(path) !== bytes) continue;
      this.#waiting.delete(path);
      this.#waitingBytes -= bytes?.byteLength ?? 0;
    }
    if (this.#grownBytes > this.#maxBytes / 8) await this.#evict();
  }

  /** There is no folder yet, or another window has cleared it meanwhile. */
  async #makeAndWrite(path: string, bytes: Uint8Array, error: unknown): Promise<void> {
    ignoreMissing(error);
    for (const name of ['content', 'notes']) await mkdir(join(this.#folder, name), { recursive: true, mode: 0o700 });
    await this.#writeFile(path, bytes);
  }

  /** Beside its place first: there is never half a file, whichever window writes it. */
  async #writeFile(path: string, bytes: Uint8Array): Promise<void> {
    const there = await lstat(path).catch(() => undefined);
    if (path.startsWith(this.#contents) && there?.isFile() === true && there.size === bytes.byteLength) {
      await this.#touch(path, there);
      return;
    }
    const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      const file = await open(beside, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
      } finally {
        await file.close();
      }
      await rename(beside, path);
    } catch (error) {
      await unlink(beside).catch(() => undefined);
      // Windows: another window has it open, or writes it just now.
      if (process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(codeOf(error)) && there) return;
      throw error;
    }
    this.#grownBytes += onDisk(bytes.byteLength);
  }

  /** To well below the limit, so that it is not done for each file. */
  async #evict(): Promise<void> {
    const files = [...await this.#files('notes'), ...await this.#files('content')].sort((a, b) => a.usedAt - b.usedAt);
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    const target = total > this.#maxBytes ? this.#maxBytes * 0.8 : this.#maxBytes;
    for (const { path, bytes, usedAt } of files) {
      const abandoned = path.endsWith('.tmp') && this.#now() - usedAt > abandonedAfterMs;
      if (total <= target && !abandoned) continue;
      await unlink(path).catch(ignoreMissing);
      total -= bytes;
    }
    this.#grownBytes = 0;
  }

  async #files(kind: 'notes' | 'content'): Promise<readonly KeptFile[]> {
    const folder = join(this.#folder, kind);
    const files: KeptFile[] = [];
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      const state = await lstat(path).catch(() => undefined);
      if (state && !state.isDirectory()) files.push({ path, bytes: onDisk(state.size), usedAt: state.mtimeMs });
    }
    return files;
  }

  get #contents(): string {
    return join(this.#folder, 'content');
  }

  #contentPath(digest: Digest): string {
    return join(this.#contents, hexOf(digest));
  }

  /** Names of images stay out of the folder. */
  #notePath(name: string): string {
    return join(this.#folder, 'notes', hexOf(digestOf(new TextEncoder().encode(name))));
  }
}

/** Not through a link, and without waiting for the other end of a pipe; Windows has neither. */
const readOnly = constants.O_RDONLY | (process.platform === 'win32' ? 0 : constants.O_NOFOLLOW | constants.O_NONBLOCK);
const onDisk = (bytes: number): number => Math.ceil(bytes / blockBytes) * blockBytes;

function ignoreMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
}
