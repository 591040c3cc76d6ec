// Plain values of the fake editor: positions, texts, diagnostics, lenses, icons and the enumerations.
import { posix } from 'node:path';
import { pathToFileURL, fileURLToPath } from 'node:url';

export class Uri {
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  readonly query: string;
  readonly fragment: string;
  constructor(scheme: string, authority: string, path: string, query = '', fragment = '') {
    this.scheme = scheme;
    this.authority = authority;
    this.path = path;
    this.query = query;
    this.fragment = fragment;
  }
  static file(path: string): Uri { return new Uri('file', '', decodeURIComponent(pathToFileURL(path).pathname)); }
  static parse(text: string): Uri {
    const parts = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/i.exec(text);
    return new Uri(parts?.[1] ?? 'file', parts?.[2] ?? '', decodeURIComponent(parts?.[3] ?? text), parts?.[4] ?? '', parts?.[5] ?? '');
  }
  static from({ scheme, path }: { scheme: string; path: string }): Uri { return new Uri(scheme, '', path); }
  static joinPath(base: Uri, ...segments: string[]): Uri {
    return new Uri(base.scheme, base.authority, posix.join(base.path, ...segments));
  }
  with(change: { scheme?: string; authority?: string; path?: string; query?: string; fragment?: string }): Uri {
    return new Uri(change.scheme ?? this.scheme, change.authority ?? this.authority, change.path ?? this.path, change.query ?? this.query, change.fragment ?? this.fragment);
  }
  get fsPath(): string { return this.scheme === 'file' && this.authority === '' ? fileURLToPath(`file://${encodeURI(this.path)}`) : this.path; }
  toString(): string {
    return `${this.scheme}:${this.authority !== '' || this.scheme === 'file' ? `//${this.authority}` : ''}${encodeURI(this.path)}${this.query ? `?${this.query}` : ''}${this.fragment ? `#${this.fragment}` : ''}`;
  }
}

export class Position {
  readonly line: number;
  readonly character: number;
  constructor(line: number, character: number) {
    this.line = line;
    this.character = character;
  }
  isAfterOrEqual(other: Position): boolean { return this.line > other.line || (this.line === other.line && this.character >= other.character); }
}

export class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(...at: [number, number, number, number] | [Position, Position]) {
    this.start = at.length === 4 ? new Position(at[0], at[1]) : at[0];
    this.end = at.length === 4 ? new Position(at[2], at[3]) : at[1];
  }
  contains(at: Position): boolean { return at.isAfterOrEqual(this.start) && this.end.isAfterOrEqual(at); }
  intersection(other: Range): Range | undefined {
    const start = this.start.isAfterOrEqual(other.start) ? this.start : other.start;
    const end = this.end.isAfterOrEqual(other.end) ? other.end : this.end;
    return end.isAfterOrEqual(start) ? new Range(start, end) : undefined;
  }
  isEqual(other: Range): boolean { return JSON.stringify([this.start, this.end]) === JSON.stringify([other.start, other.end]); }
}
export class Selection extends Range {
  get active(): Position { return this.end; }
}

export class Location {
  readonly uri: Uri;
  readonly range: Range;
  constructor(uri: Uri, range: Range) {
    this.uri = uri;
    this.range = range;
  }
}
export class DiagnosticRelatedInformation {
  readonly location: Location;
  readonly message: string;
  constructor(location: Location, message: string) {
    this.location = location;
    this.message = message;
  }
}
export class Diagnostic {
  source?: string;
  code?: string | number | { value: string | number; target: Uri };
  relatedInformation?: DiagnosticRelatedInformation[];
  readonly range: Range;
  readonly message: string;
  readonly severity: number;
  constructor(range: Range, message: string, severity = 0) {
    this.range = range;
    this.message = message;
    this.severity = severity;
  }
}

interface CommandLink { title: string; command: string; tooltip?: string; arguments?: unknown[] }

