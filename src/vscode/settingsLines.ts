// The lines of settings files that keys and policies are written in: read when first asked for, told when they are there.
import * as vscode from 'vscode';
import type { SettingsPlaces } from '../core/policy/settingsText.ts';
import { watchFile } from './fileWatch.ts';

export class SettingsLines implements vscode.Disposable {
  readonly #known = new Map<string, SettingsPlaces | 'reading'>();
  /** Which reading of a file is the latest. */
  readonly #turns = new Map<string, number>();
  readonly #watchers = new Map<string, vscode.Disposable>();
  readonly #read = new vscode.EventEmitter<vscode.Uri>();
  readonly #disposable: vscode.Disposable;
  #disposed = false;

  /** The places of a file are known now. */
  readonly onDidRead = this.#read.event;

  constructor() {
    this.#disposable = vscode.Disposable.from(this.#read, vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('countersign')) this.#known.clear();
    }), vscode.workspace.onDidChangeTextDocument(({ document }) => this.#again(document.uri)));
  }

  /** Undefined while they are read, and for a file that cannot be read. */
  find(file: vscode.Uri): SettingsPlaces | undefined {
    const name = file.toString();
    const known = this.#known.get(name);
    if (known === undefined) {
      this.#known.set(name, 'reading');
      void this.#look(file, name);
      // A line more above moves everything, whether anything of ours changed or not.
      if (!this.#watchers.has(name) && file.scheme === 'file') this.#watchers.set(name, watchFile(file, () => this.#again(file)));
    }
    return known === 'reading' ? undefined : known;
  }

  #again(file: vscode.Uri): void {
    const name = file.toString();
    if (!this.#disposed && this.#known.has(name)) void this.#look(file, name);
  }

  async #look(file: vscode.Uri, name: string): Promise<void> {
    const turn = (this.#turns.get(name) ?? 0) + 1;
    this.#turns.set(name, turn);
    let places: SettingsPlaces = { policies: [] };
    try {
      const [{ settingsPlaces }, text] = await Promise.all([import('../core/policy/settingsText.ts'), readText(file)]);
      places = settingsPlaces(text);
    } catch {
      // Then the file itself is all that can be pointed at.
    }
    if (this.#disposed || !this.#known.has(name) || this.#turns.get(name) !== turn) return;
    this.#known.set(name, places);
    this.#read.fire(file);
  }

  dispose(): void {
    this.#disposed = true;
    for (const watcher of this.#watchers.values()) watcher.dispose();
    this.#disposable.dispose();
  }
}

/** As it stands in the editor, if it does. */
async function readText(file: vscode.Uri): Promise<string> {
  const open = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === file.toString());
  return open ? open.getText() : new TextDecoder().decode(await vscode.workspace.fs.readFile(file));
}
