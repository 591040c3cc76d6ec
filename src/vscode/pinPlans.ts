// What can be pinned, unpinned or moved in an open Dockerfile, by what is known of exactly the text that stands there.
import * as vscode from 'vscode';
import type { ImageUse } from '../core/dockerfile/images.ts';
import type { DockerfileEdit } from '../core/rewriting/edits.ts';
import type { DockerfileReading, ImagePin, Pinning } from '../core/rewriting/pinning.ts';
import { refusalWords } from '../presentation/rewritingText.ts';
import type { UseWithState } from '../presentation/useState.ts';
import type { EngineHandle } from './engineHandle.ts';
import type { FileTrust } from './fileTrust.ts';
import { toRange } from './places.ts';
import { t } from './words.ts';

export interface OpenReading {
  readonly reading: DockerfileReading;
  readonly pinning: Pinning;
}

/** Undefined where the text is another one than {@link FileTrust} is about. */
export function openReading(trust: FileTrust, engine: EngineHandle): OpenReading | undefined {
  const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === trust.uri.toString());
  if (!engine.ready || document?.version !== trust.version) return undefined;
  const images = { uses: trust.uses.map(({ use }) => use), ...(trust.problem ? { problem: trust.problem } : {}) };
  return { reading: { text: document.getText(), options: trust.settings.dockerfile, images }, pinning: engine.ready.pinning };
}

/** The digests that verified references resolved to: never one that only decided, and never one nobody verified. */
export function verifiedPins({ uses }: FileTrust): readonly ImagePin[] {
  return uses.flatMap(({ use, state }) => (state.kind === 'verified' && use.reference && !use.reference.digest ? [{ use, digest: state.digest }] : []));
}

/** The verified digests that tags of pinned references have moved to. */
export function verifiedMoves({ uses }: FileTrust): readonly ImagePin[] {
  return uses.flatMap(({ use, drift }) => (drift?.kind === 'moved' && drift.verdict?.kind === 'verified' ? [{ use, digest: drift.verdict.digest }] : []));
}

export function pinnedUses({ uses }: FileTrust): readonly ImageUse[] {
  return uses.flatMap(({ use }) => (use.reference?.digest ? [use] : []));
}

/** Why a verified image cannot be pinned: a sentence; undefined where it can, or is. */
export function pinRefusal({ use }: UseWithState, trust: FileTrust, engine: EngineHandle): string | undefined {
  const pins = verifiedPins(trust);
  const open = pins.some((pin) => pin.use === use) ? openReading(trust, engine) : undefined;
  const refusal = open?.pinning.pin(open.reading, pins, use).refused[0]?.refusal;
  return refusal && refusalWords(refusal, t);
}

/** One step to undo, however many places it changes. */
export function toWorkspaceEdit(uri: vscode.Uri, edits: readonly DockerfileEdit[]): vscode.WorkspaceEdit {
  const edit = new vscode.WorkspaceEdit();
  for (const { range, text } of edits) edit.replace(uri, toRange(range), text);
  return edit;
}
