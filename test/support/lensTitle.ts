// The title of a lens as it is read, for tests that are about its words.
import assert from 'node:assert/strict';

/** With an ordinary space after the icon; the title itself must have one there that does not break, as the editor drops the other. */
export function readTitle(title: string): string {
  assert.doesNotMatch(title, /^\$\([^)]+\) /);
  return title.replace(/^(\$\([^)]+\))\u00a0/, '$1 ');
}
