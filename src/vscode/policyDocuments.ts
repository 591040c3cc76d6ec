// Notices policy files that are open, and only then loads what draws into them.
import * as vscode from 'vscode';
import type { PolicyEditing } from './policyEditing.ts';
import { isPolicyDocument, type PolicyDocumentsOptions } from './policyText.ts';

export function registerPolicyDocuments(options: PolicyDocumentsOptions): vscode.Disposable {
  let loaded: PolicyEditing | undefined;
  let loading = false;
  let disposed = false;
  const look = (document: vscode.TextDocument): void => {
    if (loading || !isPolicyDocument(document, options.policyFiles)) return;
    loading = true;
    import('./policyEditing.ts').then((chunk) => {
      const editing = new chunk.PolicyEditing(options);
      if (disposed) editing.dispose();
      else loaded = editing;
    }, () => { loading = false; });
  };
  for (const document of vscode.workspace.textDocuments) look(document);
  return vscode.Disposable.from(
    vscode.workspace.onDidOpenTextDocument(look),
    vscode.workspace.onDidSaveTextDocument(look),
    // Only then is it known which files the settings name.
    options.policyFiles.onDidChange(() => vscode.workspace.textDocuments.forEach(look)),
    { dispose: () => { disposed = true; loaded?.dispose(); } },
  );
}
