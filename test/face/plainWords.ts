// Which words on screen are in no language but English: an editor that speaks the language for tests shows plain letters only where nobody translated them.
import assert from 'node:assert/strict';
import type { TrustNode } from '../../src/vscode/trustTree.ts';
import type { TrustTreeView } from '../../src/vscode/trustTreeView.ts';
import { fake, MarkdownString, QuickInputButtons, Uri, window, workspace, type TreeItem } from '../support/vscode.ts';
import type { FakeDocument } from '../support/vscode/documents.ts';
import { settle, screen } from './harness.ts';

/** What is the same in every language. */
const names = [
  /\$\([\w~-]+\)/,                                             // icons
  /(?<=\])\((?:command:|https?:|file:|#)[^)]*\)/,              // where links lead
  /\b(?:https?|env|k8s|file):\/\/[^\s⟧")\]]+/,                 // addresses
  /\b(?:sha256|SHA256):[\w+/=…]+/, /\bsha256-[0-9a-f]+(?:\.\w+)?/, /\b[0-9a-f]{12,}\b/,
  /(?<![\w⟧])(?:\/[\w .@-]+)+/,                                // paths
  /\b(?:[\w.-]+\/)+[\w.*@:+-]*/,                                // references, media types and patterns
  /\bcountersign(?:\.\w+)+|\bhttp\.\w+/,                       // settings
  /\b[A-Z]+(?:_[A-Z0-9]+)+\b/, /\bINTERNAL\b/,                 // codes and variables
  /\b\d+(?:\.\d+)?[\s\u00a0](?:B|kB|MB|GB)\b/,                     // sizes
  /\b[\w.-]+\.(?:key|pub|sig|att|txt|json|yaml|pem|io)\b/, /\.(?:md|txt)\b/,       // files and hosts
  /\b(?:ECDSA|RSA|PEM|BEGIN|END|PUBLIC|KEY|ENV|FROM|ARG|Dockerfile|Countersign|countersign|Editor|UTC)\b/,
];

export interface Spoken {
  readonly where: string;
  readonly text: string;
}

/** @returns the texts with plain words left in them; `more` are the names that a test brought */
export function plainWords(texts: readonly Spoken[], more: readonly (string | RegExp)[] = []): readonly string[] {
  return [...new Set(texts.flatMap(({ where, text }) => {
    const left = [...more, ...names].reduce<string>((rest, name) => (typeof name === 'string' ? rest.replaceAll(name, ' ') : rest.replace(new RegExp(name, 'g'), ' ')), unescaped(text));
    const words = left.match(/[A-Za-z]{2,}/g) ?? [];
    return words.length === 0 ? [] : [`${where}: ${words.join(' ')} in "${text}"`];
  }))];
}

/** What a reader of the Markdown sees. */
function unescaped(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code))).replaceAll('\\', '');
}

function markdown(value: unknown): string {
  return value instanceof MarkdownString ? value.value : typeof value === 'string' ? value : '';
}

function titleOf(command: unknown): string {
  return typeof command === 'object' && command !== null && 'title' in command ? String(command.title) : '';
}

function labelOf(accessibility: unknown): string {
  return typeof accessibility === 'object' && accessibility !== null && 'label' in accessibility ? String(accessibility.label) : '';
}

/** Questions, messages, progress, both status bars, and the documents that were opened. */
function spokenAnywhere(): readonly Spoken[] {
  const spoken = (where: string, ...texts: readonly (string | undefined)[]): Spoken[] => texts.filter((text) => text !== undefined && text !== '').map((text) => ({ where, text: text ?? '' }));
  return [
    ...fake.script.shown.flatMap(({ kind, text, items, buttons = [], validation }) => [
      ...spoken(kind, text, typeof validation === 'object' && validation !== null && 'message' in validation ? String(validation.message) : typeof validation === 'string' ? validation : undefined),
      ...items.flatMap(({ label, description, detail }) => spoken(`choice of ${kind}`, label, description, detail)),
      ...[...buttons, ...items.flatMap((item) => item.buttons ?? [])].filter((button) => button !== QuickInputButtons.Back).flatMap(({ tooltip }) => spoken('button', tooltip)),
    ]),
    ...fake.progress.flatMap(({ title }) => spoken('progress', title)),
    ...fake.reports.flatMap((report) => spoken('progress', typeof report === 'object' && report !== null && 'message' in report && typeof report.message === 'string' ? report.message : '')),
    ...[...fake.statusBar].flatMap(({ text, tooltip, name, command, accessibilityInformation }) => spoken('status bar', text, markdown(tooltip), name, titleOf(command), labelOf(accessibilityInformation))),
    ...[...fake.languages.statuses].flatMap(({ name, text, detail, command, accessibilityInformation }) => spoken('language status', name, text, detail, titleOf(command), labelOf(accessibilityInformation))),
    ...[...workspace.textDocuments, ...window.visibleTextEditors.map(({ document }) => document)].filter(({ uri }) => uri.scheme.startsWith('countersign')).flatMap((document) => spoken('document', document.uri.path, document.getText())),
    ...previews().flatMap((text) => spoken('preview', text)),
  ];
}

function previews(): readonly string[] {
  return fake.executed.filter(({ command }) => command === 'markdown.showPreview').map(({ args: [uri] }) => (uri instanceof Uri ? fake.contents.get(uri.scheme)?.provideTextDocumentContent(uri) ?? '' : ''));
}

/** Lenses, diagnostics, hovers and everything that is offered in a document. */
async function spokenIn(document: FakeDocument): Promise<readonly Spoken[]> {
  const texts: Spoken[] = [];
  const add = (where: string, ...all: readonly (string | undefined)[]): void => { for (const text of all) if (text !== undefined) texts.push({ where, text }); };
  for (const { command } of screen.lenses(document)) add('lens', command?.title, command?.tooltip);
  for (const { message, source, relatedInformation = [] } of screen.diagnostics(document)) add('diagnostic', message, source, ...relatedInformation.map((related) => related.message));
  for (let line = 0; line < document.lineCount; line++) {
    const character = Math.max(0, Math.min(8, document.lineAt(line).text.length - 1));
    for (const { value } of screen.hover(document, line, character)?.contents ?? []) add('hover', value);
    for (const { title, disabled, command } of await screen.actions(document, line, character)) add('fix', title, disabled?.reason, command?.title);
  }
  return texts;
}

/** Every row of the tree, unfolded. */
async function spokenInTree(): Promise<readonly Spoken[]> {
  const provider = fake.trees.get('countersign.images')?.options.treeDataProvider as TrustTreeView | undefined;
  const look = async (node?: TrustNode): Promise<readonly Spoken[]> => (await Promise.all((await provider?.getChildren(node) ?? []).map(async (child) => {
    const { label, description, tooltip, accessibilityInformation } = provider?.getTreeItem(child) as unknown as TreeItem;
    return [...[label, description, markdown(tooltip), accessibilityInformation?.label].map((text) => ({ where: `row ${child.kind}`, text: text ?? '' })), ...await look(child)];
  }))).flat();
  return look();
}

/** Fails with every text that shows plain words, and when nothing was said at all. */
export async function assertTranslated(more: readonly (string | RegExp)[] = [], ...documents: readonly FakeDocument[]): Promise<void> {
  await settle();
  const texts = [...spokenAnywhere(), ...await spokenInTree(), ...(await Promise.all(documents.map(spokenIn))).flat()];
  assert.ok(texts.some(({ text }) => text.includes('⟦')), 'nothing was said');
  assert.deepEqual(plainWords(texts, more), []);
}
