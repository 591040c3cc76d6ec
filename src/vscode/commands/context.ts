// What every command works with.
import type * as vscode from 'vscode';
import type { CopyPlanDocuments } from '../copyPlanDocuments.ts';
import type { DockerfileTracker } from '../dockerfileTracker.ts';
import type { EngineHandle } from '../engineHandle.ts';
import type { FileSignatureTracker } from '../fileSignatureTracker.ts';
import type { Passwords } from '../passwords.ts';
import type { ReadOnlyDocuments } from '../readOnlyDocuments.ts';
import type { Settings } from '../settings.ts';
import type { TrustTreeView } from '../trustTreeView.ts';
import type { WorkspaceResults } from '../workspaceResults.ts';

export interface CommandContext {
  readonly tracker: DockerfileTracker;
  readonly engine: EngineHandle;
  readonly settings: Settings;
  readonly passwords: Passwords;
  readonly fileSignatures: FileSignatureTracker;
  /** Remembers small things between windows, never a secret. */
  readonly memory: Pick<vscode.Memento, 'get' | 'update'>;
  /** The same for all windows. */
  readonly globalMemory: Pick<vscode.Memento, 'get' | 'update'>;
  readonly copyPlans: CopyPlanDocuments;
  /** Manifests and payloads as registries store them. */
  readonly registryDocuments: ReadOnlyDocuments;
  /** From a reference to its verdict. */
  readonly explanations: ReadOnlyDocuments;
  /** Of the last look at all Dockerfiles of the workspace. */
  readonly results: WorkspaceResults;
  readonly tree: Pick<TrustTreeView, 'refresh'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: vscode.LogOutputChannel;
  readonly extensionUri: vscode.Uri;
  readonly version: string;
  /** Operating system, processor and runtime, for reports. */
  readonly machine: string;
  /** The last failed commands with their codes, the newest last. */
  readonly recentFailures: string[];
}

/** Arguments come from lenses, links, key bindings and other extensions: a command checks them itself. */
export type Command = (context: CommandContext, argument: unknown, ...more: readonly unknown[]) => Promise<void>;
