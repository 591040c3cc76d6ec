// Completion where a policy file holds a key: the keys a person has already, in the form that stands there.
import * as vscode from 'vscode';
import type { Engine } from '../core/engine.ts';
import { keyLocation, type KeyLocation } from '../core/policy/keyLocation.ts';
import { writtenKey } from '../core/policy/keyFixes.ts';
import type { KeySetting } from '../core/policy/trustPolicy.ts';
import { describeFirst, offeredKey } from './offeredKeys.ts';
import type { Settings } from './settings.ts';
import { t } from './words.ts';

const maxFiles = 20;

/** Nothing anywhere but, in YAML, on an empty line below `key:` or behind `data:`, and in JSON at the value of a member for keys. */
export async function keyCompletions(document: vscode.TextDocument, position: vscode.Position, settings: Settings, engine: Engine): Promise<vscode.CompletionItem[]> {
  const text = document.getText();
  if (/^\s*\{/.test(text)) {
    const place = keyLocation(text, document.offsetAt(position));
    const items = place ? await Promise.all((await keysAt(document, settings)).map((key) => jsonItem(document, key, place, engine))) : [];
    return items.filter((item) => item !== undefined);
  }
  const place = placeOf(document, position);
  if (!place) return [];
  const items = await Promise.all((await keysAt(document, settings)).map((key) => itemFor(key, place, engine)));
  return [...items.filter((item) => item !== undefined), ...(place.field === 'data' ? [] : [secretItem()])];
}

/** Those that are trusted, and the files of the workspace that look like keys. */
async function keysAt(document: vscode.TextDocument, settings: Settings): Promise<readonly KeySetting[]> {
  const files = (await vscode.workspace.findFiles('**/*.pub', '**/node_modules/**', maxFiles)).map((uri): KeySetting => ({ name: vscode.workspace.asRelativePath(uri), reference: uri.fsPath }));
  return [...settings.forResource(document.uri).trust.keys, ...files];
}

interface KeyPlace {
  /** `key`: its fields are to be named; `data`: only the text is missing. */
  readonly field: 'key' | 'data';
  /** The `|` in front of the text stands there already. */
  readonly opened: boolean;
  /** How far the lines of a text must be indented. */
  readonly indent: number;
}

function placeOf(document: vscode.TextDocument, { line, character }: vscode.Position): KeyPlace | undefined {
  const before = document.lineAt(line).text.slice(0, character);
  const indent = /^\s*/.exec(before)?.[0].length ?? 0;
  const field = /^\s*([a-zA-Z-]*)(:\s*(?:\|[-+]?\s*)?)?$/.exec(before);
  if (!field || parentOf(document, line, indent) !== 'key') return undefined;
  if (field[2] === undefined) return { field: 'key', opened: false, indent: indent + 2 };
  return field[1] === 'data' ? { field: 'data', opened: field[2].includes('|'), indent: indent + 2 } : undefined;
}

/** The name of the nearest field above that is less indented; a `- ` in front is indentation. */
function parentOf(document: vscode.TextDocument, line: number, indent: number): string | undefined {
  for (let at = line - 1; at >= 0; at--) {
    const found = /^(\s*(?:- )*)([\w-]+):/.exec(document.lineAt(at).text);
    if (found && (found[1]?.length ?? 0) < indent) return found[2];
  }
  return undefined;
}

async function itemFor(key: KeySetting, { field, opened, indent }: KeyPlace, engine: Engine): Promise<vscode.CompletionItem | undefined> {
  const description = await describeFirst(key, engine);
  if (!description) return undefined;
  const item = new vscode.CompletionItem({ label: field === 'key' ? `data: ${key.name}` : key.name, description: description.fingerprint }, vscode.CompletionItemKind.Value);
  const lines = description.pem.trim().split('\n').map((text) => `${' '.repeat(indent)}${text}`).join('\n');
  item.insertText = `${field === 'key' ? 'data: |' : opened ? '' : '|'}\n${lines}`;
  // The lines are indented already, whatever the editor would do.
  item.keepWhitespace = true;
  item.filterText = field === 'key' ? `data ${key.name}` : `${opened ? '' : '| '}${key.name}`;
  item.detail = t('{0} public key "{1}"', description.algorithm, key.name);
  return item;
}

/** In place of the whole text that stands there, quotes included. */
async function jsonItem(document: vscode.TextDocument, key: KeySetting, { form, from, to }: KeyLocation, engine: Engine): Promise<vscode.CompletionItem | undefined> {
  const description = await describeFirst(key, engine);
  const range = new vscode.Range(document.positionAt(from), document.positionAt(to));
  const written = description && writtenKey(document.getText(), { form, range }, offeredKey(key, description));
  if (!description || written === undefined) return undefined;
  const item = new vscode.CompletionItem({ label: key.name, description: description.fingerprint }, vscode.CompletionItemKind.Value);
  item.insertText = written;
  item.range = range;
  // What is typed so far begins with the quote.
  item.filterText = JSON.stringify(key.name);
  item.detail = t('{0} public key "{1}"', description.algorithm, key.name);
  return item;
}

function secretItem(): vscode.CompletionItem {
  const item = new vscode.CompletionItem('secretRef', vscode.CompletionItemKind.Property);
  item.insertText = new vscode.SnippetString('secretRef:\n  name: $1');
  item.detail = t('A public key in a Kubernetes secret of policy-controller');
  return item;
}
