// A fake of the `vscode` module, as far as the extension uses it: face tests are bundled with it in place of the editor.
import { CancellationError, CancellationTokenSource, Disposable, EventEmitter } from './vscode/events.ts';
import { pseudo } from './pseudo.ts';
import { FakeConfiguration } from './vscode/configuration.ts';
import { FakeDocument, FakeEditor } from './vscode/documents.ts';
import { FakeLanguages } from './vscode/languages.ts';
import { Script } from './vscode/prompts.ts';
import { FileType, Uri, type RelativePattern, type WorkspaceEdit } from './vscode/values.ts';

export * from './vscode/values.ts';
export { CancellationError, CancellationTokenSource, Disposable, EventEmitter };

interface Folder { readonly uri: Uri; readonly name: string; readonly index: number }
export interface FakeStatusBarItem {
  text: string; tooltip: unknown; name: string | undefined; command: unknown; backgroundColor: unknown; accessibilityInformation: unknown; visible: boolean;
  show(): void; hide(): void; dispose(): void;
}

interface FakeTreeView { badge: unknown; readonly options: { readonly treeDataProvider: unknown }; dispose(): void }

const events = {
  open: new EventEmitter<FakeDocument>(), change: new EventEmitter<{ document: FakeDocument; contentChanges: readonly unknown[] }>(), save: new EventEmitter<FakeDocument>(), close: new EventEmitter<FakeDocument>(),
  active: new EventEmitter<FakeEditor | undefined>(), visible: new EventEmitter<readonly FakeEditor[]>(), focus: new EventEmitter<{ focused: boolean; active: boolean }>(),
  granted: new EventEmitter<void>(), folders: new EventEmitter<unknown>(),
};

