// What a person can do about a diagnostic, offered where it stands.
import * as vscode from 'vscode';
import { commandIds, editorCommandIds, type AddTrustedKeyTarget, type UseLocation } from '../contributions.ts';
import { failureText, type FailureAction } from '../presentation/failureText.ts';
import { awaitsSigner, isPartlySigned } from '../presentation/policyWords.ts';
import type { UseWithState } from '../presentation/useState.ts';
import { useAt, type FileTrust } from './fileTrust.ts';
import { toLocation } from './places.ts';
import { t } from './words.ts';

/** @param diagnostics our own @param trust what was known of the document when the editor asked */
export function quickFixes(diagnostics: readonly vscode.Diagnostic[], trust: FileTrust): vscode.CodeAction[] {
  return diagnostics.flatMap((diagnostic) => {
    const { line, character } = diagnostic.range.start;
    const item = useAt(trust, line, character);
    return item ? fixesFor(diagnostic, item, trust) : [];
  });
}

function fixesFor(diagnostic: vscode.Diagnostic, item: UseWithState, trust: FileTrust): vscode.CodeAction[] {
  return commandsFor(codeOf(diagnostic), item, trust).map((command, index) => {
    const action = new vscode.CodeAction(command.title, vscode.CodeActionKind.QuickFix);
    action.command = command;
    action.diagnostics = [diagnostic];
    action.isPreferred = index === 0;
    return action;
  });
}

function commandsFor(code: string, { use, state }: UseWithState, { uri, restricted }: FileTrust): readonly vscode.Command[] {
  const again: vscode.Command = { title: t('Verify Again'), command: commandIds.verifyAgain, arguments: [toLocation(uri, use.range)] };
  if (code === 'unresolved' || code === 'missing-argument') {
    return use.missing.length === 0 ? [] : [openSetting(t('Set Build Argument…'), 'countersign.dockerfile.buildArgs')];
  }
  if (code !== state.kind) return [];
  if (state.kind === 'unsigned' || state.kind === 'untrusted') {
    const target: AddTrustedKeyTarget = { uri: uri.toString(), image: use.text };
    const trustKey = { title: t('Trust a Key for This Image…'), command: commandIds.addTrustedKey, arguments: [target] };
    const sign = { title: t('Add My Signature…'), command: commandIds.signImage, arguments: [toLocation(uri, use.range)] };
    // In Restricted Mode nothing is signed.
    const mine = awaitsSigner(state) && !restricted ? [sign] : [];
    return isPartlySigned(state) ? [...mine, trustKey, again] : [trustKey, ...mine, again];
  }
  if (state.kind !== 'unchecked') return [];
  const offered = failureText(state.reason, t).actions.filter(({ kind }) => kind !== 'retry').map((action) => toCommand(action, toLocation(uri, use.range)));
  const settings = openSetting(t('Open Settings'), 'countersign');
  return [again, ...offered, ...(offered.some(({ command }) => command === settings.command) ? [] : [settings])];
}

function toCommand(action: FailureAction, place: UseLocation): vscode.Command {
  const { title } = action;
  switch (action.kind) {
    case 'retry': return { title, command: commandIds.verifyAgain };
    case 'diagnose registry': return { title, command: commandIds.diagnoseRegistry, arguments: [place] };
    case 'open log': return { title, command: commandIds.openLog };
    case 'open setting': return openSetting(title, action.setting);
    case 'manage workspace trust': return { title, command: editorCommandIds.manageWorkspaceTrust };
  }
}

const openSetting = (title: string, setting: string): vscode.Command => ({ title, command: editorCommandIds.openSettings, arguments: [setting] });

function codeOf({ code }: vscode.Diagnostic): string {
  return String(typeof code === 'object' ? code.value : code ?? '');
}
