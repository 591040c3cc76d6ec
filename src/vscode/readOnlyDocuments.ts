// Texts as documents that can be read and searched, not written, and that no file backs.
import * as vscode from 'vscode';

/** Texts are dropped when their document is closed; this bounds those of which the editor never says so. */
const maxTexts = 20;

export interface ShowOptions {
  /** The person is being asked something and goes on with that. */
  readonly aside: boolean;
  /** Undefined: the editor decides by the name. */
  readonly language?: string;
}

export class ReadOnlyDocuments implements vscode.Disposable {
  readonly #scheme: string;
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #disposable: vscode.Disposable;

  constructor(scheme: string) {
    this.#scheme = scheme;
    this.#disposable = vscode.Disposable.from(
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(scheme, { onDidChange: this.#changed.event, provideTextDocumentContent: (uri) => this.#texts.get(uri.path) }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === scheme) this.#texts.delete(uri.path);
      }),
    );
  }

  /** @param name what the tab says; the same name shows the same document, with the new text */
  async show(name: string, text: string, options: ShowOptions): Promise<vscode.TextDocument> {
    const document = await this.open(name, text, options);
    await vscode.window.showTextDocument(document, { preview: false, preserveFocus: options.aside });
    return document;
  }

  /** As {@link show}, without an editor. */
  async open(name: string, text: string, { language }: Pick<ShowOptions, 'language'> = {}): Promise<vscode.TextDocument> {
    const uri = vscode.Uri.from({ scheme: this.#scheme, path: `/${name}` });
    this.#texts.delete(uri.path);
    this.#texts.set(uri.path, text);
    for (const [oldest] of [...this.#texts].slice(0, -maxTexts)) this.#texts.delete(oldest);
    this.#changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    return language === undefined || document.languageId === language ? document : vscode.languages.setTextDocumentLanguage(document, language);
  }

  dispose(): void {
    this.#disposable.dispose();
    this.#texts.clear();
  }
}