export class CodeLens {
  readonly range: Range;
  command: CommandLink | undefined;
  constructor(range: Range, command?: CommandLink) {
    this.range = range;
    this.command = command;
  }
}
export class MarkdownString {
  value: string;
  supportThemeIcons: boolean;
  supportHtml = false;
  isTrusted: boolean | { readonly enabledCommands: readonly string[] } = false;
  baseUri: Uri | undefined;
  constructor(value = '', supportThemeIcons = false) {
    this.value = value;
    this.supportThemeIcons = supportThemeIcons;
  }
}
export class Hover {
  readonly contents: MarkdownString[];
  readonly range: Range | undefined;
  constructor(contents: MarkdownString | MarkdownString[], range?: Range) {
    this.contents = Array.isArray(contents) ? contents : [contents];
    this.range = range;
  }
}
export class CodeActionKind {
  static readonly QuickFix = new CodeActionKind('quickfix');
  static readonly SourceFixAll = new CodeActionKind('source.fixAll');
  readonly value: string;
  constructor(value: string) { this.value = value; }
  append(part: string): CodeActionKind { return new CodeActionKind(`${this.value}.${part}`); }
  contains(other: CodeActionKind): boolean { return other.value === this.value || other.value.startsWith(`${this.value}.`); }
}
export class CodeAction {
  diagnostics?: Diagnostic[];
  edit?: WorkspaceEdit;
  disabled?: { readonly reason: string };
  command?: CommandLink;
  isPreferred?: boolean;
  readonly title: string;
  readonly kind: CodeActionKind | undefined;
  constructor(title: string, kind?: CodeActionKind) {
    this.title = title;
    this.kind = kind;
  }
}
export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 } as const;
export class TreeItem {
  label: string;
  collapsibleState: number;
  id: string | undefined; description: string | undefined; iconPath: ThemeIcon | undefined; tooltip: MarkdownString | undefined;
  accessibilityInformation: { label: string } | undefined; contextValue: string | undefined; command: unknown; resourceUri: Uri | undefined;
  constructor(label: string, collapsibleState = 0) {
    this.label = label;
    this.collapsibleState = collapsibleState;
  }
}
export class ThemeIcon {
  readonly id: string;
  readonly color: ThemeColor | undefined;
  constructor(id: string, color?: ThemeColor) {
    this.id = id;
    this.color = color;
  }
}
export class ThemeColor {
  readonly id: string;
  constructor(id: string) { this.id = id; }
}
export class RelativePattern {
  readonly baseUri: Uri;
  readonly pattern: string;
  constructor(base: Uri, pattern: string) {
    this.baseUri = base;
    this.pattern = pattern;
  }
}

export const DiagnosticSeverity = { Error: 0, Warning: 1, Information: 2, Hint: 3 } as const;
export const LanguageStatusSeverity = { Information: 0, Warning: 1, Error: 2 } as const;
export const StatusBarAlignment = { Left: 1, Right: 2 } as const;
export const ConfigurationTarget = { Global: 1, Workspace: 2, WorkspaceFolder: 3 } as const;
export const ProgressLocation = { SourceControl: 1, Window: 10, Notification: 15 } as const;
export const ExtensionMode = { Production: 1, Development: 2, Test: 3 } as const;
export const TextEditorRevealType = { Default: 0, InCenter: 1, InCenterIfOutsideViewport: 2, AtTop: 3 } as const;
export const InputBoxValidationSeverity = { Info: 1, Warning: 2, Error: 3 } as const;
export const QuickPickItemKind = { Separator: -1, Default: 0 } as const;
export const LogLevel = { Off: 0, Trace: 1, Debug: 2, Info: 3, Warning: 4, Error: 5 } as const;
export const QuickInputButtons = { Back: { iconPath: new ThemeIcon('arrow-left'), tooltip: 'Back' } } as const;
export const FileType = { Unknown: 0, File: 1, Directory: 2, SymbolicLink: 64 } as const;

export class WorkspaceEdit {
  readonly files: { readonly uri: Uri; readonly replacements: { readonly range: Range; readonly text: string }[] }[] = [];
  replace(uri: Uri, range: Range, text: string): void {
    let file = this.files.find((other) => other.uri.toString() === uri.toString());
    if (!file) this.files.push(file = { uri, replacements: [] });
    file.replacements.push({ range, text });
  }
}

export const CompletionItemKind = { Value: 11, Property: 9 } as const;
export class CompletionItem {
  insertText: string | SnippetString | undefined;
  range: Range | undefined; detail: string | undefined; filterText: string | undefined; keepWhitespace: boolean | undefined;
  readonly label: string | { label: string; description?: string };
  readonly kind: number | undefined;
  constructor(label: string | { label: string; description?: string }, kind?: number) {
    this.label = label;
    this.kind = kind;
  }
}
export class SnippetString {
  readonly value: string;
  constructor(value: string) { this.value = value; }
}
