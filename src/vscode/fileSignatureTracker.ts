// Files with a signature beside them, as far as they are looked at: what is known about each, and when that is no longer so.
import * as vscode from 'vscode';
import { toCosignError } from '../core/errors.ts';
import type { FileVerdict } from '../core/signingEngine.ts';
import { signaturePaths, signedPath, type FileState } from '../presentation/fileSignatureText.ts';
import type { EngineHandle } from './engineHandle.ts';
import { describeFailure } from './failureLog.ts';
import type { Settings } from './settings.ts';
import { blockingProblem } from './trustReader.ts';

/** One file and what is known about it. */
export interface FileTrustState {
  /** The file that is signed, not its signature. */
  readonly uri: vscode.Uri;
  readonly state: FileState;
}

interface Entry {
  readonly uri: vscode.Uri;
  state: FileState;
  /** Counts what happened on disk: an answer counts only for the contents it was asked about. */
  changes: number;
  /** What was on disk when it was last verified. */
  verified: string;
  run: AbortController | undefined;
  readonly watcher: vscode.Disposable;
}

export type FileProgress = (done: number, total: number) => void;

interface Options {
  readonly engine: EngineHandle;
  readonly settings: Settings;
  readonly log: vscode.LogOutputChannel;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class FileSignatureTracker implements vscode.Disposable {
  readonly #entries = new Map<string, Entry>();
  /** Files on screen that have no signature yet, and what tells when one appears. */
  readonly #unsigned = new Map<string, vscode.Disposable>();
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #options: Options;
  readonly #disposable: vscode.Disposable;
  #disposed = false;

  /** Something may be different on screen. */
  readonly onDidChange = this.#changed.event;

  constructor(options: Options) {
    this.#options = options;
    const { window, workspace } = vscode;
    this.#disposable = vscode.Disposable.from(
      this.#changed,
      window.onDidChangeVisibleTextEditors(() => void this.#look()),
      // Sooner than the watcher: what was saved is not what was verified.
      workspace.onDidSaveTextDocument(({ uri }) => {
        const entry = this.#find(uri);
        if (entry) this.#outdate(entry);
      }),
      options.settings.onDidChange(() => this.#settingsChanged()),
    );
  }

  /** Looks at what is open already; call it when all views listen. */
  start(): void {
    void this.#look();
  }

  /** Looks again at what is on screen: there may be new signatures. */
  refresh(): Promise<void> {
    return this.#look();
  }

  /** Whether anything is known about any file. */
  get hasFiles(): boolean {
    return this.#entries.size > 0;
  }

  /** What is known about a file, or about the file a signature file is about; undefined where there is no signature. */
  get(uri: vscode.Uri): FileTrustState | undefined {
    const entry = this.#find(uri);
    return entry && { uri: entry.uri, state: entry.state };
  }

  /**
   * Verifies because a person asked, or because the file was just signed.
   * @throws {CosignError} when the engine cannot be loaded; the signal's reason
   */
  async verify(uri: vscode.Uri, onProgress: FileProgress, signal: AbortSignal): Promise<FileState> {
    const subject = subjectOf(uri);
    const entry = this.#find(subject) ?? this.#add(subject);
    await this.#verify(entry, onProgress, signal);
    const { state } = entry;
    if (state.kind === 'unsigned') {
      this.#remove(subject);
      void this.#look();
    }
    return state;
  }

  dispose(): void {
    this.#disposed = true;
    this.#disposable.dispose();
    for (const entry of this.#entries.values()) drop(entry);
    for (const watcher of this.#unsigned.values()) watcher.dispose();
    this.#entries.clear();
    this.#unsigned.clear();
  }

  /** Takes up the files on screen that have a signature, lets go of those that are not on screen any more. */
  async #look(): Promise<void> {
    const shown = vscode.window.visibleTextEditors.map(({ document: { uri } }) => uri).filter(({ scheme }) => scheme === 'file').map(subjectOf);
    const names = new Set(shown.map(String));
    for (const entry of this.#entries.values()) if (!names.has(entry.uri.toString())) this.#remove(entry.uri);
    for (const name of this.#unsigned.keys()) if (!names.has(name)) this.#forgetUnsigned(name);
    for (const uri of shown) {
      if (this.#find(uri)) continue;
      // Watched before it is looked at, so that none appears in between.
      this.#awaitSignature(uri);
      if (!await hasSignature(uri) || this.#disposed || this.#find(uri) || !isShown(uri)) continue;
      const entry = this.#add(uri);
      void this.#verifyUnasked(entry);
    }
    if (!this.#disposed) this.#changed.fire(undefined);
  }

  async #verifyUnasked(entry: Entry): Promise<void> {
    const { trust, verifyOn } = this.#options.settings.forResource(entry.uri);
    if (trust.keys.length === 0 && trust.problems.length === 0) this.#set(entry, { kind: 'no keys' });
    else if (verifyOn !== 'manual') {
      await this.#verify(entry, () => undefined, new AbortController().signal).catch((error: unknown) => {
        if (error instanceof vscode.CancellationError) return;
        this.#options.log.error(`${vscode.workspace.asRelativePath(entry.uri)} could not be verified: ${describeFailure(error)}`);
      });
    }
  }

  async #verify(entry: Entry, onProgress: FileProgress, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { trust } = this.#options.settings.forResource(entry.uri);
    if (trust.keys.length === 0 && trust.problems.length === 0) {
      this.#set(entry, { kind: 'no keys' });
      return;
    }
    entry.run?.abort(new vscode.CancellationError());
    const run = new AbortController();
    const stop = (): void => run.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    entry.run = run;
    const before = entry.state;
    const { changes } = entry;
    this.#set(entry, { kind: 'pending' });
    try {
      entry.verified = await versionsOf(entry.uri);
      const blocked = blockingProblem(trust);
      const verdict: FileVerdict = blocked
        ? { kind: 'unchecked', reason: blocked, checkedAt: this.#options.now() }
        : await (await this.#options.engine.get()).signing.verifyFile(entry.uri.fsPath, trust, onProgress, run.signal);
      run.signal.throwIfAborted();
      if (entry.run === run) this.#set(entry, entry.changes === changes ? verdict : { kind: 'stale' });
    } catch (error) {
      // Stopped: what was known before holds, unless the file is another by now.
      const left: FileState = run.signal.aborted ? (entry.changes === changes && before.kind !== 'pending' ? before : { kind: before.kind === 'verified' ? 'stale' : 'waiting' })
        : { kind: 'unchecked', reason: toCosignError(error), checkedAt: this.#options.now() };
      if (entry.run === run) this.#set(entry, left);
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      if (entry.run === run) entry.run = undefined;
    }
  }

  #settingsChanged(): void {
    for (const entry of this.#entries.values()) {
      entry.run?.abort(new vscode.CancellationError());
      entry.run = undefined;
      entry.changes += 1;
      this.#set(entry, { kind: 'waiting' });
      void this.#verifyUnasked(entry);
    }
  }

  /** The file or a signature of it may be another one on disk; events of what was verified already come late. */
  async #touched(entry: Entry | undefined): Promise<void> {
    if (entry && await versionsOf(entry.uri) !== entry.verified && !this.#disposed && this.#find(entry.uri) === entry) this.#outdate(entry);
  }

  #outdate(entry: Entry): void {
    entry.changes += 1;
    if (!['waiting', 'no keys', 'pending'].includes(entry.state.kind)) this.#set(entry, { kind: 'stale' });
    void hasSignature(entry.uri).then((has) => {
      if (has || this.#disposed || this.#find(entry.uri) !== entry || entry.state.kind === 'pending') return;
      this.#remove(entry.uri);
      void this.#look();
    });
  }

  #set(entry: Entry, state: FileState): void {
    entry.state = state;
    if (!this.#disposed) this.#changed.fire(undefined);
  }

  #find(uri: vscode.Uri): Entry | undefined {
    return this.#entries.get(subjectOf(uri).toString());
  }

  #add(uri: vscode.Uri): Entry {
    this.#forgetUnsigned(uri.toString());
    const watcher = watcherFor(uri, '{,.sig,.sigstore.json,.bundle}');
    const touched = (): void => void this.#touched(this.#find(uri));
    const entry: Entry = {
      uri, state: { kind: 'waiting' }, changes: 0, verified: '', run: undefined,
      watcher: vscode.Disposable.from(watcher, watcher.onDidChange(touched), watcher.onDidCreate(touched), watcher.onDidDelete(touched)),
    };
    this.#entries.set(uri.toString(), entry);
    return entry;
  }

  /** Somebody may sign with another program while the file is open. */
  #awaitSignature(uri: vscode.Uri): void {
    if (this.#disposed || this.#unsigned.has(uri.toString())) return;
    const watcher = watcherFor(uri, '{.sig,.sigstore.json,.bundle}');
    const appeared = (): void => void this.#look();
    this.#unsigned.set(uri.toString(), vscode.Disposable.from(watcher, watcher.onDidCreate(appeared), watcher.onDidChange(appeared)));
  }

  #forgetUnsigned(name: string): void {
    this.#unsigned.get(name)?.dispose();
    this.#unsigned.delete(name);
  }

  #remove(uri: vscode.Uri): void {
    const entry = this.#entries.get(uri.toString());
    if (!entry) return;
    this.#entries.delete(uri.toString());
    drop(entry);
  }
}

/** @param endings a glob for what follows the name of the file */
function watcherFor(uri: vscode.Uri, endings: string): vscode.FileSystemWatcher {
  const name = uri.path.slice(uri.path.lastIndexOf('/') + 1).replace(/[*?[\]{}]/g, '[$&]');
  return vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.joinPath(uri, '..'), `${name}${endings}`));
}

