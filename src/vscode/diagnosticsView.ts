// Draws what is known about each image into the Problems panel and under exactly the reference.
import * as vscode from 'vscode';
import { diagnosticSource } from '../contributions.ts';
import type { PolicySeverity } from '../core/policy/verdict.ts';
import { diagnosticTexts, dockerfileDiagnostic, type DiagnosticText, type RelatedText } from '../presentation/diagnosticText.ts';
import { everyKeyPolicy } from '../presentation/signatureWords.ts';
import { documentationUri } from './documentationLinks.ts';
import type { DockerfileTracker } from './dockerfileTracker.ts';
import { hasKeys, type FileTrust } from './fileTrust.ts';
import { toRange } from './places.ts';
import { settingsFile } from './storedSettings.ts';
import { t } from './words.ts';

const severities: Readonly<Record<PolicySeverity, vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};

export function registerDiagnosticsView(tracker: DockerfileTracker, extensionUri: vscode.Uri): vscode.Disposable {
  const collection = vscode.languages.createDiagnosticCollection(diagnosticSource);
  return vscode.Disposable.from(
    collection,
    tracker.onDidChange((trust) => collection.set(trust.uri, diagnosticsOf(trust, extensionUri))),
    tracker.onDidClose((uri) => collection.delete(uri)),
  );
}

/** Nothing where no key is configured: nobody asked for a judgement. */
export function diagnosticsOf(trust: FileTrust, extensionUri: vscode.Uri): vscode.Diagnostic[] {
  if (!hasKeys(trust)) return [];
  const { severities: chosen } = trust.settings;
  const made = (text: DiagnosticText, range: vscode.Range): vscode.Diagnostic => toDiagnostic(text, range, trust, extensionUri);
  const refused = [trust.problem].filter((problem) => problem !== undefined).flatMap((problem) => {
    const text = dockerfileDiagnostic(problem, chosen, t);
    return text ? [made(text, toRange(problem.range))] : [];
  });
  return [
    ...refused,
    ...trust.uses.flatMap((item) => diagnosticTexts(item, chosen, t).map((text) => made(text, toRange(item.use.range)))),
  ];
}

function toDiagnostic(text: DiagnosticText, range: vscode.Range, trust: FileTrust, extensionUri: vscode.Uri): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(range, text.message, severities[text.severity]);
  diagnostic.source = diagnosticSource;
  diagnostic.code = { value: text.code, target: documentationUri(extensionUri, text.code) };
  if (text.related.length > 0) {
    diagnostic.relatedInformation = text.related.map((related) => new vscode.DiagnosticRelatedInformation(locationOf(related, trust), related.message));
  }
  return diagnostic;
}

function locationOf({ target }: RelatedText, { uri, settings }: FileTrust): vscode.Location {
  if (target.kind === 'range') return new vscode.Location(uri, toRange(target.range));
  const scope = target.policy === everyKeyPolicy ? [...settings.keyScopes.values()].at(-1) : settings.policyScope;
  return new vscode.Location(settingsFile(scope ?? 'user', uri), new vscode.Range(0, 0, 0, 0));
}
