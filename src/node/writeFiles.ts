// Writes files that belong together: all of them or none, each whole or not at all, and nothing that exists without a yes.
import { randomBytes } from 'node:crypto';
import { link, lstat, open, readdir, rename, unlink, type FileHandle } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CosignError, type ErrorCode } from '../core/errors.ts';
import { said, type SaidArgument, saidList } from '../core/said.ts';
import type { Overwrite } from '../core/signingEngine.ts';

/** Nobody writes for so long, in milliseconds. */
const leftoverMs = 3600_000;

export interface FileToWrite {
  /** Absolute. */
  readonly path: string;
  readonly content: string | Uint8Array;
  /** Permission bits; Windows has none. */
  readonly mode: number;
}

export interface WriteOptions {
  /** What may be replaced: never a folder; a symbolic link is replaced itself, what it points to stays. */
  readonly overwrite: Overwrite;
  /** What it is called when a file exists. */
  readonly existsCode: Extract<ErrorCode, 'KEY_EXISTS' | 'FILE_EXISTS'>;
}

/** Which of these paths hold something already; a link that points nowhere does. @throws {CosignError} `FILE_UNREADABLE` */
export async function existingFiles(paths: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(paths.map(async (path) => ((await kindOf(path)) === 'nothing' ? [] : [path])));
  return found.flat();
}

/** @throws {CosignError} the `existsCode` naming the files when one of them exists and may not be replaced, or is a folder */
export async function refuseExisting(paths: readonly string[], { overwrite, existsCode }: WriteOptions): Promise<void> {
  if (new Set(paths.map((path) => resolve(path))).size < paths.length) throw new CosignError(existsCode, said`The files to write must have different names: ${quoted(paths)}.`);
  const kinds = await Promise.all(paths.map(async (path) => ({ path, kind: await kindOf(path) })));
  const folders = kinds.filter(({ kind }) => kind === 'folder').map(({ path }) => path);
  if (folders.length > 0) throw new CosignError(existsCode, said`There is a folder of that name: ${quoted(folders)}.`, { remedy: said`Choose another name.` });
  const existing = kinds.filter(({ path, kind }) => kind !== 'nothing' && !mayReplace(path, overwrite)).map(({ path }) => path);
  if (existing.length > 0) throw exists(existsCode, existing);
}

/**
 * Every file is written beside its place first and flushed to the disk. When anything fails, what was there before is there again.
 * Only a crash between two renames can leave one file new and the other old.
 * @throws {CosignError} the `existsCode`; `FILE_UNREADABLE` when a folder is missing or may not be written to
 * @throws the signal's reason; nothing is left behind then
 */
export async function writeFiles(files: readonly FileToWrite[], options: WriteOptions, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await refuseExisting(files.map(({ path }) => path), options);
  const steps: Steps = { undo: [], finish: [] };
  const beside = files.map((file) => ({ file, fresh: nameBeside(file.path, 'new') }));
  try {
    for (const { file, fresh } of beside) await writeNew(fresh, file);
    signal.throwIfAborted();
    for (const { file: { path }, fresh } of beside) {
      if (mayReplace(path, options.overwrite)) await replace(path, fresh, steps, options.existsCode);
      else await place(path, fresh, steps, options.existsCode);
    }
  } catch (error) {
    for (const step of [...steps.undo].reverse()) await step();
    throw error;
  } finally {
    for (const { fresh } of beside) await remove(fresh);
  }
  for (const step of steps.finish) await step();
  const folders = [...new Set(files.map(({ path }) => dirname(path)))];
  await Promise.all(folders.map(flushFolder));
  await Promise.all(folders.map(removeLeftovers));
}

function mayReplace(path: string, overwrite: Overwrite): boolean {
  return typeof overwrite === 'boolean' ? overwrite : overwrite.some((other) => resolve(other) === resolve(path));
}

/** What takes back what was done so far, and what is left to do when all went well. */
interface Steps {
  readonly undo: (() => Promise<void>)[];
  readonly finish: (() => Promise<void>)[];
}