/** The hands of a test: what the person and the machine around the extension do, and what is on screen. */
export const fake = {
  configuration: new FakeConfiguration(),
  languages: new FakeLanguages(),
  script: new Script(),
  commands: new Map<string, (...args: unknown[]) => unknown>(),
  executed: [] as { command: string; args: readonly unknown[] }[],
  /** By path, of `workspace.fs`. */
  files: new Map<string, Uint8Array>(),
  times: new Map<string, { readonly bytes: Uint8Array; readonly time: number }>(),
  /** Another time for every other array of bytes. */
  modified(path: string, bytes: Uint8Array): number {
    const known = this.times.get(path);
    const time = known?.bytes === bytes ? known.time : (known?.time ?? 0) + 1;
    this.times.set(path, { bytes, time });
    return time;
  },
  trees: new Map<string, FakeTreeView>(),
  watchers: new Set<{ pattern: RelativePattern | string; created: EventEmitter<Uri>; changed: EventEmitter<Uri>; deleted: EventEmitter<Uri> }>(),
  /** By name, of the secret storage. */
  kept: new Map<string, string>(),
  remembered: new Map<string, unknown>(),
  /** Texts that are no files, by scheme. */
  contents: new Map<string, { provideTextDocumentContent(uri: Uri): string | undefined }>(),
  /** Documents changed by an edit of the extension: each is one step to undo. */
  edits: 0,
  refusesEdits: false,
  /** What a person answers who is asked where to save; undefined: leaves. */
  savesAs: undefined as Uri | undefined,
  reports: [] as unknown[],
  secrets: {
    get: (name: string): Promise<string | undefined> => Promise.resolve(fake.kept.get(name)),
    store: (name: string, value: string): Promise<void> => { fake.kept.set(name, value); return Promise.resolve(); },
    delete: (name: string): Promise<void> => { fake.kept.delete(name); return Promise.resolve(); },
  },
  memory: {
    get: <T>(name: string, otherwise?: T): T => (fake.remembered.has(name) ? fake.remembered.get(name) : otherwise) as T,
    update: (name: string, value: unknown): Promise<void> => { fake.remembered.set(name, value); return Promise.resolve(); },
  },
  statusBar: new Set<FakeStatusBarItem>(),
  log: [] as { level: string; text: string }[],
  logShown: 0,
  clipboard: '',
  opened: [] as string[],
  /** The editor speaks the language for tests. */
  isPseudo: false,
  progress: [] as { title: string | undefined; source: CancellationTokenSource; done: boolean }[],
  withDelay: undefined as (() => Promise<void>) | undefined,

  reset(): void {
    this.configuration = new FakeConfiguration();
    this.configuration.hasWorkspaceFile = () => workspace.workspaceFile !== undefined;
    this.languages = new FakeLanguages();
    this.script = new Script();
    for (const map of [this.commands, this.files, this.watchers, this.statusBar, this.kept, this.remembered, this.trees]) map.clear();
    this.contents.clear(); this.edits = 0; this.refusesEdits = false; this.savesAs = undefined;
    this.reports = [];
    this.executed = []; this.log = []; this.logShown = 0; this.clipboard = ''; this.opened = []; this.isPseudo = false; this.progress = [];
    for (const emitter of Object.values(events)) emitter.dispose();
    workspace.textDocuments = []; workspace.isTrusted = true; workspace.workspaceFolders = undefined; workspace.workspaceFile = undefined;
    window.visibleTextEditors = []; window.activeTextEditor = undefined; window.state = { focused: true, active: true };
  },
  /** Listeners of every event, and everything registered: zero after disposal. */
  get held(): number {
    return Object.values(events).reduce((sum, emitter) => sum + emitter.listeners.size, 0) + this.configuration.onDidChange.listeners.size
      + this.languages.registrations + this.commands.size + this.statusBar.size + this.watchers.size + this.contents.size + this.trees.size;
  },
  folder(path: string): void { workspace.workspaceFolders = [{ uri: Uri.file(path), name: path.split('/').at(-1) ?? path, index: 0 }]; },
  /** Opens a document without showing it. */
  open(path: string, text: string, languageId = 'dockerfile'): FakeDocument {
    const document = new FakeDocument(path.includes(':') ? Uri.parse(path) : Uri.file(path), text, languageId);
    workspace.textDocuments = [...workspace.textDocuments, document];
    events.open.fire(document);
    return document;
  },
  show(document: FakeDocument): FakeEditor {
    const editor = new FakeEditor(document);
    window.visibleTextEditors = [editor];
    window.activeTextEditor = editor;
    events.active.fire(editor);
    events.visible.fire(window.visibleTextEditors);
    return editor;
  },
  hideAll(): void {
    window.visibleTextEditors = [];
    window.activeTextEditor = undefined;
    events.active.fire(undefined);
    events.visible.fire([]);
  },
  edit(document: FakeDocument, text: string): void {
    document.replace(text);
    events.change.fire({ document, contentChanges: [{}] });
  },
  save(document: FakeDocument): void {
    document.isDirty = false;
    events.save.fire(document);
  },
  /** A file of `workspace.fs`, and everybody who watches it is told. */
  write(path: string, text: string): void {
    const isNew = !this.files.has(path);
    this.files.set(path, new TextEncoder().encode(text));
    for (const { pattern, changed, created } of [...this.watchers]) if (isWatched(pattern, path)) (isNew ? created : changed).fire(Uri.file(path));
  },
  remove(path: string): void {
    this.files.delete(path);
    for (const { pattern, deleted } of this.watchers) if (isWatched(pattern, path)) deleted.fire(Uri.file(path));
  },
  close(document: FakeDocument): void {
    document.isClosed = true;
    workspace.textDocuments = workspace.textDocuments.filter((other) => other !== document);
    if (window.activeTextEditor?.document === document) this.hideAll();
    events.close.fire(document);
  },
  focus(focused: boolean): void {
    window.state = { focused, active: focused };
    events.focus.fire(window.state);
  },
  grantTrust(): void {
    workspace.isTrusted = true;
    events.granted.fire();
  },
  set(scope: 'user' | 'workspace' | 'folder', id: string, value: unknown): void {
    this.configuration[scope][id] = value;
    this.configuration.changed(id);
  },
};

function isWatched(pattern: RelativePattern | string, path: string): boolean {
  return typeof pattern === 'string' ? matchesGlob(pattern, path) : matchesGlob(pattern.pattern, path.slice(pattern.baseUri.path.length + 1)) && path.startsWith(`${pattern.baseUri.path}/`);
}

