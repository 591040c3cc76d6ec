// Where the page of a code is opened: on the web once it is published, else the one that ships with the extension.
import * as vscode from 'vscode';
import type { ErrorCode } from '../core/errors.ts';
import { documentationPath, documentationUrl, type DiagnosticCode } from '../presentation/documentation.ts';

export function documentationUri(extensionUri: vscode.Uri, code: DiagnosticCode | ErrorCode): vscode.Uri {
  const url = documentationUrl(code);
  return url === undefined ? vscode.Uri.joinPath(extensionUri, documentationPath(code)) : vscode.Uri.parse(url);
}
