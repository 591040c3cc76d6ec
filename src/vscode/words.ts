// The editor's translation, in the shape the presentation asks for.
import * as vscode from 'vscode';
import type { Translate } from '../presentation/translate.ts';

/** English or the person's language. */
export const t: Translate = (message, ...args) => vscode.l10n.t(message, ...args);
