// Finds and reads the files that entries of `countersign.policyFiles` name; loaded only where there is such an entry.
import * as vscode from 'vscode';
import { sizeText } from '../core/encoding/sizeText.ts';
import { CosignError, saidOf, type ErrorPlace } from '../core/errors.ts';
import { said, type Said } from '../core/said.ts';
import type { PolicyFile } from '../core/policy/demand.ts';
import { isValid, type ReadPolicyFile } from '../core/policy/policyProblem.ts';
import { restrictedFile, unreadableFile } from '../core/policy/restrictedFile.ts';
import { policyProblemText } from '../presentation/policyProblemText.ts';
import { fileItself } from './fileWatch.ts';
import type { FoundPolicyFiles, PolicyFileEntry, PolicyFileSource } from './policyFiles.ts';
import { isInWorkspace, isKeyInWorkspace, resolvePath } from './trustReader.ts';
import { t } from './words.ts';

/** The word for the machine's own containers policy. */
export const containersEntry = 'containers';

const maxFiles = 200;
const maxFileBytes = 1024 * 1024;
const maxTotalBytes = 16 * maxFileBytes;

/** Every failure is a problem: a file that cannot be read may be the one that demands what an image has not. Never throws. */
export async function findPolicyFiles(entries: readonly PolicyFileEntry[], source: PolicyFileSource): Promise<FoundPolicyFiles> {
  const files: PolicyFile[] = [];
  const problems: CosignError[] = [];
  const watched: vscode.RelativePattern[] = [];
  const seen = new Map<string, boolean>();
  const left = { files: maxFiles, bytes: maxTotalBytes };
  for (const entry of entries) {
    try {
      if (entry.tooMany !== undefined) throw invalid(said`countersign.policyFiles has more than ${entry.tooMany} entries, of which the others are not read.`, said`Use a pattern that names several files.`);
      const isContainers = entry.text.trim() === containersEntry;
      if (isContainers && !entry.restricted) watched.push(...(await source.containersPlaces()).map((uri) => fileItself(vscode.Uri.parse(uri))));
      const { pattern, isGlob } = isContainers && !entry.restricted ? await containersPattern(source) : patternOf(entry);
      if (entry.restricted) refuseOutside(pattern, entry);
      if (!isContainers) watched.push(pattern);
      const uris = isGlob ? await vscode.workspace.findFiles(pattern, null, maxFiles + 1) : [vscode.Uri.joinPath(pattern.baseUri, plainName(pattern.pattern))];
      if (uris.length === 0) throw invalid(said`No file matches "${entry.text.slice(0, 200)}" in countersign.policyFiles.`, said`Correct it in the settings.`);
      for (const uri of [...uris].sort((a, b) => (a.toString() < b.toString() ? -1 : 1))) {
        const restricted = entry.restricted || isOfUntrustedWorkspace(uri);
        // Named twice, it counts as the one who is trusted more named it.
        if (seen.has(uri.toString()) && (restricted || seen.get(uri.toString()) === false)) continue;
        seen.set(uri.toString(), restricted);
        const file = restricted ? await readRestricted(uri, isGlob, source, left) : await readOne(uri, isGlob, source, left);
        if (file) files.push(file);
      }
    } catch (error) {
      const problem = error instanceof CosignError ? error : invalid(said`"${entry.text.slice(0, 200)}" in countersign.policyFiles cannot be read.`, undefined, error);
      if (entry.restricted) files.push(unreadableFile(entry.folder?.toString() ?? '', entry.text.slice(0, 200), problem));
      else problems.push(problem);
    }
  }
  return { files, problems, watched, uris: [...seen.keys()].map((name) => vscode.Uri.parse(name)) };
}

/** What an untrusted workspace writes leads to files inside it and to no others. @throws {CosignError} `POLICY_INVALID` */
function refuseOutside(pattern: vscode.RelativePattern, { text }: PolicyFileEntry): void {
  if (isInWorkspace(vscode.Uri.joinPath(pattern.baseUri, 'file')) && !pattern.pattern.split('/').includes('..')) return;
  throw invalid(said`In Restricted Mode "${text.slice(0, 200)}" in countersign.policyFiles is not read: it leads out of the workspace.`, said`Trust the workspace.`);
}

/** A path or a glob, from the folder, from `~` or absolute; the pattern is what names it below a folder that is none. */
function patternOf({ text, folder, homeDirectory }: PolicyFileEntry): { readonly pattern: vscode.RelativePattern; readonly isGlob: boolean } {
  const written = text.trim().replaceAll('\\', '/');
  const isGlob = /[*?[\]{}]/.test(written);
  const parts = written.split('/');
  const plain = isGlob ? parts.findIndex((part) => /[*?[\]{}]/.test(part)) : parts.length - 1;
  const base = parts.slice(0, plain).join('/');
  const home = written.startsWith('~/') ? homeDirectory : undefined;
  const start = home ?? (folder?.scheme === 'file' ? folder.fsPath : undefined);
  const below = home === undefined ? base : base.slice(2);
  const isAbsolute = /^(?:\/|[a-z]:\/)/i.test(written);
  const directory = isAbsolute ? vscode.Uri.file(base === '' ? '/' : base) : below === '' && start !== undefined ? vscode.Uri.file(start) : folder && home === undefined ? vscode.Uri.joinPath(folder, below) : resolvePath(below, start);
  if (!directory) throw invalid(said`There is no folder that the path "${text.slice(0, 200)}" in countersign.policyFiles could start from.`, said`Write the whole path.`);
  const name = parts.slice(plain).join('/');
  return { pattern: new vscode.RelativePattern(directory, isGlob ? name : quoted(name)), isGlob };
}

