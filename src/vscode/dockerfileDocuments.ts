// Which documents are Dockerfiles, for events and for the editor's selectors.
import type * as vscode from 'vscode';
import { dockerfileLanguage } from '../contributions.ts';

/** Where a person's own files live. Revisions, outputs and other generated texts are not read. */
const schemes: readonly string[] = ['file', 'untitled', 'vscode-remote', 'vscode-vfs'];
const fileName = /(?:^|\/)(?:(?:Dockerfile|Containerfile)[^/]*|[^/]+\.(?:Dockerfile|dockerfile|Containerfile|containerfile))$/;

/** For language features; the tracker decides, so that nothing is offered where nothing is tracked. */
export const dockerfileSelector: readonly vscode.DocumentFilter[] = [
  { language: dockerfileLanguage },
  ...['Dockerfile*', '*.Dockerfile', 'Containerfile*', '*.Containerfile'].map((name) => ({ language: 'plaintext', pattern: `**/${name}` })),
];

/** A document in the Dockerfile language, or without a language and named like one (`DockerfileParser.java` is none). */
export function isDockerfile({ uri, languageId }: Pick<vscode.TextDocument, 'uri' | 'languageId'>): boolean {
  if (!schemes.includes(uri.scheme)) return false;
  return languageId === dockerfileLanguage || (languageId === 'plaintext' && fileName.test(uri.path));
}
