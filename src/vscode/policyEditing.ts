// Policy files in the editor: what is wrong in them with its fixes, and whether the folder uses them. Loaded when one is open.
import * as vscode from 'vscode';
import { commandIds, diagnosticSource } from '../contributions.ts';
import type { Engine } from '../core/engine.ts';
import { keyFixes, type OfferedKey } from '../core/policy/keyFixes.ts';
import type { PolicyFix, PolicyProblem, ReadPolicyFile } from '../core/policy/policyProblem.ts';
import { toCosignError, type CosignError } from '../core/errors.ts';
import { failureText } from '../presentation/failureText.ts';
import { policyFixText, policyProblemText } from '../presentation/policyProblemText.ts';
import { policyProblemsPath, repositoryUrl } from '../presentation/documentation.ts';
import { documentationUri } from './documentationLinks.ts';
import { trustedKeysFor } from './offeredKeys.ts';
import { toRange } from './places.ts';
import { isPolicyDocument, type PolicyDocumentsOptions } from './policyText.ts';
import { keyCompletions } from './policyKeyCompletion.ts';
import { isKeyInWorkspace } from './trustReader.ts';
import { t } from './words.ts';

interface Reading {
  readonly version: number;
  readonly problems: readonly PolicyProblem[];
  readonly policies: number;
  /** Those that could take the place of one that is wrong; not looked for where none is. */
  readonly keys: readonly OfferedKey[];
  /** It names files of keys, which may have changed since. */
  readonly namesFiles: boolean;
}

const selector: vscode.DocumentSelector = [{ language: 'yaml' }, { language: 'json' }, { language: 'jsonc' }, { pattern: '**/*.{yaml,yml}' }];
const severities: Readonly<Record<PolicyProblem['severity'], vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error, warning: vscode.DiagnosticSeverity.Warning, information: vscode.DiagnosticSeverity.Information,
};
const debounceMs = 300;

export class PolicyEditing implements vscode.Disposable {
  readonly #options: PolicyDocumentsOptions;
  readonly #collection = vscode.languages.createDiagnosticCollection(`${diagnosticSource}.policies`);
  readonly #lensesChanged = new vscode.EventEmitter<void>();
  readonly #readings = new Map<string, Reading>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #disposable: vscode.Disposable;

