// Commands: pin all verified images of a Dockerfile, or take pins away; one step to undo, and a word about what was left.
import * as vscode from 'vscode';
import type { PinPlan } from '../../core/rewriting/pinning.ts';
import { notUnpinnedWords, pinnedWords, unpinnedWords } from '../../presentation/pinText.ts';
import { labelText } from '../../presentation/untrustedText.ts';
import { hasKeys, useAt, type FileTrust } from '../fileTrust.ts';
import { inform } from '../messages.ts';
import { openReading, pinnedUses, pinPlan, toWorkspaceEdit, unpinPlan, type OpenReading } from '../pinPlans.ts';
import { parseLocation } from '../places.ts';
import { t } from '../words.ts';
import { findPlace, offerKeys } from './activeFile.ts';
import { chooseSome } from './chooseSeveral.ts';
import type { Command, CommandContext } from './context.ts';

/** Nothing is resolved or verified here: only what is verified already is pinned. */
export const pinImages: Command = async (context, argument, which) => {
  const file = openFile(context, argument);
  if (!file) return;
  const { trust, open } = file;
  if (!hasKeys(trust)) {
    await offerKeys(trust);
    return;
  }
  const start = which === 'this' ? parseLocation(argument)?.range?.start : undefined;
  const only = start && useAt(trust, start.line, start.character)?.use;
  // The place is of a text that has changed: never all images instead of one.
  if (which === 'this' && !only) return;
  const plan = pinPlan(trust, open, only);
  if (await apply(trust, plan)) say(pinnedWords(only ? trust.uses.filter(({ use }) => use === only) : trust.uses, plan, t));
};

export const unpinImages: Command = async (context, argument) => {
  const file = openFile(context, argument);
  if (!file) return;
  const { trust, open } = file;
  const all = unpinPlan(trust, open, pinnedUses(trust));
  if (all.changed.length === 0) {
    say(notUnpinnedWords(all, t));
    return;
  }
  const choices = all.changed.map((use) => ({ label: labelText(use.text.replace(/@.*$/, ''), 120), description: t('line {0}', use.line + 1), picked: true, value: use }));
  const chosen = await chooseSome(t('Unpin Images'), t('Which images keep only their tag?'), choices);
  if (chosen.length === 0) return;
  const plan = unpinPlan(trust, open, chosen);
  if (plan.changed.length === 0) say(notUnpinnedWords(plan, t));
  else if (await apply(trust, plan)) say(unpinnedWords(plan, [...all.refused, ...plan.refused], t));
};

function openFile(context: CommandContext, argument: unknown): { readonly trust: FileTrust; readonly open: OpenReading } | undefined {
  const place = findPlace(context, argument);
  if (!place) return undefined;
  const trust = context.tracker.get(place.uri);
  if (trust?.failure) throw trust.failure;
  const open = trust && openReading(trust, context.engine);
  if (!trust || !open) {
    say(t('The file is still being read. Try again in a moment.'));
    return undefined;
  }
  return { trust, open };
}

/** False when the editor did not take the edits. */
async function apply({ uri, version }: FileTrust, { edits }: PinPlan): Promise<boolean> {
  if (edits.length === 0) return true;
  const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === uri.toString());
  const done = document?.version === version && await vscode.workspace.applyEdit(toWorkspaceEdit(uri, edits));
  if (!done) say(t('The Dockerfile was not changed: {0}', t('The editor did not take the change. Try again.')));
  return done;
}

const say = (text: string): void => void inform(text);
