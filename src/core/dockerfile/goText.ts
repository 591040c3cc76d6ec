// Characters as Go's unicode package sorts them: BuildKit is written in Go, and JavaScript's trim() and toLowerCase() differ.

/** `unicode.IsSpace`: with U+0085, without U+FEFF. */
export function isSpace(code: number): boolean {
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  return code === 0x85 || code === 0xa0 || code === 0x1680 || (code >= 0x2000 && code <= 0x200a)
    || code === 0x2028 || code === 0x2029 || code === 0x202f || code === 0x205f || code === 0x3000;
}

/** What `[\t\v\f\r ]` matches: the white space that separates words in BuildKit's parser. */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0b || code === 0x0c || code === 0x0d;
}

/** The first index from `start` on, below `end`, that is no white space; `end` when all is. */
export function skipSpace(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** The smallest end such that only white space is cut off. */
export function trimmedEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && isSpace(text.charCodeAt(at - 1))) at--;
  return at;
}

/** `strings.ToLower`, as far as stage names and keywords go. */
export function toLower(text: string): string {
  return text.replaceAll('\u0130', 'i').toLowerCase();
}

const letterPattern = /^[\p{L}\p{Nd}_]$/u;
const digitPattern = /^\p{Nd}$/u;

/** A character of a variable's name. */
export function isNameCharacter(character: string): boolean {
  const code = character.charCodeAt(0);
  if (code < 0x80) return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || isDigit(character) || code === 0x5f;
  return letterPattern.test(character);
}

/** `unicode.IsDigit`. */
export function isDigit(character: string): boolean {
  const code = character.charCodeAt(0);
  return code < 0x80 ? code >= 0x30 && code <= 0x39 : digitPattern.test(character);
}

/** `strconv.ParseBool`; undefined when the text is no boolean. */
export function parseBool(text: string): boolean | undefined {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  return /^(?:0|f|F|FALSE|false|False)$/.test(text) ? false : undefined;
}
