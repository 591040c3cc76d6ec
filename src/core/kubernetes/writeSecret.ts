// Writing one planned secret. An immutable one can only be deleted and made anew: no moment may exist in which the old key is nowhere in the cluster.
import { CosignError, toCosignError } from '../errors.ts';
import { said } from '../said.ts';
import type { SecretChange } from './plannedSecret.ts';
import type { StoredSecret } from './secretObject.ts';
import type { SecretPlace } from './secretReference.ts';
import type { SecretStore } from './secretStore.ts';

export interface WriteOptions {
  /** A few lower-case letters and digits that nobody can guess: part of the name of the copy. */
  readonly suffix: string;
}

/**
 * @returns the copy of the old secret, where it could not be removed afterwards
 * @throws {CosignError} the `KUBERNETES_…` codes. Then the old secret is what it was, or the message names the copy that holds it.
 */
export async function writeSecret(store: SecretStore, change: SecretChange, { suffix }: WriteOptions, signal: AbortSignal): Promise<SecretPlace | undefined> {
  const { place, before, after, action } = change;
  signal.throwIfAborted();
  if (action === 'replace' && before) return replaceSecret(store, change, before, suffix, signal);
  if (action === 'create') await store.create(place, after, { dryRun: false }, signal);
  else await store.update(place, after, signal);
  return undefined;
}

/**
 * 1. The server says whether it would take the new secret (a dry run under another name).
 * 2. The old one is copied under another name: whatever happens to us from here on, it is in the cluster.
 * 3. The old one is deleted, if it is still the one that was looked at.
 * 4. The new one is made; when that fails, the old one is made again from memory.
 * 5. The copy is removed.
 */
async function replaceSecret(store: SecretStore, { place, after }: SecretChange, before: StoredSecret, suffix: string, signal: AbortSignal): Promise<SecretPlace | undefined> {
  const copy: SecretPlace = { namespace: place.namespace, name: `${place.name.slice(0, 220).replace(/[.-]+$/, '')}-before-${suffix}` };
  await store.create(copy, { ...after, metadata: { ...after.metadata, name: copy.name } }, { dryRun: true }, signal);
  // From here on nothing stops half-way because a person lost patience; each request has its own time limit.
  const unhurried = new AbortController().signal;
  try {
    await store.create(copy, oldContent(before, copy, { 'countersign/copy-of': place.name }), { dryRun: false }, unhurried);
  } catch (error) {
    throw await withoutCopy(store, copy, error, unhurried);
  }
  try {
    await store.remove(before, unhurried);
  } catch (error) {
    // An answer that was lost may have been a yes.
    const now = await look(store, place, unhurried);
    if (now === 'unknown') throw kept(error, place, copy);
    if (now !== undefined) {
      if (now.uid !== before.uid || now.deleting) throw kept(error, place, copy);
      throw await withoutCopy(store, copy, error, unhurried);
    }
  }
  try {
    await store.create(place, after, { dryRun: false }, unhurried);
  } catch (error) {
    const now = await look(store, place, unhurried);
    if (now === 'unknown' || (now !== undefined && !sameData(now, after.data))) throw kept(error, place, copy);
    if (now === undefined) throw await restore(store, before, copy, error, unhurried);
  }
  return (await removeCopy(store, copy, unhurried)) ? undefined : copy;
}

async function restore(store: SecretStore, before: StoredSecret, copy: SecretPlace, failure: unknown, signal: AbortSignal): Promise<CosignError> {
  try {
    await store.create(before.place, oldContent(before, before.place, {}), { dryRun: false }, signal);
  } catch {
    const now = await look(store, before.place, signal);
    if (now === 'unknown' || now === undefined || !sameData(now, before.data)) return kept(failure, before.place, copy);
  }
  return withoutCopy(store, copy, failure, signal);
}

/** The failure itself when the copy is gone, else one that names it. */
async function withoutCopy(store: SecretStore, copy: SecretPlace, failure: unknown, signal: AbortSignal): Promise<CosignError> {
  if (await removeCopy(store, copy, signal)) return toCosignError(failure);
  const { code, said: message } = toCosignError(failure);
  return new CosignError(code, said`${message} The old secret is as it was.`, { cause: failure, remedy: said`A copy of it, "${copy.name}" in namespace "${copy.namespace}", could not be removed: remove it.` });
}

async function removeCopy(store: SecretStore, copy: SecretPlace, signal: AbortSignal): Promise<boolean> {
  try {
    const found = await store.get(copy, signal);
    if (found) await store.remove(found, signal);
    return true;
  } catch {
    return false;
  }
}

async function look(store: SecretStore, place: SecretPlace, signal: AbortSignal): Promise<StoredSecret | undefined | 'unknown'> {
  try {
    return await store.get(place, signal);
  } catch {
    return 'unknown';
  }
}

/** The old secret as it is made again: all but what the server gives each secret itself. */
function oldContent({ object, type, labels, annotations, immutable, data }: StoredSecret, place: SecretPlace, more: Readonly<Record<string, string>>): Parameters<SecretStore['create']>[1] {
  const isCopy = Object.keys(more).length > 0;
  const metadata = object['metadata'];
  const owners = typeof metadata === 'object' && metadata !== null && 'ownerReferences' in metadata ? metadata.ownerReferences : undefined;
  return {
    apiVersion: 'v1', kind: 'Secret', type, data,
    // A copy has none of the labels: what selects the original by them must not find it twice.
    metadata: isCopy ? { ...place, annotations: more } : { ...place, labels, annotations, ...(owners === undefined ? {} : { ownerReferences: owners }) },
    ...(immutable ? { immutable: true } : {}),
  };
}

function sameData({ data }: StoredSecret, wanted: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(wanted);
  return names.length === Object.keys(data).length && names.every((name) => data[name] === wanted[name]);
}

function kept(failure: unknown, place: SecretPlace, copy: SecretPlace): CosignError {
  const { code, said: message } = toCosignError(failure);
  return new CosignError(code, said`${message} What became of the secret "${place.name}" is not known, or somebody else made another.`, {
    cause: failure, remedy: said`Nothing is lost: the old secret is kept as "${copy.name}" in namespace "${copy.namespace}".`,
  });
}
