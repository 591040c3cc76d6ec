// Plans of copies as documents, numbered.
import type * as vscode from 'vscode';
import { ReadOnlyDocuments } from './readOnlyDocuments.ts';
import { t } from './words.ts';

export class CopyPlanDocuments implements vscode.Disposable {
  readonly #documents = new ReadOnlyDocuments('countersign-copy-plan');
  #count = 0;

  /** @param options.aside the person is being asked something and goes on with that */
  async show(text: string, options: { readonly aside: boolean }): Promise<void> {
    this.#count += 1;
    await this.#documents.show(`${t('Copy Plan {0}', this.#count)}.txt`, text, options);
  }

  dispose(): void {
    this.#documents.dispose();
  }
}
