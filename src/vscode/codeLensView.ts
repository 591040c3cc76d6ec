// Draws one lens per image reference, from the first moment, so that no line moves while images are verified.
import * as vscode from 'vscode';
import { commandIds, type AddTrustedKeyTarget } from '../contributions.ts';
import type { UseWithState } from '../presentation/useState.ts';
import { lensTitle } from '../presentation/verdictText.ts';
import { dockerfileSelector } from './dockerfileDocuments.ts';
import type { DockerfileTracker } from './dockerfileTracker.ts';
import { hasKeys, type FileTrust } from './fileTrust.ts';
import { toLocation, toRange } from './places.ts';
import { t } from './words.ts';

export function registerCodeLensView(tracker: DockerfileTracker): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  const provider: vscode.CodeLensProvider = {
    onDidChangeCodeLenses: changed.event,
    provideCodeLenses: ({ uri }) => {
      const trust = tracker.get(uri);
      return trust ? lensesOf(trust) : [];
    },
  };
  const repeats = new Repeats(() => changed.fire());
  return vscode.Disposable.from(
    changed,
    repeats,
    tracker.onDidChange(() => repeats.start()),
    vscode.languages.registerCodeLensProvider(dockerfileSelector, provider),
  );
}

/**
 * The editor drops a refresh of lenses that is due when its text loses the focus, and shows the old ones until the next: an old verdict
 * beside a new underline. So every change is announced again a little later.
 */
class Repeats implements vscode.Disposable {
  readonly #announce: () => void;
  #timers: readonly NodeJS.Timeout[] = [];

  constructor(announce: () => void) {
    this.#announce = announce;
  }

  start(): void {
    this.dispose();
    this.#announce();
    this.#timers = repeatAfterMs.map((delayMs) => setTimeout(this.#announce, delayMs));
  }

  dispose(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}

const repeatAfterMs = [1000, 3000, 10_000];

/** Without a key a single quiet lens, which leads to adding one. */
export function lensesOf(trust: FileTrust): vscode.CodeLens[] {
  if (!trust.settings.codeLens) return [];
  const shown = hasKeys(trust) ? trust.uses : trust.uses.slice(0, 1);
  return shown.map((item) => new vscode.CodeLens(toRange(item.use.range), commandFor(item, trust)));
}

function commandFor(item: UseWithState, { uri }: FileTrust): vscode.Command {
  const title = lensTitle(item, t);
  if (item.state.kind === 'no keys') {
    const target: AddTrustedKeyTarget = { uri: uri.toString(), image: item.use.text };
    return { title, command: commandIds.addTrustedKey, arguments: [target], tooltip: t('Add a key you trust') };
  }
  return { title, command: commandIds.showTrust, arguments: [toLocation(uri, item.use.range)], tooltip: t('Show the trust of this file') };
}