function isShown(uri: vscode.Uri): boolean {
  return vscode.window.visibleTextEditors.some(({ document }) => subjectOf(document.uri).toString() === uri.toString());
}

function drop({ run, watcher }: Entry): void {
  run?.abort(new vscode.CancellationError());
  watcher.dispose();
}

/** Size and time of the file and of each signature it may have: the same text for the same bytes on disk. */
async function versionsOf(uri: vscode.Uri): Promise<string> {
  const versions = await Promise.all([uri.path, ...signaturePaths(uri.path)].map(async (path) => {
    try {
      const { size, mtime } = await vscode.workspace.fs.stat(uri.with({ path }));
      return `${size} ${mtime}`;
    } catch {
      return 'none';
    }
  }));
  return versions.join(', ');
}

function subjectOf(uri: vscode.Uri): vscode.Uri {
  const path = signedPath(uri.path);
  return path === undefined ? uri : uri.with({ path });
}

/** Asked of the editor, so that the engine is not loaded for files that nobody signed. */
async function hasSignature(uri: vscode.Uri): Promise<boolean> {
  const isFile = async (path: string): Promise<boolean> => {
    try {
      return ((await vscode.workspace.fs.stat(uri.with({ path }))).type & vscode.FileType.File) !== 0;
    } catch {
      return false;
    }
  };
  return (await Promise.all(signaturePaths(uri.path).map(isFile))).some(Boolean);
}
