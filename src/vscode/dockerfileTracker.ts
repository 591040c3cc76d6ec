// Editor events → tracked Dockerfiles; tells the views what is known about each of them.
import * as vscode from 'vscode';
import { isDockerfile } from './dockerfileDocuments.ts';
import type { FileTrust } from './fileTrust.ts';
import { TrackedDocument, type TrackingOptions, type VerifyOptions } from './trackedDocument.ts';

export class DockerfileTracker implements vscode.Disposable {
  readonly #documents = new Map<string, TrackedDocument>();
  readonly #changed = new vscode.EventEmitter<FileTrust>();
  readonly #closed = new vscode.EventEmitter<vscode.Uri>();
  readonly #disposable: vscode.Disposable;
  readonly #options: TrackingOptions;

  readonly onDidChange = this.#changed.event;
  readonly onDidClose = this.#closed.event;

  constructor(options: Omit<TrackingOptions, 'publish'>) {
    this.#options = { ...options, publish: (trust) => this.#changed.fire(trust) };
    const { workspace, window } = vscode;
    this.#disposable = vscode.Disposable.from(
      this.#changed, this.#closed,
      workspace.onDidOpenTextDocument((document) => this.#open(document)),
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#find(document.uri)?.edited();
      }),
      workspace.onDidSaveTextDocument((document) => this.#find(document.uri)?.saved()),
      workspace.onDidCloseTextDocument(({ uri }) => this.#close(uri)),
      window.onDidChangeVisibleTextEditors(() => this.#see()),
      window.onDidChangeWindowState(({ focused }) => {
        if (focused) for (const document of this.#documents.values()) document.retryUnchecked();
      }),
      options.settings.onDidChange(() => {
        for (const document of this.#documents.values()) document.settingsChanged();
      }),
    );
  }

  /** Takes up the documents that are open already; call it when all views listen. */
  start(): void {
    for (const document of vscode.workspace.textDocuments) this.#open(document);
  }

  /** Undefined for a document that is no Dockerfile, or of which nothing is known yet. */
  get(uri: vscode.Uri): FileTrust | undefined {
    const trust = this.#find(uri)?.trust;
    return trust && (trust.version >= 0 || trust.failure) ? trust : undefined;
  }

  /** True for an open Dockerfile. */
  has(uri: vscode.Uri): boolean {
    return this.#find(uri) !== undefined;
  }

  /** Settles when an open Dockerfile has been read, or cannot be. */
  async whenRead(uri: vscode.Uri): Promise<void> {
    await this.#find(uri)?.whenRead();
  }

  /** Every open Dockerfile. */
  all(): readonly FileTrust[] {
    return [...this.#documents.values()].map(({ trust }) => trust);
  }

  /** Verifies because a person asked; rejects with the signal's reason when stopped. */
  async verify(uri: vscode.Uri, options: VerifyOptions, signal: AbortSignal): Promise<void> {
    await this.#find(uri)?.verify(options, signal);
  }

  /** A key file is another one now. */
  keysChanged(): void {
    this.#options.engine.forget();
    for (const document of this.#documents.values()) document.settingsChanged({ keysChanged: true });
  }

  /** There may be other signatures in registries now: verifies every open Dockerfile anew. */
  async imagesChanged(): Promise<void> {
    const signal = new AbortController().signal;
    await Promise.all([...this.#documents.values()].map((document) => document.verify({ fresh: true }, signal)));
  }

  /** Settles when nothing is being read or verified. */
  async whenIdle(): Promise<void> {
    await Promise.all([...this.#documents.values()].map((document) => document.whenIdle()));
  }

  dispose(): void {
    this.#disposable.dispose();
    for (const document of this.#documents.values()) document.dispose();
    this.#documents.clear();
  }

  #find(uri: vscode.Uri): TrackedDocument | undefined {
    return this.#documents.get(uri.toString());
  }

  #open(document: vscode.TextDocument): void {
    if (!isDockerfile(document) || this.#find(document.uri)) return;
    this.#documents.set(document.uri.toString(), new TrackedDocument(document, this.#options));
    this.#see();
  }

  #close(uri: vscode.Uri): void {
    const document = this.#find(uri);
    if (!document) return;
    this.#documents.delete(uri.toString());
    document.dispose();
    this.#closed.fire(uri);
  }

  #see(): void {
    const visible = new Set(vscode.window.visibleTextEditors.map(({ document }) => document.uri.toString()));
    for (const [uri, document] of this.#documents) document.setVisible(visible.has(uri));
  }
}
