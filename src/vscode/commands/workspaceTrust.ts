// What is not done in Restricted Mode: signing and writing.
import * as vscode from 'vscode';
import { CosignError } from '../../core/errors.ts';
import { said } from '../../core/said.ts';

/** @throws {CosignError} `KEY_REFUSED_UNTRUSTED_WORKSPACE` in Restricted Mode */
export function requireTrustedWorkspace(): void {
  if (vscode.workspace.isTrusted) return;
  throw new CosignError('KEY_REFUSED_UNTRUSTED_WORKSPACE', said`In Restricted Mode nothing is signed and no key is written.`, { remedy: said`Trust the workspace first.` });
}
