// Composition root of the editor half: builds the objects, registers the features, and loads the engine when it is first needed.
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import type { Engine, EngineSettings } from './core/engine.ts';
import { registerCodeLensView } from './vscode/codeLensView.ts';
import { registerCommands } from './vscode/commands/index.ts';
import { registerDiagnosticsView } from './vscode/diagnosticsView.ts';
import { DockerfileTracker } from './vscode/dockerfileTracker.ts';
import { EngineHandle } from './vscode/engineHandle.ts';
import { registerHoverView } from './vscode/hoverView.ts';
import { registerKeyFileWatcher } from './vscode/keyFileWatcher.ts';
import { registerLanguageStatusView } from './vscode/languageStatusView.ts';
import { registerLogView } from './vscode/logView.ts';
import { registerQuickFixes } from './vscode/quickFixes.ts';
import { Settings } from './vscode/settings.ts';
import { registerStatusBarView } from './vscode/statusBarView.ts';
import { t } from './vscode/words.ts';

/** What tests in a real editor get; nothing in any other mode. */
export interface TestHooks { readonly tracker: Pick<DockerfileTracker, 'get' | 'whenIdle'> }

/** The editor shows nothing when activation fails, so this does. */
export function activate(context: vscode.ExtensionContext): TestHooks | undefined {
  try {
    return start(context);
  } catch (error) {
    void vscode.window.showErrorMessage(t('Countersign could not start: {0}', error instanceof Error ? error.message : String(error)));
    throw error;
  }
}

function start({ subscriptions, extension, extensionUri, extensionMode }: vscode.ExtensionContext): TestHooks | undefined {
  const own = <T extends vscode.Disposable>(item: T): T => {
    subscriptions.push(item);
    return item;
  };
  const homeDirectory = homedir();
  const { version } = extension.packageJSON as { version: string };
  const load = async (engineSettings: EngineSettings): Promise<Engine> => {
    const { createEngine } = await import('./engine.ts');
    return createEngine({ version, env: process.env, homeDirectory }, engineSettings);
  };
  const log = own(vscode.window.createOutputChannel('Countersign', { log: true }));
  const settings = own(new Settings(homeDirectory));
  const engine = own(new EngineHandle(load, settings, log));
  const tracker = own(new DockerfileTracker({ engine, settings, log, now: Date.now }));
  const views = [registerCodeLensView, registerHoverView, registerStatusBarView, registerLanguageStatusView, registerQuickFixes, registerKeyFileWatcher];
  for (const register of views) own(register(tracker));
  own(registerDiagnosticsView(tracker, extensionUri));
  own(registerLogView(tracker, log));
  own(registerCommands({ tracker, settings, engine, log, extensionUri, homeDirectory }));
  tracker.start();
  return extensionMode === vscode.ExtensionMode.Test ? { tracker } : undefined;
}
