// Pinning where the reference stands: to the verified digest, back to the tag, along with the tag; and all images on saving.
import * as vscode from 'vscode';
import { commandIds, diagnosticSource, pinAllActionKind } from '../contributions.ts';
import type { PinPlan } from '../core/rewriting/pinning.ts';
import { shortDigest } from '../presentation/digestText.ts';
import { refusalWords } from '../presentation/rewritingText.ts';
import { plainText } from '../presentation/untrustedText.ts';
import type { UseWithState } from '../presentation/useState.ts';
import type { EngineHandle } from './engineHandle.ts';
import { useAt, type FileTrust } from './fileTrust.ts';
import { movePlan, openReading, pinnedUses, pinPlan, toWorkspaceEdit, unpinPlan, verifiedMoves, verifiedPins, type OpenReading } from './pinPlans.ts';
import { toLocation } from './places.ts';
import { t } from './words.ts';

/** @param trust what was known of the document when the editor asked */
export function pinActions(trust: FileTrust, engine: EngineHandle, start: vscode.Position, { only, diagnostics }: vscode.CodeActionContext): vscode.CodeAction[] {
  const { QuickFix, SourceFixAll } = vscode.CodeActionKind;
  if (only && (only.value === 'source' || pinAllActionKind.startsWith(only.value) && only.value.includes('countersign'))) return pinAllActions(trust, engine, SourceFixAll.append('countersign').append('pin'));
  const item = !only || only.contains(QuickFix) ? useAt(trust, start.line, start.character) : undefined;
  const open = item && openReading(trust, engine);
  return item && open ? actionsFor(item, trust, open, diagnostics) : [];
}

/** Not for `source.fixAll` in general: whoever asks for all fixes has not asked for pins. */
function pinAllActions(trust: FileTrust, engine: EngineHandle, kind: vscode.CodeActionKind): vscode.CodeAction[] {
  const open = openReading(trust, engine);
  const edits = (open && pinPlan(trust, open).edits) ?? [];
  if (edits.length === 0) return [];
  const action = new vscode.CodeAction(t('Pin All Verified Images of This File'), kind);
  action.edit = toWorkspaceEdit(trust.uri, edits);
  return [action];
}

function actionsFor({ use, state, drift }: UseWithState, trust: FileTrust, open: OpenReading, diagnostics: readonly vscode.Diagnostic[]): vscode.CodeAction[] {
  const made = (title: string, plan: PinPlan): vscode.CodeAction => {
    const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
    const [refused] = plan.refused;
    if (refused) action.disabled = { reason: refusalWords(refused.refusal, t) };
    else action.edit = toWorkspaceEdit(trust.uri, plan.edits);
    return action;
  };
  const { reference } = use;
  if (!reference) return [];
  if (!reference.digest) {
    if (state.kind !== 'verified') return [];
    const pin = made(t('Pin to Verified Digest {0}', shortDigest(state.digest)), pinPlan(trust, open, use));
    return verifiedPins(trust).length < 2 ? [pin] : [pin, allAction(trust, use)];
  }
  const unpin = made(reference.tag === undefined ? t('Unpin') : t('Unpin: Keep Only the Tag {0}', plainText(reference.tag, 128)), unpinPlan(trust, open, pinnedUses(trust), use));
  const moves = verifiedMoves(trust);
  if (drift?.kind !== 'moved' || !moves.some((pin) => pin.use === use)) return [unpin];
  const move = made(t('Move the Pin to {0}', shortDigest(drift.digest)), movePlan(trust, open, use));
  move.diagnostics = diagnostics.filter(({ source, code }) => source === diagnosticSource && typeof code === 'object' && code.value === 'pin-drift');
  move.isPreferred = !move.disabled;
  return [move, unpin];
}

/** A command: what can be pinned is found out when it is called. */
function allAction({ uri }: FileTrust, { range }: UseWithState['use']): vscode.CodeAction {
  const action = new vscode.CodeAction(t('Pin All Verified Images of This File'), vscode.CodeActionKind.QuickFix);
  action.command = { title: action.title, command: commandIds.pinImages, arguments: [toLocation(uri, range)] };
  return action;
}