/** Puts the fresh file in a place where nothing may be. */
async function place(path: string, fresh: string, { undo }: Steps, existsCode: WriteOptions['existsCode']): Promise<void> {
  try {
    // Unlike a rename, a link never replaces anything.
    await link(fresh, path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') throw exists(existsCode, [path]);
    // FAT, some network drives and some Windows users have no hard links.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES', 'EINVAL', 'EISDIR', 'UNKNOWN', 'EMLINK'].includes(code)) throw unwritable(path, error);
    if ((await kindOf(path)) !== 'nothing') throw exists(existsCode, [path]);
    await renameFirmly(fresh, path);
  }
  undo.push(() => remove(path));
}

async function replace(path: string, fresh: string, { undo, finish }: Steps, existsCode: WriteOptions['existsCode']): Promise<void> {
  const kind = await kindOf(path);
  if (kind === 'folder') throw exists(existsCode, [path]);
  if (kind === 'nothing') {
    await renameFirmly(fresh, path);
    undo.push(() => remove(path));
    return;
  }
  const old = nameBeside(path, 'old');
  await keepAs(path, old, undo);
  await renameFirmly(fresh, path);
  finish.push(() => remove(old));
}

/** A second name for the old file, so that there is never a moment without a file; where that cannot be, it is moved away. */
async function keepAs(path: string, old: string, undo: (() => Promise<void>)[]): Promise<void> {
  const isLink = (await lstat(path)).isSymbolicLink();
  const linked = !isLink && await link(path, old).then(() => true, () => false);
  if (!linked) await renameFirmly(path, old);
  // A rename between two names of one file does nothing and leaves both.
  undo.push(async () => {
    await renameFirmly(old, path);
    await remove(old);
  });
}

/** A new file nobody else can have opened, with exactly these permissions whatever the umask is. */
async function writeNew(path: string, { content, mode }: FileToWrite): Promise<void> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'wx', mode & 0o700);
    await file.writeFile(content);
    if (process.platform !== 'win32') await file.chmod(mode);
    await file.sync();
  } catch (error) {
    throw unwritable(path, error);
  } finally {
    await file?.close();
  }
}

/** On Windows a virus scanner or an editor may hold a file for a moment. */
async function renameFirmly(from: string, to: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      if (process.platform !== 'win32' || tries === 5 || !['EPERM', 'EACCES', 'EBUSY'].includes(codeOf(error))) throw unwritable(to, error);
      await sleep(40 * tries);
    }
  }
}

async function remove(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw unwritable(path, error);
  }
}

/** So that the new names survive a power cut; not every system can do it. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

async function kindOf(path: string): Promise<'nothing' | 'folder' | 'file'> {
  try {
    return (await lstat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return 'nothing';
    throw new CosignError('FILE_UNREADABLE', said`"${path}" cannot be looked at (${codeOf(error)}).`, { cause: error });
  }
}

/** Ends like the file: whatever keeps `*.key` out of git keeps this out too, should a crash leave it behind. */
function nameBeside(path: string, kind: 'new' | 'old'): string {
  return join(dirname(path), `.countersign-${kind}-${randomBytes(8).toString('hex')}.tmp${extname(path)}`);
}

/** Of a crash: what never got its name. An old file stays: where there are no hard links it may be the only one of its bytes. */
async function removeLeftovers(folder: string): Promise<void> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^\.countersign-new-[0-9a-f]{16}\.tmp/.test(name));
  for (const name of names) {
    const path = join(folder, name);
    const info = await lstat(path).catch(() => undefined);
    // A younger one may belong to somebody who is writing right now.
    if (info?.isFile() === true && Date.now() - info.mtimeMs > leftoverMs) await unlink(path).catch(() => undefined);
  }
}

function exists(code: WriteOptions['existsCode'], paths: readonly string[]): CosignError {
  const message = paths.length === 1
    ? said`${quoted(paths)} exists already and was not overwritten.`
    : said`${quoted(paths)} exist already and were not overwritten.`;
  return new CosignError(code, message, { remedy: said`Choose another name, or confirm that it may be overwritten.` });
}

function unwritable(path: string, cause: unknown): CosignError {
  const code = codeOf(cause);
  const why = code === 'ENOENT' || code === 'ENOTDIR' ? said`does not exist` : code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? said`may not be written to by this user` : said`cannot be written to (${code})`;
  return new CosignError('FILE_UNREADABLE', said`The folder "${dirname(path)}" ${why}.`, { cause });
}

function quoted(paths: readonly string[]): SaidArgument {
  return saidList(paths.map((path) => `"${path}"`));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
}
