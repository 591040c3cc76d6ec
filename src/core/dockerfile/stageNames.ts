// What may name a build stage.
import { toLower } from './goText.ts';

/** `AS`, any case (`strings.EqualFold`: the long s too). */
export function isAs(word: string): boolean {
  return /^[aA][sS\u017f]$/.test(word);
}

/** The stage's name in lower case; undefined when BuildKit refuses the name. */
export function stageNameOf(word: string): string | undefined {
  const name = toLower(word);
  return /^[a-z][a-z0-9\-_.]*$/.test(name) ? name : undefined;
}
