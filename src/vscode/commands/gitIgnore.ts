// Keeps private keys out of git: finds the file to write to, and adds one line to it.
import * as vscode from 'vscode';

const line = '*.key';
const covering = new Set([line, '**/*.key', '/**/*.key', '*.key*']);

/** The `.gitignore` of the work tree a private key lies in; undefined outside a work tree, and where the key is ignored already. */
export async function ignoreFileFor(privateKey: vscode.Uri): Promise<vscode.Uri | undefined> {
  const name = nameOf(privateKey);
  let folder = vscode.Uri.joinPath(privateKey, '..');
  /** Where a line says last that the key is not ignored: only a line below it can say otherwise. */
  let exception: vscode.Uri | undefined;
  for (let first = true; ; first = false) {
    const ignoreFile = vscode.Uri.joinPath(folder, '.gitignore');
    const last = lastWord(await readText(ignoreFile), name, first);
    // A file deeper in the tree has the last word.
    if (!exception && last === 'ignored') return undefined;
    if (last === 'exception') exception ??= ignoreFile;
    if (await exists(vscode.Uri.joinPath(folder, '.git'))) return exception ?? ignoreFile;
    const parent = vscode.Uri.joinPath(folder, '..');
    if (parent.path === folder.path) return undefined;
    folder = parent;
  }
}

/** Adds the line at the end, where it has the last word, in the file's own line endings, once. */
export async function ignorePrivateKeys(ignoreFile: vscode.Uri, privateKey: vscode.Uri): Promise<void> {
  const text = await readText(ignoreFile);
  if (lastWord(text, nameOf(privateKey), true) === 'ignored') return;
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const before = text === '' || text.endsWith('\n') ? text : text + end;
  await vscode.workspace.fs.writeFile(ignoreFile, new TextEncoder().encode(`${before}${line}${end}`));
}

/** What the last line about a key of this name says. @param beside whether the key lies in the folder of the file */
function lastWord(text: string, name: string, beside: boolean): 'ignored' | 'exception' | undefined {
  const isAbout = (pattern: string): boolean => covering.has(pattern) || pattern === name || pattern === `**/${name}` || (beside && (pattern === `/${name}` || pattern === '/*.key'));
  const last = linesOf(text).findLast((pattern) => isAbout(pattern.replace(/^!/, '')));
  return last === undefined ? undefined : last.startsWith('!') ? 'exception' : 'ignored';
}

const nameOf = ({ path }: vscode.Uri): string => path.slice(path.lastIndexOf('/') + 1);
const linesOf = (text: string): readonly string[] => text.split(/\r?\n/).map((part) => part.trim());

/** Empty where there is no such file. Another failure is one: what cannot be read must not be written over. */
async function readText(file: vscode.Uri): Promise<string> {
  return await exists(file) ? new TextDecoder().decode(await vscode.workspace.fs.readFile(file)) : '';
}

async function exists(file: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(file);
    return true;
  } catch {
    return false;
  }
}
