// Everything that is on screen, put together: takes what it needs of the machine, so that tests can hand over something else.
import * as vscode from 'vscode';
import { registerCodeActionsView } from './codeActionsView.ts';
import { registerCodeLensView } from './codeLensView.ts';
import { registerCommands } from './commands/index.ts';
import { CopyPlanDocuments } from './copyPlanDocuments.ts';
import { registerDiagnosticsView } from './diagnosticsView.ts';
import { DockerfileTracker } from './dockerfileTracker.ts';
import { EngineHandle, type LoadEngine } from './engineHandle.ts';
import { registerFileSignatureDrawing } from './fileSignatureDrawing.ts';
import { FileSignatureTracker } from './fileSignatureTracker.ts';
import { registerHoverView } from './hoverView.ts';
import { registerKeyFileWatcher } from './keyFileWatcher.ts';
import { registerLanguageStatusView } from './languageStatusView.ts';
import { registerLogView } from './logView.ts';
import { Passwords } from './passwords.ts';
import { registerPolicyDocuments } from './policyDocuments.ts';
import { PolicyFiles } from './policyFiles.ts';
import { Settings } from './settings.ts';
import { SettingsLines } from './settingsLines.ts';
import { ReadOnlyDocuments } from './readOnlyDocuments.ts';
import { registerStatusBarView } from './statusBarView.ts';
import { TrustTreeView } from './trustTreeView.ts';
import { WorkspaceResults } from './workspaceResults.ts';

export interface FaceOptions {
  readonly subscriptions: { dispose(): unknown }[];
  readonly extensionUri: vscode.Uri;
  /** Called when a Dockerfile is seen for the first time, not before. */
  readonly loadEngine: LoadEngine;
  readonly homeDirectory: string;
  /** The user's settings.json, where it is known. */
  readonly userSettings?: vscode.Uri | undefined;
  readonly secrets: Pick<vscode.SecretStorage, 'get' | 'store' | 'delete'>;
  /** `COSIGN_PASSWORD`; set but empty is a password like any other. */
  readonly environmentPassword: string | undefined;
  /** Remembers small things for the workspace, never a secret. */
  readonly memory: Pick<vscode.Memento, 'get' | 'update'>;
  /** The same for all windows. */
  readonly globalMemory: Pick<vscode.Memento, 'get' | 'update'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly version: string;
  /** Operating system, processor and runtime, for reports. */
  readonly machine: string;
}

/** Everything created is in `subscriptions`, also when this throws half-way. */
export function registerFace(options: FaceOptions): DockerfileTracker {
  const { subscriptions, extensionUri, loadEngine, homeDirectory, now } = options;
  const own = <T extends vscode.Disposable>(item: T): T => {
    subscriptions.push(item);
    return item;
  };
  const log = own(vscode.window.createOutputChannel('Countersign', { log: true }));
  const policyFiles = own(new PolicyFiles({
    homeDirectory, read: async (uri, bytes) => (await engine.get()).readPolicyFile(uri, bytes), findContainers: async () => (await engine.get()).findContainersPolicy(),
    containersPlaces: async () => (await engine.get()).containersPolicyPlaces(),
  }));
  const settings = own(new Settings({ homeDirectory, userSettings: options.userSettings }, policyFiles));
  const engine: EngineHandle = own(new EngineHandle(loadEngine, settings, log));
  const tracker = own(new DockerfileTracker({ engine, settings, log, now }));
  const links = { lines: own(new SettingsLines()), homes: settings.homes, extensionUri };
  own(registerDiagnosticsView(tracker, links));
  for (const register of [registerCodeLensView, registerStatusBarView, registerLanguageStatusView]) {
    own(register(tracker));
  }
  own(registerHoverView(tracker, engine));
  own(registerCodeActionsView(tracker, engine));
  own(registerLogView(tracker, log));
  own(registerPolicyDocuments({ engine, settings, policyFiles, extensionUri }));
  const fileSignatures = own(new FileSignatureTracker({ engine, settings, log, now }));
  own(registerFileSignatureDrawing(fileSignatures, { settings, log, extensionUri }));
  const passwords = new Passwords({ secrets: options.secrets, environment: options.environmentPassword });
  const copyPlans = own(new CopyPlanDocuments());
  const registryDocuments = own(new ReadOnlyDocuments('countersign-registry'));
  const explanations = own(new ReadOnlyDocuments('countersign-trust'));
  const results = own(new WorkspaceResults(tracker, settings, links));
  own(registerKeyFileWatcher(tracker, results));
  const tree = own(new TrustTreeView(tracker, results, engine));
  own(registerCommands({ tracker, engine, settings, passwords, fileSignatures, copyPlans, registryDocuments, explanations, results, tree, memory: options.memory, globalMemory: options.globalMemory, now, log, extensionUri, version: options.version, machine: options.machine, recentFailures: [] }));
  tracker.start();
  fileSignatures.start();
  return tracker;
}
