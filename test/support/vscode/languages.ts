// Language features of the fake editor: what was registered, and what is on screen.
import { Disposable } from './events.ts';
import type { CodeAction, CodeActionKind, CodeLens, CompletionItem, Diagnostic, Hover, Uri } from './values.ts';
import type { FakeDocument } from './documents.ts';

type Selector = readonly { readonly language?: string; readonly pattern?: string; readonly scheme?: string }[];

interface LensProvider {
  onDidChangeCodeLenses?: (listener: () => unknown) => Disposable;
  provideCodeLenses(document: FakeDocument, token: unknown): CodeLens[];
  resolveCodeLens?(lens: CodeLens, token: unknown): CodeLens;
}
interface HoverProvider { provideHover(document: FakeDocument, position: unknown, token: unknown): Hover | undefined }
interface ActionProvider { provideCodeActions(document: FakeDocument, range: unknown, context: { diagnostics: readonly Diagnostic[]; only?: CodeActionKind }, token: unknown): CodeAction[] | Promise<CodeAction[]> }
interface CompletionProvider { provideCompletionItems(document: FakeDocument, position: unknown, token: unknown): Promise<CompletionItem[]> }

export interface FakeLanguageStatus {
  readonly id: string; selector: unknown; name?: string; text: string; detail?: string; severity: number; busy: boolean; command?: { command: string; title: string };
  accessibilityInformation?: { label: string }; dispose(): void;
}

export class FakeLanguages {
  readonly diagnostics = new Map<string, readonly Diagnostic[]>();
  readonly lenses = new Set<LensProvider>(); readonly hovers = new Set<HoverProvider>(); readonly actions = new Set<ActionProvider>();
  readonly completions = new Set<CompletionProvider>();
  readonly statuses = new Set<FakeLanguageStatus>();

  readonly api = {
    createDiagnosticCollection: (name: string) => ({
      name,
      set: (uri: Uri, list: readonly Diagnostic[]) => { this.diagnostics.set(uri.toString(), list); },
      delete: (uri: Uri) => { this.diagnostics.delete(uri.toString()); },
      clear: () => { this.diagnostics.clear(); },
      dispose: () => { this.diagnostics.clear(); },
    }),
    registerCodeLensProvider: (_selector: Selector, provider: LensProvider) => register(this.lenses, provider),
    registerHoverProvider: (_selector: Selector, provider: HoverProvider) => register(this.hovers, provider),
    registerCodeActionsProvider: (_selector: Selector, provider: ActionProvider) => register(this.actions, provider),
    registerCompletionItemProvider: (_selector: Selector, provider: CompletionProvider) => register(this.completions, provider),
    createLanguageStatusItem: (id: string, selector: unknown): FakeLanguageStatus => {
      const item: FakeLanguageStatus = { id, selector, text: '', severity: 0, busy: false, dispose: () => { this.statuses.delete(item); } };
      this.statuses.add(item);
      return item;
    },
  };

  get registrations(): number { return this.lenses.size + this.hovers.size + this.actions.size + this.completions.size + this.statuses.size; }
}

function register<T>(set: Set<T>, item: T): Disposable {
  set.add(item);
  return new Disposable(() => set.delete(item));
}
