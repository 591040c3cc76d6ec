// One look at all Dockerfiles, under the settings as they are when it begins: it ends when they change, and what comes later counts for nothing.
import * as vscode from 'vscode';
import type { FileTrust } from './fileTrust.ts';

/** Why a round ended before its time. */
export type RoundEnd = 'settings changed' | 'begun anew';

export class ScanRound {
  readonly #run = new AbortController();
  readonly #changed = new Set<string>();
  readonly #put: (trust: FileTrust) => void;
  #ended: RoundEnd | undefined;

  constructor(put: (trust: FileTrust) => void) {
    this.#put = put;
  }

  /** Aborts with a `CancellationError` when the round ends, or is stopped. */
  get signal(): AbortSignal {
    return this.#run.signal;
  }

  get ended(): RoundEnd | undefined {
    return this.#ended;
  }

  /** Nothing after the end, nor of a file that is another one now. */
  put(trust: FileTrust): void {
    if (!this.#ended && !this.isChanged(trust.uri)) this.#put(trust);
  }

  /** Whether the file was changed or deleted since the round began. */
  isChanged(uri: vscode.Uri): boolean {
    return this.#changed.has(uri.toString());
  }

  fileChanged(uri: vscode.Uri): void {
    this.#changed.add(uri.toString());
  }

  /** A person stopped it: nothing more is asked, and what was answered counts. */
  stop(): void {
    this.#run.abort(new vscode.CancellationError());
  }

  end(why: RoundEnd): void {
    if (this.#ended) return;
    this.#ended = why;
    this.stop();
  }
}
