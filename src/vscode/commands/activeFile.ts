// The Dockerfile a command is about, and verifying it with progress that can be stopped.
import * as vscode from 'vscode';
import { commandIds } from '../../contributions.ts';
import { hasKeys, type FileTrust } from '../fileTrust.ts';
import { inform, withProgress } from '../messages.ts';
import { parseLocation, type Place } from '../places.ts';
import type { VerifyOptions } from '../trackedDocument.ts';
import { t } from '../words.ts';
import type { CommandContext } from './context.ts';

/** The place in the argument, else the active Dockerfile; tells the person when there is neither. */
export function findPlace({ tracker }: CommandContext, argument: unknown): Place | undefined {
  const named = parseLocation(argument);
  if (named && tracker.has(named.uri)) return named;
  const uri = vscode.window.activeTextEditor?.document.uri;
  if (uri && tracker.has(uri)) return { uri };
  void inform(t('Open a Dockerfile first: Countersign verifies the images of the Dockerfile in the active editor.'));
  return undefined;
}

/** Verifies with progress in the status bar; `cancel` there stops it and nothing is changed by it. */
export async function verifyWithProgress(context: CommandContext, { uri }: Place, options: VerifyOptions): Promise<FileTrust | undefined> {
  const name = vscode.workspace.asRelativePath(uri);
  await withProgress(t('Verifying the images of {0}', name), async (_progress, token) => {
    const run = new AbortController();
    const subscription = token.onCancellationRequested(() => run.abort(new vscode.CancellationError()));
    try {
      await context.tracker.verify(uri, options, run.signal);
    } finally {
      subscription.dispose();
    }
  });
  return context.tracker.get(uri);
}

/** Without a key there is nothing to verify with: says so and offers the way out. True when there was one. */
export async function offerKeys(trust: FileTrust | undefined): Promise<boolean> {
  if (!trust || hasKeys(trust)) return true;
  const add = t('Add Trusted Key…');
  const chosen = await inform(t('No trusted key is configured, so there is nothing to verify signatures with.'), add);
  if (chosen === add) await vscode.commands.executeCommand(commandIds.addTrustedKey, { uri: trust.uri.toString() });
  return false;
}
