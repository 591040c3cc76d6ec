// What the last look at all Dockerfiles of the workspace found, for files that are not open: an open one speaks for itself.
import * as vscode from 'vscode';
import { diagnosticSource } from '../contributions.ts';
import { diagnosticsOf, type DiagnosticLinks } from './diagnosticsView.ts';
import type { DockerfileTracker } from './dockerfileTracker.ts';
import type { FileTrust } from './fileTrust.ts';
import { ScanRound } from './scanRound.ts';
import type { ResourceSettings, Settings } from './settings.ts';

export class WorkspaceResults implements vscode.Disposable {
  readonly #files = new Map<string, FileTrust>();
  readonly #tracker: DockerfileTracker;
  readonly #links: DiagnosticLinks;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #begun = new vscode.EventEmitter<void>();
  readonly #diagnostics = vscode.languages.createDiagnosticCollection(`${diagnosticSource}.workspace`);
  readonly #disposable: vscode.Disposable;
  #watcher: vscode.Disposable | undefined;
  #round: ScanRound | undefined;
  #judgedUnder: readonly ResourceSettings[] = [];

  readonly onDidChange = this.#changed.event;
  /** Fires when {@link judgedUnder} is another list. */
  readonly onDidBegin = this.#begun.event;

  constructor(tracker: DockerfileTracker, settings: Settings, links: DiagnosticLinks) {
    this.#tracker = tracker;
    this.#links = links;
    this.#disposable = vscode.Disposable.from(
      this.#changed, this.#begun, this.#diagnostics,
      // What an open document says takes the place of what was found before.
      tracker.onDidChange(({ uri }) => this.drop(uri)),
      settings.onDidChange(() => this.trustChanged()),
      links.lines.onDidRead(() => {
        for (const [, trust] of this.#files) this.#diagnostics.set(trust.uri, diagnosticsOf(trust, this.#links));
      }),
    );
  }

  /** Every setting that the last round asked under. */
  get judgedUnder(): readonly ResourceSettings[] {
    return this.#judgedUnder;
  }

  /** Forgets what was found before, and ends a round that is under way. Files are to be read from here on: their changes are seen. */
  begin(judgedUnder: readonly ResourceSettings[]): ScanRound {
    this.#round?.end('begun anew');
    this.#clear();
    this.watch();
    this.#judgedUnder = judgedUnder;
    const round = new ScanRound((trust) => this.#put(trust));
    this.#round = round;
    this.#begun.fire();
    return round;
  }

  /** Judged under other settings, policies or keys: nothing of it is known to hold, nor what is still being asked. */
  trustChanged(): void {
    this.#round?.end('settings changed');
    this.#clear();
  }

  /** Every file, by its URI; those that are open are left to the tracker. */
  all(): readonly FileTrust[] {
    return [...this.#files.values()];
  }

  has(uri: vscode.Uri): boolean {
    return this.#files.has(uri.toString());
  }

  /** Takes the results of one file in place of earlier ones. */
  #put(trust: FileTrust): void {
    if (this.#tracker.has(trust.uri)) return;
    this.#files.set(trust.uri.toString(), trust);
    this.#diagnostics.set(trust.uri, diagnosticsOf(trust, this.#links));
    this.#changed.fire();
  }

  /** The file is another one now, or gone, or open. */
  drop(uri: vscode.Uri): void {
    if (!this.#files.delete(uri.toString())) return;
    this.#diagnostics.delete(uri);
    this.#changed.fire();
  }

  #clear(): void {
    if (this.#files.size === 0) return;
    this.#files.clear();
    this.#diagnostics.clear();
    this.#changed.fire();
  }

  dispose(): void {
    this.#round?.end('begun anew');
    this.#disposable.dispose();
    this.#watcher?.dispose();
    this.#files.clear();
  }

  /** From the first round on: a file that was changed since is no longer what was judged, or is being judged. */
  watch(): void {
    if (this.#watcher) return;
    const changed = (uri: vscode.Uri): void => {
      this.#round?.fileChanged(uri);
      this.drop(uri);
    };
    const watcher = vscode.workspace.createFileSystemWatcher('**/*{Dockerfile,dockerfile,Containerfile,containerfile}*', true);
    this.#watcher = vscode.Disposable.from(watcher, watcher.onDidChange(changed), watcher.onDidDelete(changed));
  }
}
