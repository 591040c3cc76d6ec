// A row of the tree may be of a file that nobody has open: it is opened before a command works on it.
import * as vscode from 'vscode';
import { parseLocation } from '../places.ts';
import type { CommandContext } from './context.ts';

/** Opens nothing but Dockerfiles that the last look at the workspace found, whoever names them. */
export async function openFileOf({ results, tracker }: Pick<CommandContext, 'results' | 'tracker'>, argument: unknown): Promise<void> {
  const place = parseLocation(argument);
  if (!place || !results.has(place.uri)) return;
  const { uri, range } = place;
  const editor = await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
  if (range) editor.selection = new vscode.Selection(range.start, range.end);
  await tracker.whenRead(uri);
}