  constructor(options: PolicyDocumentsOptions) {
    this.#options = options;
    const { workspace, languages } = vscode;
    this.#disposable = vscode.Disposable.from(
      this.#collection, this.#lensesChanged,
      workspace.onDidOpenTextDocument((document) => { void this.#read(document); }),
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#schedule(document);
      }),
      workspace.onDidCloseTextDocument(({ uri }) => this.#forget(uri)),
      options.settings.onDidChange(() => {
        this.#lensesChanged.fire();
        this.#readAgain(({ problems }) => problems.some(({ keySlot }) => keySlot));
      }),
      vscode.window.onDidChangeActiveTextEditor((editor) => this.#readAgain(({ namesFiles }) => namesFiles, editor?.document)),
      options.policyFiles.onDidChange(() => {
        for (const document of workspace.textDocuments) if (!this.#readings.has(document.uri.toString())) void this.#read(document);
      }),
      languages.registerCodeActionsProvider(selector, { provideCodeActions: (document, _range, { diagnostics }) => this.#fixes(document, diagnostics) }, { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] }),
      languages.registerCodeLensProvider(selector, { onDidChangeCodeLenses: this.#lensesChanged.event, provideCodeLenses: (document) => this.#lenses(document) }),
      languages.registerCompletionItemProvider(selector, {
        provideCompletionItems: async (document, position) => (isPolicyDocument(document, options.policyFiles) ? keyCompletions(document, position, options.settings, await options.engine.get()) : []),
      }, ':', ' ', '"'),
    );
    for (const document of workspace.textDocuments) void this.#read(document);
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#disposable.dispose();
  }

  #schedule(document: vscode.TextDocument): void {
    const name = document.uri.toString();
    clearTimeout(this.#timers.get(name));
    this.#timers.set(name, setTimeout(() => {
      this.#timers.delete(name);
      void this.#read(document);
    }, debounceMs));
  }

  #forget(uri: vscode.Uri): void {
    clearTimeout(this.#timers.get(uri.toString()));
    this.#timers.delete(uri.toString());
    this.#readings.delete(uri.toString());
    this.#collection.delete(uri);
  }

  /** What a reading depends on beside the text has changed. */
  #readAgain(isConcerned: (reading: Reading) => boolean, only?: vscode.TextDocument): void {
    for (const document of only ? [only] : vscode.workspace.textDocuments) {
      const reading = this.#readings.get(document.uri.toString());
      if (reading && isConcerned(reading)) void this.#read(document);
    }
  }

  /** Settles when it is drawn; never rejects. */
  async #read(document: vscode.TextDocument): Promise<void> {
    const { uri, version } = document;
    if (!isPolicyDocument(document, this.#options.policyFiles)) {
      if (this.#readings.has(uri.toString())) this.#forget(uri);
      return;
    }
    const found = await this.#problems(document);
    // What was typed meanwhile is read by itself.
    if (document.isClosed || document.version !== version) return;
    this.#readings.set(uri.toString(), { version, ...found });
    this.#collection.set(uri, [...found.problems.map((problem) => this.#diagnostic(problem)), ...(found.failure ? [this.#failed(found.failure)] : [])]);
    this.#lensesChanged.fire();
  }

  async #problems(document: vscode.TextDocument): Promise<Omit<Reading, 'version'> & { readonly failure?: CosignError }> {
    try {
      const engine = await this.#options.engine.get();
      const { problems, policies, keyPlaces = [] } = await this.#readFile(document, engine);
      const keys = problems.some(({ keySlot }) => keySlot) ? await trustedKeysFor(document.uri, this.#options.settings, engine) : [];
      return { problems, policies, keys, namesFiles: keyPlaces.length > 0 };
    } catch (error) {
      const failure = toCosignError(error);
      return { policies: 0, problems: [], keys: [], namesFiles: false, ...(failure.code === 'POLICY_UNSUPPORTED' ? {} : { failure }) };
    }
  }

  /** With the files of keys that it names: of a workspace that is not trusted only those inside it are looked at. */
  #readFile(document: vscode.TextDocument, engine: Engine): Promise<ReadPolicyFile> {
    const bytes = new TextEncoder().encode(document.getText());
    const check = { mayReadKey: vscode.workspace.isTrusted ? (): boolean => true : isKeyInWorkspace };
    return engine.readPolicyFile(document.uri.toString(), bytes, ...(document.uri.scheme === 'file' ? [check] : []));
  }

  #diagnostic(problem: PolicyProblem): vscode.Diagnostic {
    const diagnostic = new vscode.Diagnostic(toRange(problem.range), policyProblemText(problem, t), severities[problem.severity]);
    diagnostic.source = diagnosticSource;
    diagnostic.code = { value: problem.kind, target: policyProblemUri(this.#options.extensionUri, problem.kind) };
    return diagnostic;
  }

  /** Of the file as a whole: it could not even be read. */
  #failed(failure: CosignError): vscode.Diagnostic {
    const diagnostic = new vscode.Diagnostic(new vscode.Range(0, 0, 0, 0), failureText(failure, t).text, vscode.DiagnosticSeverity.Error);
    diagnostic.source = diagnosticSource;
    diagnostic.code = { value: failure.code, target: documentationUri(this.#options.extensionUri, failure.code) };
    return diagnostic;
  }

  #fixes(document: vscode.TextDocument, diagnostics: readonly vscode.Diagnostic[]): vscode.CodeAction[] {
    const reading = this.#readings.get(document.uri.toString());
    // The places of an older text are no places in this one.
    if (reading?.version !== document.version) return [];
    return diagnostics.filter(({ source }) => source === diagnosticSource).flatMap((diagnostic) => {
      const kind = String(typeof diagnostic.code === 'object' ? diagnostic.code.value : diagnostic.code ?? '');
      const problem = reading.problems.find((candidate) => candidate.kind === kind && toRange(candidate.range).isEqual(diagnostic.range));
      return fixesOf(document, problem, reading.keys).map((fix, index) => {
        const action = new vscode.CodeAction(policyFixText(fix, t), vscode.CodeActionKind.QuickFix);
        action.edit = new vscode.WorkspaceEdit();
        for (const { range, text } of fix.edits) action.edit.replace(document.uri, toRange(range), text);
        action.diagnostics = [diagnostic];
        action.isPreferred = index === 0;
        return action;
      });
    });
  }

  /** One at the top, from when the file is known to hold a policy. */
  #lenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
    const reading = this.#readings.get(uri.toString());
    if (!reading || reading.policies === 0 || uri.scheme !== 'file' || !this.#options.settings.forResource(uri).codeLens) return [];
    const used = this.#options.policyFiles.isUsed(uri);
    const command: vscode.Command = used
      ? { title: t('Used by Countersign in this folder'), command: 'workbench.action.openSettings', arguments: ['countersign.policyFiles'], tooltip: t('Open the setting that names it') }
      : { title: t('Use this policy in this folder'), command: commandIds.usePolicyFile, arguments: [uri.toString()], tooltip: t('Ask of the images in Dockerfiles of this folder what the policy asks for') };
    return [new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), command)];
  }
}

/** What the parser offers, and the keys that a person trusts. */
function fixesOf(document: vscode.TextDocument, problem: PolicyProblem | undefined, keys: readonly OfferedKey[]): readonly PolicyFix[] {
  return [...problem?.fixes ?? [], ...(problem?.keySlot ? keyFixes(document.getText(), problem.keySlot, keys) : [])];
}

/** The heading about a kind of problem. */
function policyProblemUri(extensionUri: vscode.Uri, kind: string): vscode.Uri {
  const page = repositoryUrl === '' ? vscode.Uri.joinPath(extensionUri, policyProblemsPath) : vscode.Uri.parse(`${repositoryUrl}/blob/main/${policyProblemsPath}`);
  return page.with({ fragment: kind });
}
