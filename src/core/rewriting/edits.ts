// Edits of a Dockerfile, applying them, and why there are none.
import { SourceText } from '../dockerfile/sourceText.ts';
import type { TextRange } from '../textRange.ts';

export interface DockerfileEdit {
  readonly range: TextRange;
  readonly text: string;
}

/** Why a reference is left as it is. Lines from zero; names are the Dockerfile's: hostile until escaped. */
export type Refusal =
  | { readonly kind: 'no reference' }
  | { readonly kind: 'pinned already' }
  | { readonly kind: 'not pinned' }
  /** Without its digest it would name another image. */
  | { readonly kind: 'no tag' }
  | { readonly kind: 'several lines' }
  /** Made of variables in a way that cannot be followed. */
  | { readonly kind: 'variables' }
  | { readonly kind: 'name and tag in one' }
  | { readonly kind: 'tag in variable'; readonly name: string }
  | { readonly kind: 'no single variable' }
  /** A build argument of the settings replaces the default. */
  | { readonly kind: 'setting'; readonly name: string }
  | { readonly kind: 'no default'; readonly name: string }
  | { readonly kind: 'default of parts'; readonly name: string }
  | { readonly kind: 'used elsewhere'; readonly name: string; readonly line: number }
  /** Images with different digests get their end from one default. */
  | { readonly kind: 'disagreement'; readonly name: string }
  /** These look at the tag, or at the digest, and would no longer be asked of the image. */
  | { readonly kind: 'policies end'; readonly lookAt: 'tag' | 'digest'; readonly policies: readonly string[] }
  /** Read again, the changed file does not name exactly what is wanted. */
  | { readonly kind: 'no effect' };

/** The text with all edits made; they must not overlap. */
export function applyEdits(text: string, edits: readonly DockerfileEdit[]): string {
  const source = new SourceText(text);
  const placed = edits.map(({ range, text: put }) => ({ start: source.offset(range.start), end: source.offset(range.end), put }));
  let result = text;
  for (const { start, end, put } of placed.sort((a, b) => b.start - a.start)) result = result.slice(0, start) + put + result.slice(end);
  return result;
}