/** The policy.json that podman uses on this machine. */
async function containersPattern(source: PolicyFileSource): Promise<ReturnType<typeof patternOf>> {
  let found: string | undefined;
  try {
    found = await source.findContainers();
  } catch (error) {
    throw invalid(said`The containers policy of this machine cannot be read: ${saidOf(error)}`, undefined, error);
  }
  if (found === undefined) throw invalid(said`This machine has no containers policy (policy.json).`, said`Name a file in countersign.policyFiles.`);
  const uri = vscode.Uri.parse(found);
  const name = uri.path.slice(uri.path.lastIndexOf('/') + 1);
  return { pattern: new vscode.RelativePattern(vscode.Uri.joinPath(uri, '..'), quoted(name)), isGlob: false };
}

const quoted = (name: string): string => name.replace(/[*?[\]{}]/g, '[$&]');
const plainName = (pattern: string): string => pattern.replace(/\[([*?[\]{}])\]/g, '$1');

async function readOne(uri: vscode.Uri, isGlob: boolean, source: PolicyFileSource, left: { files: number; bytes: number }, restricted = false): Promise<PolicyFile | undefined> {
  const path = vscode.workspace.asRelativePath(uri);
  if (left.files-- <= 0) throw invalid(said`countersign.policyFiles names more than ${maxFiles} files.`);
  const bytes = await bytesOf(uri, path, restricted);
  left.bytes -= bytes.length;
  if (left.bytes < 0) throw invalid(said`The policy files are larger than ${sizeText(maxTotalBytes)} together.`);
  let result: ReadPolicyFile;
  try {
    result = await source.read(uri.toString(), bytes);
  } catch (error) {
    throw invalid(said`The policy file "${path}" cannot be used: ${saidOf(error)}`, undefined, error, { uri: uri.toString() });
  }
  if (!isValid(result)) {
    const problem = result.problems.find(({ severity }) => severity === 'error');
    const line = (problem?.range.start.line ?? 0) + 1;
    throw invalid(said`The policy file "${path}" has a mistake in line ${line}: ${problem ? policyProblemText(problem, t) : ''}`, said`Correct the policy file.`, undefined, { uri: uri.toString(), ...(problem ? { range: problem.range } : {}) });
  }
  if (result.policies > 0) return result.file;
  // Among the files of a glob there may be others; a file named by its path is meant.
  if (isGlob) return undefined;
  throw invalid(said`The file "${path}" in countersign.policyFiles holds no policy.`, said`Correct it in the settings.`, undefined, { uri: uri.toString() });
}

/** What an untrusted workspace writes wrong must not hide what the person's own policies find. */
async function readRestricted(uri: vscode.Uri, isGlob: boolean, source: PolicyFileSource, left: { files: number; bytes: number }): Promise<PolicyFile | undefined> {
  try {
    const file = await readOne(uri, isGlob, source, left, true);
    return file && restrictedFile(file, isKeyInWorkspace);
  } catch (error) {
    const path = vscode.workspace.asRelativePath(uri);
    return unreadableFile(uri.toString(), path, error instanceof CosignError ? error : invalid(said`The policy file "${path}" cannot be read.`, undefined, error));
  }
}

async function bytesOf(uri: vscode.Uri, path: string, restricted: boolean): Promise<Uint8Array> {
  try {
    const { size, type } = await vscode.workspace.fs.stat(uri);
    // A repository can hold links, too.
    if (restricted && (type & vscode.FileType.SymbolicLink) !== 0) throw invalid(said`In Restricted Mode the policy file "${path}" is not read: it is a symbolic link.`, said`Trust the workspace.`);
    if (size > maxFileBytes) throw invalid(said`The policy file "${path}" is larger than ${sizeText(maxFileBytes)}.`);
    return await vscode.workspace.fs.readFile(uri);
  } catch (error) {
    if (error instanceof CosignError) throw error;
    throw invalid(said`The policy file "${path}" cannot be read.`, said`Correct the path in countersign.policyFiles.`, error);
  }
}

const isOfUntrustedWorkspace = (uri: vscode.Uri): boolean => !vscode.workspace.isTrusted && isInWorkspace(uri);

function invalid(message: Said, remedy?: Said, cause?: unknown, place?: ErrorPlace): CosignError {
  return new CosignError('POLICY_INVALID', message, { ...(remedy === undefined ? {} : { remedy }), ...(cause === undefined ? {} : { cause }), ...(place ? { place } : {}) });
}
