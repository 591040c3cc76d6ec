// What every command works with.
import type * as vscode from 'vscode';
import type { DockerfileTracker } from '../dockerfileTracker.ts';
import type { EngineHandle } from '../engineHandle.ts';

export interface CommandContext {
  readonly tracker: DockerfileTracker;
  readonly engine: EngineHandle;
  readonly log: vscode.LogOutputChannel;
  readonly extensionUri: vscode.Uri;
}

/** Arguments come from lenses, links, key bindings and other extensions: a command checks them itself. */
export type Command = (context: CommandContext, argument: unknown) => Promise<void>;
