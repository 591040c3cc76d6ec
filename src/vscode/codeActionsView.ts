// Offers code actions in Dockerfiles; what is offered is loaded when there may be something.
import * as vscode from 'vscode';
import { diagnosticSource } from '../contributions.ts';
import { dockerfileSelector } from './dockerfileDocuments.ts';
import type { DockerfileTracker } from './dockerfileTracker.ts';
import type { EngineHandle } from './engineHandle.ts';

/** What is known is taken when the editor asks, for loading takes a moment. */
export function registerCodeActionsView(tracker: DockerfileTracker, engine: EngineHandle): vscode.Disposable {
  const { QuickFix, SourceFixAll } = vscode.CodeActionKind;
  const register = (provideCodeActions: vscode.CodeActionProvider['provideCodeActions'], providedCodeActionKinds: readonly vscode.CodeActionKind[]): vscode.Disposable =>
    vscode.languages.registerCodeActionsProvider(dockerfileSelector, { provideCodeActions }, { providedCodeActionKinds });
  return vscode.Disposable.from(
    register(async ({ uri }, _range, { diagnostics }) => {
      const trust = tracker.get(uri);
      const own = diagnostics.filter(({ source }) => source === diagnosticSource);
      return trust && own.length > 0 ? (await import('./codeActions.ts')).quickFixes(own, trust) : [];
    }, [QuickFix]),
    register(async ({ uri, version }, { start }, context) => {
      const trust = tracker.get(uri);
      return trust?.version === version ? (await import('./codeActions.ts')).pinActions(trust, engine, start, context) : [];
    }, [QuickFix, SourceFixAll.append('countersign').append('pin')]),
  );
}
