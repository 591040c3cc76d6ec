// How many of the keys that a policy names have signed: a name counts once, and so does a key, whatever names it goes by.

/** A name a policy gives, and the keys behind it that made a signature which counts, in a fixed order. */
export interface NamedSigner {
  readonly fingerprints: readonly string[];
}

/**
 * Gives as many names as possible a key of their own (a maximum matching), so that neither two names for one key nor two keys behind
 * one name count twice.
 * @returns for each name the fingerprint counted for it, or undefined
 */
export function countSigners(names: readonly NamedSigner[]): readonly (string | undefined)[] {
  const holder = new Map<string, number>();
  const place = (index: number, tried: Set<string>): boolean => {
    for (const fingerprint of names[index]?.fingerprints ?? []) {
      if (tried.has(fingerprint)) continue;
      tried.add(fingerprint);
      const other = holder.get(fingerprint);
      if (other === undefined || place(other, tried)) {
        holder.set(fingerprint, index);
        return true;
      }
    }
    return false;
  };
  for (const index of names.keys()) place(index, new Set());
  const counted: (string | undefined)[] = names.map(() => undefined);
  for (const [fingerprint, index] of holder) counted[index] = fingerprint;
  return counted;
}
