// Plans of copies as documents that can be read and searched, not written.
import * as vscode from 'vscode';
import { t } from './words.ts';

const scheme = 'countersign-copy-plan';
/** Texts are dropped when their document is closed; this bounds those of which the editor never says so. */
const maxTexts = 20;

export class CopyPlanDocuments implements vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #disposable: vscode.Disposable;
  #count = 0;

  constructor() {
    this.#disposable = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(scheme, { provideTextDocumentContent: (uri) => this.#texts.get(uri.path) }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === scheme) this.#texts.delete(uri.path);
      }),
    );
  }

  /** @param aside the person is being asked something and goes on with that */
  async show(text: string, { aside }: { readonly aside: boolean }): Promise<void> {
    this.#count += 1;
    const path = `/${t('Copy Plan {0}', this.#count)}.txt`;
    this.#texts.set(path, text);
    for (const [oldest] of [...this.#texts].slice(0, -maxTexts)) this.#texts.delete(oldest);
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(`${scheme}:${encodeURI(path)}`));
    await vscode.window.showTextDocument(document, { preview: false, preserveFocus: aside });
  }

  dispose(): void {
    this.#disposable.dispose();
    this.#texts.clear();
  }
}
