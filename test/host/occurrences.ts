// Where a secret is to be found on this machine: in files below some folders, and in what processes were started with.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** @returns the files, and the processes as far as they can be read, that hold the text in UTF-8 or UTF-16, or these very bytes */
export function occurrences(secret: string | Buffer, folders: readonly string[]): readonly string[] {
  const needles = typeof secret === 'string' ? [Buffer.from(secret, 'utf8'), Buffer.from(secret, 'utf16le')] : [secret];
  return [...folders.flatMap(filesBelow), ...processFiles()].filter((file) => {
    const content = read(file);
    return needles.some((needle) => content.includes(needle));
  });
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name))).filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}

function processFiles(): readonly string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => ['cmdline', 'environ'].map((name) => `/proc/${pid}/${name}`));
}

/** Files and processes come and go while they are looked at. */
function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}
