// Which frontend image a file names: `# syntax=`, `// syntax=`, or a JSON object's "syntax" (BuildKit's DetectSyntax).
import { DirectiveReader } from './directives.ts';

export interface SyntaxDirective {
  readonly form: '#' | '//' | 'json';
  /** The image: the first word of the value. */
  readonly image: string;
  /** Offsets of it in the file (of what stands between the quotes in JSON). */
  readonly start: number;
  readonly end: number;
}

/** A byte order mark and one `#!` line may stand before it; blanks may not. */
export function syntaxDirectiveOf(text: string): SyntaxDirective | undefined {
  const afterMark = text.startsWith('\uFEFF') ? 1 : 0;
  const start = text.startsWith('#!', afterMark) ? nextLine(text, afterMark) : afterMark;
  return inComments(text, start, '#') ?? inComments(text, start, '//') ?? inJson(text, start);
}

/** The `# check=` directive's value, read in the same places as `# syntax=`. */
export function checkDirectiveOf(text: string): { readonly value: string; readonly start: number } | undefined {
  const afterMark = text.startsWith('\uFEFF') ? 1 : 0;
  const start = text.startsWith('#!', afterMark) ? nextLine(text, afterMark) : afterMark;
  return directiveIn(text, start, '#', 'check');
}

function inComments(text: string, from: number, form: '#' | '//'): SyntaxDirective | undefined {
  const found = directiveIn(text, from, form, 'syntax');
  if (found === undefined) return undefined;
  const [image = ''] = found.value.split(' ', 1);
  return { form, image, start: found.start, end: found.start + image.length };
}

function directiveIn(text: string, from: number, comment: string, name: 'syntax' | 'check'): { readonly value: string; readonly start: number } | undefined {
  const reader = new DirectiveReader(comment);
  for (let start = from; start < text.length && !reader.done; start = nextLine(text, start)) {
    const newline = text.indexOf('\n', start);
    let end = newline === -1 ? text.length : newline;
    if (end > start && text[end - 1] === '\r') end--;
    const directive = reader.read(text.slice(start, end));
    if (directive?.repeated === true) return undefined;
    if (directive?.name === name) return { value: directive.value, start: start + directive.valueAt };
  }
  return undefined;
}

function nextLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from);
  return newline === -1 ? text.length : newline + 1;
}

function inJson(text: string, from: number): SyntaxDirective | undefined {
  if (!/^[\t\n\r ]*\{/.test(text.slice(from, from + 1000))) return undefined;
  const image = syntaxMember(text.slice(from));
  if (image === undefined) return undefined;
  const place = lastMember(text.slice(from));
  return place && { form: 'json', image, start: from + place.start, end: from + place.end };
}

function syntaxMember(json: string): string | undefined {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'syntax')) return undefined;
    const { syntax } = value as { readonly syntax: unknown };
    return typeof syntax === 'string' ? syntax : undefined;
  } catch {
    return undefined;
  }
}

/** Where the value of the outermost object's last "syntax" stands, quotes left out. The text is valid JSON. */
function lastMember(json: string): { readonly start: number; readonly end: number } | undefined {
  let depth = 0;
  let key = '';
  let expectsValue = false;
  let place: { readonly start: number; readonly end: number } | undefined;
  for (let at = 0; at < json.length; at++) {
    const character = json[at] ?? '';
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    else if (character === ':') expectsValue = true;
    else if (character === ',') expectsValue = false;
    else if (character === '"') {
      const end = closingQuote(json, at);
      if (depth === 1 && !expectsValue) key = String(JSON.parse(json.slice(at, end + 1)));
      else if (depth === 1 && key === 'syntax') place = { start: at + 1, end };
      at = end;
    }
  }
  return place;
}

function closingQuote(json: string, open: number): number {
  let at = open + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at;
}
