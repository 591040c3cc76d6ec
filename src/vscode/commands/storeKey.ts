// Writes a trusted key and its policy into one scope of the settings, without losing anything that stands there.
import type * as vscode from 'vscode';
import { CosignError } from '../../core/errors.ts';
import { said } from '../../core/said.ts';
import { askModally, inform } from '../messages.ts';
import { isRecord } from '../places.ts';
import { folderOf, readStored, writeStored, type Scope, type ScopedValue } from '../storedSettings.ts';
import { t } from '../words.ts';
import { describeKeys, type ChosenKey } from './keySteps.ts';
import { addToPolicies, type ImageChoice } from './trustChange.ts';

export interface NewKey {
  readonly key: ChosenKey;
  readonly name: string;
  readonly images: ImageChoice;
  readonly scope: Scope;
  readonly resource: vscode.Uri | undefined;
  /** Says which key a name stands for now, where that can be known at once. */
  readonly describeNow: (name: string) => Promise<string | undefined>;
}

const specificity: readonly Scope[] = ['user', 'workspace', 'folder'];

/**
 * True when it was written; false when the person refused to replace something.
 * @throws {CosignError} `SETTING_INVALID`, `POLICY_INVALID` when what stands there cannot be added to; nothing is written then
 */
export async function storeKey({ key, name, images, scope, resource, describeNow }: NewKey): Promise<boolean> {
  const keys = readStored('countersign.keys', resource).values;
  const own = keys.find((value) => value.scope === scope)?.value ?? {};
  if (!isRecord(own)) throw new CosignError('SETTING_INVALID', said`countersign.keys is not an object, so no key can be added to it.`, { remedy: said`Correct it in the settings first.` });
  const holders = keys.filter(({ value }) => isRecord(value) && Object.hasOwn(value, name));
  if (holders.length > 0 && !await confirm(t('There is a trusted key "{0}" already. Replace it?', name), t('Replace'), await replacement(key, name, describeNow))) return false;

  const policies = readStored('countersign.policies', resource).values;
  const base = baseList(policies, scope);
  if (base.foreign && !await confirm(t('The policies of your other settings count here. Copy them?'), t('Copy'), copyDetail(scope))) return false;
  const added = addToPolicies(base.list, namesVisibleFrom(scope, keys), name, images);

  // Policies first: a policy that names a key that is not there yet trusts nobody, a key without its policy might count for every image.
  if (added) await writeStored('countersign.policies', added, scope, resource);
  try {
    await writeStored('countersign.keys', { ...own, [name]: referenceFor(key, scope, resource) }, scope, resource);
  } catch (error) {
    if (added) await writeStored('countersign.policies', policies.find((value) => value.scope === scope)?.value, scope, resource);
    throw error;
  }
  if (policies.some((value) => specificity.indexOf(value.scope) > specificity.indexOf(scope))) {
    // Said, not asked: the command is done.
    void inform(t('This workspace has policies of its own, which count here instead of those in your user settings. The key counts here once one of them names it.'));
  }
  return true;
}

async function replacement({ descriptions }: ChosenKey, name: string, describeNow: NewKey['describeNow']): Promise<string> {
  const now = await describeNow(name);
  return [
    ...(now === undefined ? [] : [t('Now: {0}.', now)]), t('Then: {0}.', describeKeys(descriptions)),
    t('Images signed by the key it stands for now are no longer verified by it.'),
  ].join(' ');
}

/** The list that the new policy is added to: the scope's own, else the one that counted until now, which the scope's would hide. */
function baseList(policies: readonly ScopedValue[], scope: Scope): { readonly list: unknown; readonly foreign: boolean } {
  const own = policies.find((value) => value.scope === scope);
  if (own) return { list: own.value, foreign: false };
  const hidden = policies.filter((value) => specificity.indexOf(value.scope) < specificity.indexOf(scope)).at(-1);
  const foreign = Array.isArray(hidden?.value) && hidden.value.length > 0;
  return { list: foreign ? hidden.value : undefined, foreign };
}

function namesVisibleFrom(scope: Scope, keys: readonly ScopedValue[]): readonly string[] {
  const visible = keys.filter((value) => specificity.indexOf(value.scope) <= specificity.indexOf(scope));
  return [...new Set(visible.flatMap(({ value }) => (isRecord(value) ? Object.keys(value) : [])))];
}

/** Files inside the folder are named from it, so that the settings work for everybody who has it. */
function referenceFor({ reference, file }: ChosenKey, scope: Scope, resource: vscode.Uri | undefined): string {
  const folder = folderOf(resource);
  if (!file || !folder || scope === 'user' || !file.path.startsWith(`${folder.uri.path}/`)) return reference;
  return file.path.slice(folder.uri.path.length + 1);
}

const copyDetail = (scope: Scope): string => (scope === 'folder'
  ? t('Policies in the folder settings replace those of less specific settings, so the new policy is added to a copy of them.')
  : t('Policies in the workspace settings replace those of less specific settings, so the new policy is added to a copy of them.'));

async function confirm(question: string, yes: string, detail: string): Promise<boolean> {
  return await askModally(question, detail, yes) === yes;
}
