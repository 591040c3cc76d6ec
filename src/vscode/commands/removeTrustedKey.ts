// Command: takes a trusted key out of the settings that hold it, and out of the policies that name it.
import * as vscode from 'vscode';
import { labelText } from '../../presentation/untrustedText.ts';
import { askModally, inform } from '../messages.ts';
import { isRecord } from '../places.ts';
import { readStored, writeStored, type Scope } from '../storedSettings.ts';
import { t } from '../words.ts';
import type { Command, CommandContext } from './context.ts';
import { describeLocal } from './keySteps.ts';
import { askSteps, back, choose, type Choice, type Step } from './steps.ts';
import { removeFromPolicies } from './trustChange.ts';

interface StoredKey {
  readonly name: string;
  readonly scope: Scope;
}

export const removeTrustedKey: Command = async (context) => {
  const resource = vscode.window.activeTextEditor?.document.uri;
  const stored = await keysIn(context, resource);
  if (stored.length === 0) {
    void inform(t('There is no trusted key to remove.'));
    return;
  }
  const step: Step<{ readonly chosen?: StoredKey }> = {
    applies: () => true,
    ask: async (_state, place) => {
      const chosen = await choose(place, t('Which key is no longer trusted?'), stored);
      return chosen === back ? back : { chosen };
    },
  };
  const { chosen } = await askSteps(t('Remove Trusted Key'), [step], {});
  if (chosen) await remove(chosen, resource);
};

interface PolicyChange { readonly scope: Scope; readonly policies: readonly unknown[] | undefined }

async function remove({ name, scope }: StoredKey, resource: vscode.Uri | undefined): Promise<void> {
  const keys = readStored('countersign.keys', resource).values;
  const holders = keys.filter(({ value }) => isRecord(value) && Object.hasOwn(value, name));
  // A key of the same name elsewhere answers for the policies from now on.
  const changes = holders.length > 1 ? [] : await policyChanges(name, keys.reduce((sum, { value }) => sum + (isRecord(value) ? Object.keys(value).length : 0), 0) - 1, resource);
  if (!changes) return;
  const own = keys.find((value) => value.scope === scope)?.value;
  const left = Object.fromEntries(Object.entries(isRecord(own) ? own : {}).filter(([other]) => other !== name));
  // The key first: until the policies follow, they name a key that is not there, and trust nobody.
  await writeStored('countersign.keys', Object.keys(left).length === 0 ? undefined : left, scope, resource);
  for (const change of changes) await writeStored('countersign.policies', change.policies, change.scope, resource);
}

/** What to write; undefined when the person leaves. */
async function policyChanges(name: string, keysLeft: number, resource: vscode.Uri | undefined): Promise<readonly PolicyChange[] | undefined> {
  const changes: PolicyChange[] = [];
  const stored = readStored('countersign.policies', resource).values;
  for (const { scope, value } of stored) {
    const { policies, emptied, changed } = removeFromPolicies(value, name);
    if (!changed) continue;
    if (emptied.length === 0) {
      changes.push({ scope, policies });
      continue;
    }
    const kept = policies.filter((_, index) => !emptied.includes(index));
    const choice = await askAboutEmptied(name, emptied.length, kept.length === 0 && keysLeft > 0 && stored.length === 1);
    if (choice === undefined) return undefined;
    // No list rather than an empty one, which would hide the policies of less specific settings.
    changes.push({ scope, policies: choice === 'keep' ? policies : kept.length > 0 ? kept : undefined });
  }
  return changes;
}

async function askAboutEmptied(name: string, count: number, lastPolicies: boolean): Promise<'remove' | 'keep' | undefined> {
  const [removal, keeping] = [t('Remove the Policies Too'), t('Keep the Policies')];
  const detail = [
    t('Policies that trust no other key: {0}. Kept without a key, they leave their images unchecked until you correct them.', count),
    ...(lastPolicies ? [t('No policy would be left after removing them: then every remaining key is trusted for every image.')] : []),
  ].join(' ');
  const chosen = await askModally(t('Remove the trusted key "{0}" and its policies?', name), detail, keeping, removal);
  return chosen === removal ? 'remove' : chosen === keeping ? 'keep' : undefined;
}

async function keysIn(context: CommandContext, resource: vscode.Uri | undefined): Promise<readonly Choice<StoredKey>[]> {
  const places: Readonly<Record<Scope, string>> = { user: t('User Settings'), workspace: t('Workspace Settings'), folder: t('Folder Settings') };
  const { keys } = context.settings.forResource(resource).trust;
  const stored = readStored('countersign.keys', resource).values.flatMap(({ scope, value }) => (isRecord(value) ? Object.entries(value) : []).map(([name, reference]) => ({ scope, name, reference: typeof reference === 'string' ? reference : JSON.stringify(reference) })));
  return Promise.all(stored.map(async ({ scope, name, reference }) => {
    const which = await describeLocal(context, keys.find((key) => key.name === name && key.reference === reference));
    return {
      label: `$(key) ${labelText(name, 120)}`,
      description: places[scope],
      detail: [...(which === undefined ? [] : [which]), labelText(reference, 100)].join(' · '),
      value: { name, scope },
    };
  }));
}
