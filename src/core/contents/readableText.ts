// Stored bytes as a text to read: JSON is laid out in lines, and not a character of it but the space between is changed.
import { applyEdits, format } from 'jsonc-parser';

/** Laying out is for what a person reads; a longer text stands as it is. */
const layoutLimit = 2 * 1024 * 1024;

/** Undefined for what is no UTF-8 text. */
export function readableText(bytes: Uint8Array): string | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
  if (text.includes('\0')) return undefined;
  if (text.length > layoutLimit || !/^\s*[[{]/.test(text)) return text;
  return applyEdits(text, format(text, undefined, { tabSize: 2, insertSpaces: true, eol: '\n' }));
}
