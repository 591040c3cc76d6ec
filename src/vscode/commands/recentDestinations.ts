// Where images were copied to lately: offered again, in all windows; names only, a bounded number of them.
import type * as vscode from 'vscode';
import { familiarName, familiarRepository, parseReference, type Reference } from '../../core/oci/reference.ts';

type Memory = Pick<vscode.Memento, 'get' | 'update'>;

const key = 'copy.destinations';
const maxRecent = 10;

/** Newest first. What is stored may be anything: only what is a reference counts. */
export function recentDestinations(memory: Memory): readonly Reference[] {
  const stored: unknown = memory.get(key);
  if (!Array.isArray(stored)) return [];
  return stored.slice(0, maxRecent).flatMap((text: unknown) => {
    try {
      return typeof text === 'string' ? [parseReference(text)] : [];
    } catch {
      return [];
    }
  });
}

export async function rememberDestination(memory: Memory, { registry, repository, tag }: Reference): Promise<void> {
  const name = familiarName({ registry, repository, tag: tag ?? 'latest' });
  const others = recentDestinations(memory).map(familiarName).filter((other) => other !== name);
  await memory.update(key, [name, ...others].slice(0, maxRecent));
}

export interface Suggestion {
  readonly text: string;
  /** `place`: beside an image that was copied before, under this image's own name. `same`: exactly where one was copied to. */
  readonly kind: 'place' | 'same';
}

/** The image's own name in the places used before, then those destinations themselves; never the source. */
export function suggestDestinations(recent: readonly Reference[], source: Reference): readonly Suggestion[] {
  const own = source.repository.split('/').at(-1) ?? '';
  const tag = source.tag ?? 'latest';
  const places = recent.map(({ registry, repository }): Suggestion => {
    const above = repository.split('/').slice(0, -1);
    return { kind: 'place', text: familiarName({ registry, repository: [...above, own].join('/'), tag }) };
  });
  const all = [...places, ...recent.map((reference): Suggestion => ({ kind: 'same', text: familiarName(reference) }))];
  const taken = new Set([`${familiarRepository(source)}:${tag}`]);
  return all.filter(({ text }) => {
    if (taken.has(text)) return false;
    taken.add(text);
    return true;
  });
}
