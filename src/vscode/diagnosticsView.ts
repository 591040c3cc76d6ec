// Draws what is known about each image into the Problems panel and under exactly the reference.
import * as vscode from 'vscode';
import { diagnosticSource } from '../contributions.ts';
import type { PolicySeverity } from '../core/policy/verdict.ts';
import type { TextRange } from '../core/textRange.ts';
import { diagnosticTexts, dockerfileDiagnostic, type DiagnosticText, type RelatedText } from '../presentation/diagnosticText.ts';
import { everyKeyPolicy } from '../presentation/signatureWords.ts';
import { documentationUri } from './documentationLinks.ts';
import type { DockerfileTracker } from './dockerfileTracker.ts';
import { hasKeys, type FileTrust } from './fileTrust.ts';
import { toRange } from './places.ts';
import type { SettingsLines } from './settingsLines.ts';
import { settingsFile } from './storedSettings.ts';
import type { SettingsHomes } from './trustReader.ts';
import { t } from './words.ts';

const severities: Readonly<Record<PolicySeverity, vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};

/** What diagnostics lead to. */
export interface DiagnosticLinks {
  readonly lines: SettingsLines;
  readonly homes: SettingsHomes;
  readonly extensionUri: vscode.Uri;
}

export function registerDiagnosticsView(tracker: DockerfileTracker, links: DiagnosticLinks): vscode.Disposable {
  const collection = vscode.languages.createDiagnosticCollection(diagnosticSource);
  /** What was drawn last: lines that are found later are drawn about the same text. */
  const drawn = new Map<string, FileTrust>();
  const draw = (trust: FileTrust): void => {
    drawn.set(trust.uri.toString(), trust);
    collection.set(trust.uri, diagnosticsOf(trust, links));
  };
  return vscode.Disposable.from(
    collection,
    tracker.onDidChange(draw),
    links.lines.onDidRead(() => [...drawn.values()].forEach(draw)),
    tracker.onDidClose((uri) => {
      drawn.delete(uri.toString());
      collection.delete(uri);
    }),
  );
}

/** Nothing where no key is configured: nobody asked for a judgement. */
export function diagnosticsOf(trust: FileTrust, links: DiagnosticLinks): vscode.Diagnostic[] {
  if (!hasKeys(trust)) return [];
  const { severities: chosen } = trust.settings;
  const made = (text: DiagnosticText, range: vscode.Range): vscode.Diagnostic => toDiagnostic(text, range, trust, links);
  const refused = [trust.problem].filter((problem) => problem !== undefined).flatMap((problem) => {
    const text = dockerfileDiagnostic(problem, chosen, t);
    return text ? [made(text, toRange(problem.range))] : [];
  });
  return [
    ...refused,
    ...trust.uses.flatMap((item) => diagnosticTexts(item, chosen, t).map((text) => made(text, toRange(item.use.range)))),
  ];
}

function toDiagnostic(text: DiagnosticText, range: vscode.Range, trust: FileTrust, links: DiagnosticLinks): vscode.Diagnostic {
  const diagnostic = new vscode.Diagnostic(range, text.message, severities[text.severity]);
  diagnostic.source = diagnosticSource;
  diagnostic.code = { value: text.code, target: documentationUri(links.extensionUri, text.code) };
  if (text.related.length > 0) {
    diagnostic.relatedInformation = text.related.map((related) => new vscode.DiagnosticRelatedInformation(locationOf(related, trust, links), related.message));
  }
  return diagnostic;
}

/** The very line that asked, as far as it is known by now. */
function locationOf({ target }: RelatedText, { uri, settings }: FileTrust, { lines, homes }: DiagnosticLinks): vscode.Location {
  if (target.kind === 'range') return new vscode.Location(uri, toRange(target.range));
  if (target.kind === 'place') return new vscode.Location(vscode.Uri.parse(target.uri), rangeOrTop(target.range));
  const { origin } = target;
  if (target.policy === everyKeyPolicy) {
    const file = settingsFile([...settings.keyScopes.values()].at(-1) ?? 'user', uri, homes.userSettings);
    return new vscode.Location(file, rangeOrTop(lines.find(file)?.keys));
  }
  const file = origin?.uri === undefined ? settingsFile(settings.policyScope ?? 'user', uri, homes.userSettings) : vscode.Uri.parse(origin.uri);
  const index = origin?.kind === 'settings' ? origin.index : undefined;
  return new vscode.Location(file, rangeOrTop(origin?.range ?? (index === undefined ? undefined : lines.find(file)?.policies[index])));
}

const rangeOrTop = (range: TextRange | undefined): vscode.Range => (range ? toRange(range) : new vscode.Range(0, 0, 0, 0));
