// Keeps private keys out of git: finds the file to write to, and adds one line to it.
import * as vscode from 'vscode';

const line = '*.key';
const covering = new Set([line, '**/*.key', '/**/*.key', '*.key*']);

/** The `.gitignore` of the work tree a private key lies in; undefined outside a work tree, and where the key is ignored already. */
export async function ignoreFileFor(privateKey: vscode.Uri): Promise<vscode.Uri | undefined> {
  const name = privateKey.path.slice(privateKey.path.lastIndexOf('/') + 1);
  let folder = vscode.Uri.joinPath(privateKey, '..');
  for (let first = true; ; first = false) {
    const ignoreFile = vscode.Uri.joinPath(folder, '.gitignore');
    const lines = linesOf(await readText(ignoreFile));
    if (lines.some((text) => covering.has(text) || text === name || (first && (text === `/${name}` || text === '/*.key')))) return undefined;
    if (await exists(vscode.Uri.joinPath(folder, '.git'))) return ignoreFile;
    const parent = vscode.Uri.joinPath(folder, '..');
    if (parent.path === folder.path) return undefined;
    folder = parent;
  }
}

/** Adds the line at the end, in the file's own line endings, once. */
export async function ignorePrivateKeys(ignoreFile: vscode.Uri): Promise<void> {
  const text = await readText(ignoreFile);
  if (linesOf(text).includes(line)) return;
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const before = text === '' || text.endsWith('\n') ? text : text + end;
  await vscode.workspace.fs.writeFile(ignoreFile, new TextEncoder().encode(`${before}${line}${end}`));
}

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
