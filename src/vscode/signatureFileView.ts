// Draws into `.sig` and `.sigstore.json` files which file they are about, who signed, and whether that is still true.
import * as vscode from 'vscode';
import { commandIds, diagnosticSource } from '../contributions.ts';
import type { PolicySeverity } from '../core/policy/verdict.ts';
import { signatureDiagnostic, signatureLens, signedPath } from '../presentation/fileSignatureText.ts';
import { documentationUri } from './documentationLinks.ts';
import type { FileSignatureTracker, FileTrustState } from './fileSignatureTracker.ts';
import type { Settings } from './settings.ts';
import { t } from './words.ts';

const selector: vscode.DocumentFilter = { scheme: 'file', pattern: '**/*.{sig,sigstore.json}' };
const start = new vscode.Range(0, 0, 0, 0);
const severities: Readonly<Record<PolicySeverity, vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};

export function registerSignatureFileView(tracker: FileSignatureTracker, settings: Settings, extensionUri: vscode.Uri): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  const collection = vscode.languages.createDiagnosticCollection(`${diagnosticSource}.files`);
  const drawn = new Set<string>();
  const draw = (): void => {
    changed.fire();
    const open = vscode.workspace.textDocuments.map(({ uri }) => uri).filter(({ scheme, path }) => scheme === 'file' && signedPath(path) !== undefined);
    const names = new Set(open.map(String));
    for (const name of drawn) if (!names.has(name)) collection.delete(vscode.Uri.parse(name));
    drawn.clear();
    for (const uri of open) {
      drawn.add(uri.toString());
      collection.set(uri, diagnosticsOf(uri, tracker.get(uri), settings, extensionUri));
    }
  };
  draw();
  return vscode.Disposable.from(
    changed, collection, tracker.onDidChange(draw), vscode.workspace.onDidCloseTextDocument(draw),
    vscode.languages.registerCodeLensProvider(selector, {
      onDidChangeCodeLenses: changed.event,
      provideCodeLenses: ({ uri }) => {
        const found = tracker.get(uri);
        return found && signedPath(uri.path) !== undefined && settings.forResource(uri).codeLens ? [lensOf(uri, found)] : [];
      },
    }),
  );
}

function lensOf(uri: vscode.Uri, { uri: subject, state }: FileTrustState): vscode.CodeLens {
  const title = signatureLens(vscode.workspace.asRelativePath(subject), uri.fsPath, state, t);
  return new vscode.CodeLens(start, { title, command: commandIds.verifyFileSignature, arguments: [{ scheme: 'file', path: subject.path }], tooltip: t('Verify the file again') });
}

function diagnosticsOf(uri: vscode.Uri, found: FileTrustState | undefined, settings: Settings, extensionUri: vscode.Uri): readonly vscode.Diagnostic[] {
  const text = found && signatureDiagnostic(vscode.workspace.asRelativePath(found.uri), uri.fsPath, found.state, settings.forResource(uri).severities, t);
  if (!text) return [];
  const diagnostic = new vscode.Diagnostic(start, text.message, severities[text.severity]);
  diagnostic.source = diagnosticSource;
  diagnostic.code = { value: text.code, target: documentationUri(extensionUri, text.code) };
  return [diagnostic];
}
