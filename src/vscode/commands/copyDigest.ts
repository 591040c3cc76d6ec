// Command: puts a digest on the clipboard.
import * as vscode from 'vscode';
import { parseDigest, type Digest } from '../../core/crypto/digest.ts';
import type { UseState } from '../../presentation/useState.ts';
import { isRecord } from '../places.ts';
import { t } from '../words.ts';
import type { Command } from './context.ts';

/** Nothing but a digest is ever copied, whoever calls the command. */
export const copyDigest: Command = async (_context, argument) => {
  const named = isRecord(argument) ? argument['layer'] ?? argument['digest'] : argument;
  const digest = parseDigest(typeof named === 'string' ? named : '');
  await vscode.env.clipboard.writeText(digest);
  vscode.window.setStatusBarMessage(t('Copied {0}', digest), 3000);
};

/** The digest that the image's reference named or resolved to, as far as it is known. */
export function digestIn(state: UseState): Digest | undefined {
  switch (state.kind) {
    case 'verified': case 'unsigned': case 'untrusted': case 'unchecked': return state.digest;
    case 'uncovered': case 'pending': case 'waiting': case 'no keys': case 'unresolved': return undefined;
  }
}
