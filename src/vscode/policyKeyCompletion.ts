// Completion inside the `key` of an authority: the keys a person has already, as the PEM text that stands there.
import * as vscode from 'vscode';
import type { Engine } from '../core/engine.ts';
import type { KeySetting } from '../core/policy/trustPolicy.ts';
import type { Settings } from './settings.ts';
import { t } from './words.ts';

const maxFiles = 20;

/** Nothing anywhere but on an empty line below `key:`, or behind `data:`. */
export async function keyCompletions(document: vscode.TextDocument, position: vscode.Position, settings: Settings, engine: Engine): Promise<vscode.CompletionItem[]> {
  const place = placeOf(document, position);
  if (!place) return [];
  const named = settings.forResource(document.uri).trust.keys;
  const files = (await vscode.workspace.findFiles('**/*.pub', '**/node_modules/**', maxFiles)).map((uri): KeySetting => ({ name: vscode.workspace.asRelativePath(uri), reference: uri.fsPath }));
  const items = await Promise.all([...named, ...files].map((key) => itemFor(key, place, engine)));
  return [...items.filter((item) => item !== undefined), ...(place.field === 'data' ? [] : [secretItem()])];
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
  try {
    const [description] = await engine.describeKey(key, AbortSignal.timeout(3000));
    if (!description) return undefined;
    const item = new vscode.CompletionItem({ label: field === 'key' ? `data: ${key.name}` : key.name, description: description.fingerprint }, vscode.CompletionItemKind.Value);
    const lines = description.pem.trim().split('\n').map((text) => `${' '.repeat(indent)}${text}`).join('\n');
    item.insertText = `${field === 'key' ? 'data: |' : opened ? '' : '|'}\n${lines}`;
    // The lines are indented already, whatever the editor would do.
    item.keepWhitespace = true;
    item.filterText = field === 'key' ? `data ${key.name}` : `${opened ? '' : '| '}${key.name}`;
    item.detail = t('{0} public key "{1}"', description.algorithm, key.name);
    return item;
  } catch {
    // A key that cannot be read is none to offer.
    return undefined;
  }
}

function secretItem(): vscode.CompletionItem {
  const item = new vscode.CompletionItem('secretRef', vscode.CompletionItemKind.Property);
  item.insertText = new vscode.SnippetString('secretRef:\n  name: $1');
  item.detail = t('A public key in a Kubernetes secret of policy-controller');
  return item;
}
