// Composition root of the editor half: hands the machine to the face, and loads the engine when it is first needed.
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import type { DockerfileTracker } from './vscode/dockerfileTracker.ts';
import type { LoadEngine } from './vscode/engineHandle.ts';
import { registerFace } from './vscode/face.ts';
import { complain } from './vscode/messages.ts';
import { t } from './vscode/words.ts';

/** What tests in a real editor get; nothing in any other mode. */
export interface TestHooks {
  readonly tracker: Pick<DockerfileTracker, 'get' | 'whenIdle'>;
}

/** The editor shows nothing when activation fails, so this does. */
export function activate({ subscriptions, extension, extensionUri, extensionMode, secrets, workspaceState, globalState, globalStorageUri }: vscode.ExtensionContext): TestHooks | undefined {
  const homeDirectory = homedir();
  const { version } = extension.packageJSON as { version: string };
  const loadEngine: LoadEngine = async (settings, report) => {
    const { createEngine } = await import('./engine.ts');
    return createEngine({ version, env: process.env, homeDirectory, report, storageFolder: storageFolder(globalStorageUri), fetch: (url, init) => globalThis.fetch(url, init) }, settings);
  };
  try {
    const tracker = registerFace({
      subscriptions, extensionUri, loadEngine, homeDirectory, userSettings: userSettings(globalStorageUri), now: Date.now, version,
      machine: `${process.platform} ${process.arch}, Node.js ${process.version}`, secrets, memory: workspaceState, globalMemory: globalState, environmentPassword: process.env['COSIGN_PASSWORD'],
    });
    return extensionMode === vscode.ExtensionMode.Test ? { tracker } : undefined;
  } catch (error) {
    void complain(t('Countersign could not start: {0}', error instanceof Error ? error.message : String(error)));
    throw error;
  }
}

/** Shared by all windows; nothing is stored where there is no disk. */
function storageFolder(storage: vscode.Uri): string | undefined {
  return storage.scheme === 'file' ? vscode.Uri.joinPath(storage, 'signatures').fsPath : undefined;
}

/** The settings of the profile lie above its storage; those of a remote window are on another machine. */
function userSettings(storage: vscode.Uri): vscode.Uri | undefined {
  return vscode.env.remoteName === undefined && storage.scheme === 'file' ? vscode.Uri.joinPath(storage, '..', '..', 'settings.json') : undefined;
}
