// Draws one lens per image reference, from the first moment, so that no line moves while images are verified.
import * as vscode from 'vscode';
import { commandIds, type AddTrustedKeyTarget } from '../contributions.ts';
import type { UseWithState } from '../presentation/useState.ts';
import { lensTitle } from '../presentation/verdictText.ts';
import { dockerfileSelector } from './dockerfileDocuments.ts';
import type { DockerfileTracker } from './dockerfileTracker.ts';
import { hasKeys, type FileTrust } from './fileTrust.ts';
import { verifiedPins } from './pinPlans.ts';
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

/** Without a key a single quiet lens, which leads to adding one, and its actions. */
export function lensesOf(trust: FileTrust): vscode.CodeLens[] {
  if (!trust.settings.codeLens) return [];
  const shown = hasKeys(trust) ? trust.uses : trust.uses.slice(0, 1);
  return shown.flatMap((item) => [commandFor(item, trust), ...actionsFor(item, trust)].map((command) => new vscode.CodeLens(toRange(item.use.range), command)));
}

/** As the settings want them, where they can do something. */
function actionsFor(item: UseWithState, trust: FileTrust): readonly vscode.Command[] {
  const { use } = item;
  const place = toLocation(trust.uri, use.range);
  const usesLogins = use.reference !== undefined && !trust.restricted;
  return trust.settings.lensActions.flatMap((action): readonly vscode.Command[] => {
    switch (action) {
      case 'sign': return usesLogins ? [{ title: t('Sign…'), command: commandIds.signImage, arguments: [place], tooltip: t('Sign this image') }] : [];
      case 'copy': return usesLogins ? [{ title: t('Copy…'), command: commandIds.copyImage, arguments: [place], tooltip: t('Copy this image with its signatures') }] : [];
      case 'pin': return verifiedPins(trust).some((pin) => pin.use === use)
        ? [{ title: t('Pin'), command: commandIds.pinImages, arguments: [place, 'this'], tooltip: t('Pin this image to its verified digest') }] : [];
    }
  });
}

function commandFor(item: UseWithState, { uri }: FileTrust): vscode.Command {
  const title = lensTitle(item, t);
  if (item.state.kind === 'no keys') {
    const target: AddTrustedKeyTarget = { uri: uri.toString(), image: item.use.text };
    return { title, command: commandIds.addTrustedKey, arguments: [target], tooltip: t('Add a key you trust') };
  }
  return { title, command: commandIds.showTrust, arguments: [toLocation(uri, item.use.range)], tooltip: t('Show the trust of this file') };
}
