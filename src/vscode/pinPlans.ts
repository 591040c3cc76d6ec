// What can be pinned, unpinned or moved in an open Dockerfile, by what is known of exactly the text that stands there.
import * as vscode from 'vscode';
import type { Digest } from '../core/crypto/digest.ts';
import type { ImageUse } from '../core/dockerfile/images.ts';
import type { Reference } from '../core/oci/reference.ts';
import type { Demand } from '../core/policy/demand.ts';
import { demandsFor } from '../core/policy/requirements.ts';
import type { TrustSettings } from '../core/policy/trustPolicy.ts';
import type { DockerfileEdit } from '../core/rewriting/edits.ts';
import type { DockerfileReading, ImagePin, Pinning, PinPlan, RefusedUse } from '../core/rewriting/pinning.ts';
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

/** Pins what is verified, and refuses where a policy would be silenced by it: the verdict would be another one, or none, without a word. */
export function pinPlan(trust: FileTrust, { reading, pinning }: OpenReading, only?: ImageUse): PinPlan {
  return planOf(verifiedPins(trust), trust, (pins) => pinning.pin(reading, pins, only), only);
}

/** Moves pins to verified digests; refuses as {@link pinPlan} does. */
export function movePlan(trust: FileTrust, { reading, pinning }: OpenReading, only?: ImageUse): PinPlan {
  return planOf(verifiedMoves(trust), trust, (pins) => pinning.move(reading, pins, only), only);
}

/** Takes pins away; refuses as {@link pinPlan} does. */
export function unpinPlan(trust: FileTrust, { reading, pinning }: OpenReading, uses: readonly ImageUse[], only?: ImageUse): PinPlan {
  return planOf(uses.map((use) => ({ use })), trust, (pins) => pinning.unpin(reading, pins.map(({ use }) => use), only), only);
}

function planOf<P extends { readonly use: ImageUse; readonly digest?: Digest }>(asked: readonly P[], trust: FileTrust, plan: (pins: readonly P[]) => PinPlan, only: ImageUse | undefined): PinPlan {
  const refused: RefusedUse[] = [];
  const made = plan(asked.filter(({ use, digest }) => {
    const policies = use.reference ? policiesThatEnd(use.reference, digest, trust.settings.trust) : [];
    if (policies.length > 0) refused.push({ use, refusal: { kind: 'policies end', lookAt: use.reference?.digest ? 'digest' : 'tag', policies } });
    return policies.length === 0;
  }));
  return { ...made, refused: [...refused.filter(({ use }) => only === undefined || use === only), ...made.refused] };
}

/** The names of the policies that speak about a reference as it is, and not about the same with this digest, or with none. */
function policiesThatEnd({ digest: pinned, ...bare }: Reference, digest: Digest | undefined, trust: TrustSettings): readonly string[] {
  const identity = ({ policy, origin }: Demand): string => JSON.stringify([policy, origin]);
  const demands = (of: Digest | undefined): readonly Demand[] => demandsFor({ ...bare, ...(of === undefined ? {} : { digest: of }) }, trust);
  // Without a tag nothing can be unpinned, which is told for itself.
  if (digest === undefined && bare.tag === undefined) return [];
  const after = new Set(demands(digest).map(identity));
  return [...new Set(demands(pinned).filter((demand) => !after.has(identity(demand))).map(({ policy }) => policy))];
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
  const open = verifiedPins(trust).some((pin) => pin.use === use) ? openReading(trust, engine) : undefined;
  const refusal = open && pinPlan(trust, open, use).refused[0]?.refusal;
  return refusal && refusalWords(refusal, t);
}

/** One step to undo, however many places it changes. */
export function toWorkspaceEdit(uri: vscode.Uri, edits: readonly DockerfileEdit[]): vscode.WorkspaceEdit {
  const edit = new vscode.WorkspaceEdit();
  for (const { range, text } of edits) edit.replace(uri, toRange(range), text);
  return edit;
}