/** As far as the extension's patterns go: stars, and alternatives in braces. */
function matchesGlob(glob: string, path: string): boolean {
  const source = glob.replace(/\*\*\/|\*\*|\*|[{},]|[^*{},]+/g, (part) => ({ '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '{': '(?:', '}': ')', ',': '|' })[part] ?? part.replace(/[.+?^$()[\]\\]/g, '\\$&'));
  return new RegExp(`^${source}$`).test(path);
}

const disposableProgress = async (options: { title?: string }, task: (progress: unknown, token: unknown) => Promise<unknown>): Promise<unknown> => {
  const entry = { title: options.title, source: new CancellationTokenSource(), done: false };
  fake.progress.push(entry);
  try {
    return await task({ report: (step: unknown) => { fake.reports.push(step); } }, entry.source.token);
  } finally {
    entry.done = true;
  }
};

export const workspace = {
  textDocuments: [] as readonly FakeDocument[],
  workspaceFolders: undefined as readonly Folder[] | undefined,
  workspaceFile: undefined as Uri | undefined,
  isTrusted: true,
  onDidOpenTextDocument: events.open.event,
  onDidChangeTextDocument: events.change.event,
  onDidSaveTextDocument: events.save.event,
  onDidCloseTextDocument: events.close.event,
  onDidGrantWorkspaceTrust: events.granted.event,
  onDidChangeWorkspaceFolders: events.folders.event,
  onDidChangeConfiguration: (listener: (change: never) => unknown) => fake.configuration.onDidChange.event(listener as (change: unknown) => unknown),
  getConfiguration: (section?: string) => fake.configuration.section(section),
  getWorkspaceFolder: (uri: Uri): Folder | undefined => workspace.workspaceFolders?.find((folder) => uri.path.startsWith(`${folder.uri.path}/`)),
  findFiles: (pattern: RelativePattern | string, exclude?: string | null): Promise<readonly Uri[]> =>
    Promise.resolve([...fake.files.keys()].filter((path) => isWatched(pattern, path) && (exclude === undefined || exclude === null || !matchesGlob(exclude, path))).map((path) => Uri.file(path))),
  openTextDocument: (what: Uri | { content: string; language: string }): Promise<FakeDocument> => {
    if (!(what instanceof Uri)) return Promise.resolve(fake.open('untitled:Untitled-1', what.content, what.language));
    const open = workspace.textDocuments.find((document) => document.uri.toString() === what.toString());
    if (open) return Promise.resolve(open);
    const bytes = what.scheme === 'file' ? fake.files.get(what.path) : undefined;
    if (bytes) return Promise.resolve(fake.open(what.path, new TextDecoder().decode(bytes), /(?:Docker|Container)file/i.test(what.path) ? 'dockerfile' : 'plaintext'));
    const text = fake.contents.get(what.scheme)?.provideTextDocumentContent(what);
    return text === undefined ? Promise.reject(new Error(`no text for ${what.toString()}`)) : Promise.resolve(fake.open(what.toString(), text, 'plaintext'));
  },
  registerTextDocumentContentProvider: (scheme: string, provider: { provideTextDocumentContent(uri: Uri): string | undefined }): Disposable => {
    fake.contents.set(scheme, provider);
    return new Disposable(() => fake.contents.delete(scheme));
  },
  /** A buffer that is no file yet becomes the file that {@link fake.savesAs} says. */
  save: (uri: Uri): Promise<Uri | undefined> => {
    const document = workspace.textDocuments.find((open) => open.uri.toString() === uri.toString());
    const file = fake.savesAs;
    if (!document || !file) return Promise.resolve(undefined);
    fake.close(document);
    fake.write(file.path, document.getText());
    fake.show(fake.open(file.toString(), document.getText(), document.languageId));
    return Promise.resolve(file);
  },
  /** What the editor does with the edit of a code action, too. */
  applyEdit: (edit: WorkspaceEdit): Promise<boolean> => {
    if (fake.refusesEdits) return Promise.resolve(false);
    for (const { uri, replacements } of edit.files) {
      const document = workspace.textDocuments.find((open) => open.uri.toString() === uri.toString());
      if (!document) return Promise.resolve(false);
      let text = document.getText();
      for (const { range, text: put } of [...replacements].sort((a, b) => document.offsetAt(b.range.start) - document.offsetAt(a.range.start))) {
        text = text.slice(0, document.offsetAt(range.start)) + put + text.slice(document.offsetAt(range.end));
      }
      fake.edits += 1;
      fake.edit(document, text);
    }
    return Promise.resolve(true);
  },
  fs: {
    stat: ({ path }: Uri): Promise<{ type: number; size: number; mtime: number }> => {
      const bytes = fake.files.get(path);
      if (bytes) return Promise.resolve({ type: FileType.File, size: bytes.byteLength, mtime: fake.modified(path, bytes) });
      return [...fake.files.keys()].some((other) => other.startsWith(`${path}/`)) ? Promise.resolve({ type: FileType.Directory, size: 0, mtime: 0 }) : Promise.reject(new Error(`FileNotFound: ${path}`));
    },
    readFile: ({ path }: Uri): Promise<Uint8Array> => {
      const bytes = fake.files.get(path);
      return bytes ? Promise.resolve(bytes) : Promise.reject(new Error(`FileNotFound: ${path}`));
    },
    writeFile: ({ path }: Uri, bytes: Uint8Array): Promise<void> => { fake.files.set(path, bytes); return Promise.resolve(); },
  },
  asRelativePath: (uri: Uri): string => {
    const folder = workspace.getWorkspaceFolder(uri);
    return folder ? uri.path.slice(folder.uri.path.length + 1) : uri.fsPath;
  },
  createFileSystemWatcher: (pattern: RelativePattern | string) => {
    const watcher = { pattern, created: new EventEmitter<Uri>(), changed: new EventEmitter<Uri>(), deleted: new EventEmitter<Uri>() };
    fake.watchers.add(watcher);
    return { onDidChange: watcher.changed.event, onDidCreate: watcher.created.event, onDidDelete: watcher.deleted.event, dispose: () => fake.watchers.delete(watcher) };
  },
};

export const window = {
  visibleTextEditors: [] as readonly FakeEditor[],
  activeTextEditor: undefined as FakeEditor | undefined,
  state: { focused: true, active: true },
  onDidChangeActiveTextEditor: events.active.event,
  onDidChangeVisibleTextEditors: events.visible.event,
  onDidChangeWindowState: events.focus.event,
  createStatusBarItem: (): FakeStatusBarItem => {
    const item: FakeStatusBarItem = {
      text: '', tooltip: undefined, name: undefined, command: undefined, backgroundColor: undefined, accessibilityInformation: undefined, visible: false,
      show: () => { item.visible = true; }, hide: () => { item.visible = false; }, dispose: () => { fake.statusBar.delete(item); },
    };
    fake.statusBar.add(item);
    return item;
  },
  createTreeView: (id: string, options: FakeTreeView['options']): FakeTreeView => {
    const view = { badge: undefined, options, dispose: () => { fake.trees.delete(id); } };
    fake.trees.set(id, view);
    return view;
  },
  createOutputChannel: (name: string) => {
    const write = (level: string) => (text: unknown, ...args: readonly unknown[]) => { fake.log.push({ level, text: [text, ...args].map(String).join(' ') }); };
    return {
      name, trace: write('trace'), debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error'), appendLine: write('info'),
      show: () => { fake.logShown += 1; }, dispose: () => undefined,
    };
  },
  showErrorMessage: (text: string, ...rest: readonly unknown[]) => fake.script.message('error', text, ...rest),
  showWarningMessage: (text: string, ...rest: readonly unknown[]) => fake.script.message('warning', text, ...rest),
  showInformationMessage: (text: string, ...rest: readonly unknown[]) => fake.script.message('information', text, ...rest),
  createQuickPick: () => fake.script.createQuickPick(),
  createInputBox: () => fake.script.createInputBox(),
  showOpenDialog: (options: { title?: string }) => fake.script.openDialog(options),
  showTextDocument: (document: FakeDocument, options?: { preserveFocus?: boolean }) => Promise.resolve(options?.preserveFocus ? new FakeEditor(document) : fake.show(document)),
  setStatusBarMessage: () => new Disposable(() => undefined),
  withProgress: disposableProgress,
};

export const languages = {
  setTextDocumentLanguage: (document: FakeDocument): Promise<FakeDocument> => Promise.resolve(document),
  createDiagnosticCollection: (name: string) => fake.languages.api.createDiagnosticCollection(name),
  registerCodeLensProvider: (...args: Parameters<FakeLanguages['api']['registerCodeLensProvider']>) => fake.languages.api.registerCodeLensProvider(...args),
  registerHoverProvider: (...args: Parameters<FakeLanguages['api']['registerHoverProvider']>) => fake.languages.api.registerHoverProvider(...args),
  registerCodeActionsProvider: (...args: Parameters<FakeLanguages['api']['registerCodeActionsProvider']>) => fake.languages.api.registerCodeActionsProvider(...args),
  registerCompletionItemProvider: (...args: Parameters<FakeLanguages['api']['registerCompletionItemProvider']>) => fake.languages.api.registerCompletionItemProvider(...args),
  createLanguageStatusItem: (id: string, selector: unknown) => fake.languages.api.createLanguageStatusItem(id, selector),
};

export const commands = {
  registerCommand: (id: string, run: (...args: unknown[]) => unknown): Disposable => {
    if (fake.commands.has(id)) throw new Error(`command '${id}' already exists`);
    fake.commands.set(id, run);
    return new Disposable(() => fake.commands.delete(id));
  },
  executeCommand: (command: string, ...args: readonly unknown[]): Promise<unknown> => {
    fake.executed.push({ command, args });
    return Promise.resolve(fake.commands.get(command)?.(...args));
  },
};

export const version = '1.100.0';

export const env = {
  appName: 'Editor',
  appHost: 'desktop',
  remoteName: undefined as string | undefined,
  clipboard: {
    readText: (): Promise<string> => Promise.resolve(fake.clipboard),
    writeText: (text: string): Promise<void> => {
      fake.clipboard = text;
      return Promise.resolve();
    },
  },
  openExternal: (uri: Uri): Promise<boolean> => {
    fake.opened.push(uri.toString());
    return Promise.resolve(true);
  },
};

export const l10n = {
  t: (message: string, ...args: readonly unknown[]): string => (fake.isPseudo ? pseudo(message) : message).replace(/\{(\d+)\}/g, (_, index: string) => String(args[Number(index)])),
};
