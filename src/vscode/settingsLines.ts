// The lines of settings files that keys and policies are written in: read when first asked for, told when they are there.
import * as vscode from 'vscode';
import type { SettingsPlaces } from '../core/policy/settingsText.ts';

export class SettingsLines implements vscode.Disposable {
  readonly #known = new Map<string, SettingsPlaces | 'reading'>();
  readonly #read = new vscode.EventEmitter<vscode.Uri>();
  readonly #disposable: vscode.Disposable;
  #disposed = false;

  /** The places of a file are known now. */
  readonly onDidRead = this.#read.event;

  constructor() {
    this.#disposable = vscode.Disposable.from(this.#read, vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('countersign')) this.#known.clear();
    }));
  }

  /** Undefined while they are read, and for a file that cannot be read. */
  find(file: vscode.Uri): SettingsPlaces | undefined {
    const name = file.toString();
    const known = this.#known.get(name);
    if (known === undefined) {
      this.#known.set(name, 'reading');
      void this.#look(file, name);
    }
    return known === 'reading' ? undefined : known;
  }

  async #look(file: vscode.Uri, name: string): Promise<void> {
    let places: SettingsPlaces = { policies: [] };
    try {
      const [{ settingsPlaces }, text] = await Promise.all([import('../core/policy/settingsText.ts'), readText(file)]);
      places = settingsPlaces(text);
    } catch {
      // Then the file itself is all that can be pointed at.
    }
    if (this.#disposed || this.#known.get(name) !== 'reading') return;
    this.#known.set(name, places);
    this.#read.fire(file);
  }

  dispose(): void {
    this.#disposed = true;
    this.#disposable.dispose();
  }
}

/** As it stands in the editor, if it does. */
async function readText(file: vscode.Uri): Promise<string> {
  const open = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === file.toString());
  return open ? open.getText() : new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
}
