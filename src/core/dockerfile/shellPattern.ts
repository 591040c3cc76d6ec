// Patterns of `${V#p}`, `${V%p}` and `${V/p/r}`: `*`, `?` and `\`, matched in time linear in value times pattern.

/** Any one character. */
const any = Symbol('?');
/** Any run of characters. */
const star = Symbol('*');
type Token = string | typeof any | typeof star;

/** The parts between the stars, each of fixed length. */
type Segments = readonly (readonly (string | typeof any)[])[];

/** Undefined when an escape in it is not one of `\*`, `\?`, `\\`, `\}`, `\/`. */
export type ShellPattern = readonly Token[];

export function parseShellPattern(text: string): ShellPattern | undefined {
  const characters = Array.from(text);
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (character === '*') tokens.push(star);
    else if (character === '?') tokens.push(any);
    else if (character === '\\') {
      const next = characters[++at];
      if (next === undefined || !'*?\\}/'.includes(next)) return undefined;
      tokens.push(next);
    } else tokens.push(character);
  }
  return tokens;
}

/** `${V#p}` and, longest, `${V##p}`. */
export function trimPrefix(pattern: ShellPattern, value: string, longest: boolean): string {
  const characters = Array.from(value);
  const end = matchAt(characters, segmentsOf(pattern), 0, longest);
  return typeof end === 'number' ? characters.slice(end).join('') : value;
}

/** `${V%p}` and, longest, `${V%%p}`. */
export function trimSuffix(pattern: ShellPattern, value: string, longest: boolean): string {
  const characters = Array.from(value).reverse();
  const end = matchAt(characters, segmentsOf([...pattern].reverse()), 0, longest);
  return typeof end === 'number' ? characters.slice(end).reverse().join('') : value;
}

/** `${V/p/r}`: the first and longest match. */
export function replaceFirst(pattern: ShellPattern, value: string, replacement: string): string {
  const characters = Array.from(value);
  const match = search(characters, segmentsOf(pattern), 0);
  if (match === undefined) return value;
  return characters.slice(0, match.start).join('') + replacement + characters.slice(match.end).join('');
}

/** `${V//p/r}`, with the `$` templates of Go's `ReplaceAllString` in the replacement; stops at `limit` characters. */
export function replaceAll(pattern: ShellPattern, value: string, replacement: string, limit: number): string {
  const characters = Array.from(value);
  const segments = segmentsOf(pattern);
  let result = '';
  let copied = 0;
  let from = 0;
  while (from <= characters.length && result.length <= limit) {
    const match = search(characters, segments, from);
    if (match === undefined) break;
    result += characters.slice(copied, match.start).join('');
    // An empty match right behind another match is none.
    if (match.end > copied || match.start === 0) result += fillTemplate(replacement, characters.slice(match.start, match.end).join(''));
    copied = match.end;
    from = Math.max(from + 1, match.end);
  }
  return result + characters.slice(copied).join('');
}

/** `$0` is the match, every other group is empty, `$$` a dollar sign (`regexp.Expand`). */
function fillTemplate(template: string, match: string): string {
  if (!template.includes('$')) return template;
  return template.replace(/\$(?:(\$)|([\p{L}\p{Nd}_]+)|\{([\p{L}\p{Nd}_]+)\})/gu, (_all, dollar?: string, bare?: string, braced?: string) => {
    if (dollar !== undefined) return '$';
    return (bare ?? braced) === '0' ? match : '';
  });
}

function segmentsOf(pattern: ShellPattern): Segments {
  const segments: (string | typeof any)[][] = [];
  let current: (string | typeof any)[] = [];
  for (const token of pattern) {
    if (token === star) {
      segments.push(current);
      current = [];
    } else current.push(token);
  }
  segments.push(current);
  return segments;
}

/** The end of the match that begins at `start`; `'here'` when there is none there, `'never'` when there is none further on either. */
function matchAt(value: readonly string[], segments: Segments, start: number, longest: boolean): number | 'here' | 'never' {
  const [first = [], ...rest] = segments;
  if (!fits(value, first, start)) return 'here';
  let end = start + first.length;
  for (const [index, segment] of rest.entries()) {
    const found = longest && index === rest.length - 1 ? findLast(value, segment, end) : findFirst(value, segment, end);
    if (found === -1) return 'never';
    end = found + segment.length;
  }
  return end;
}

function search(value: readonly string[], segments: Segments, from: number): { readonly start: number; readonly end: number } | undefined {
  for (let start = from; start <= value.length; start++) {
    const end = matchAt(value, segments, start, true);
    if (end === 'never') return undefined;
    if (end !== 'here') return { start, end };
  }
  return undefined;
}

function fits(value: readonly string[], segment: readonly (string | typeof any)[], at: number): boolean {
  if (at + segment.length > value.length) return false;
  return segment.every((token, index) => token === any || token === value[at + index]);
}

function findFirst(value: readonly string[], segment: readonly (string | typeof any)[], from: number): number {
  for (let at = from; at + segment.length <= value.length; at++) if (fits(value, segment, at)) return at;
  return -1;
}

function findLast(value: readonly string[], segment: readonly (string | typeof any)[], from: number): number {
  for (let at = value.length - segment.length; at >= from; at--) if (fits(value, segment, at)) return at;
  return -1;
}
