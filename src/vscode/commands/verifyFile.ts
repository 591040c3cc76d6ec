// Command: verifies every image of the active Dockerfile and says how it went.
import * as vscode from 'vscode';
import { summarize } from '../../presentation/summary.ts';
import { labelText } from '../../presentation/untrustedText.ts';
import { summaryOptions } from '../fileTrust.ts';
import { t } from '../words.ts';
import { findPlace, offerKeys, verifyWithProgress } from './activeFile.ts';
import type { Command } from './context.ts';

export const verifyFile: Command = async (context, argument) => {
  const place = findPlace(context, argument);
  if (!place) return;
  const trust = await verifyWithProgress(context, { uri: place.uri }, { fresh: false });
  if (!trust || !await offerKeys(trust)) return;
  const { words } = summarize(trust.uses, t, summaryOptions(trust));
  vscode.window.setStatusBarMessage(t('{0}: {1}', labelText(vscode.workspace.asRelativePath(trust.uri), 120), words), 5000);
};
