// Documents and editors of the fake editor.
import { Position, Range, Selection, type Uri } from './values.ts';

export class FakeDocument {
  readonly uri: Uri;
  languageId: string;
  version = 1;
  isClosed = false;
  isDirty = false;
  /** What {@link save} does; a test may refuse. */
  saves: () => boolean = () => true;
  #text: string;
  constructor(uri: Uri, text: string, languageId: string) {
    this.uri = uri;
    this.#text = text;
    this.languageId = languageId;
  }
  get fileName(): string { return this.uri.path; }
  get lineCount(): number { return this.#text.split('\n').length; }
  getText(range?: Range): string {
    if (!range) return this.#text;
    return this.#text.slice(this.offsetAt(range.start), this.offsetAt(range.end));
  }
  lineAt(line: number): { readonly text: string } { return { text: this.#text.split('\n')[line] ?? '' }; }
  offsetAt(at: Position): number {
    return this.#text.split('\n').slice(0, at.line).reduce((sum, line) => sum + line.length + 1, 0) + at.character;
  }
  positionAt(offset: number): Position {
    const before = this.#text.slice(0, offset).split('\n');
    return new Position(before.length - 1, before.at(-1)?.length ?? 0);
  }
  save(): Promise<boolean> {
    const saved = this.saves();
    if (saved) this.isDirty = false;
    return Promise.resolve(saved);
  }
  validateRange(range: Range): Range { return range; }
  replace(text: string): void {
    this.#text = text;
    this.version += 1;
    this.isDirty = true;
  }
}

export class FakeEditor {
  readonly document: FakeDocument;
  selection: Selection | undefined = new Selection(0, 0, 0, 0);
  revealed: Range | undefined;
  constructor(document: FakeDocument) { this.document = document; }
  revealRange(range: Range): void { this.revealed = range; }
}

export function rangeOf(text: string, part: string): Range {
  const at = text.indexOf(part);
  const before = text.slice(0, at).split('\n');
  const start = new Position(before.length - 1, before.at(-1)?.length ?? 0);
  return new Range(start, new Position(start.line, start.character + part.length));
}
