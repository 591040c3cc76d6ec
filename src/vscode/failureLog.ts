// Failures as lines of the log: with their causes, without secrets.
import { CosignError } from '../core/errors.ts';
import { failureText } from '../presentation/failureText.ts';
import { english } from '../presentation/translate.ts';
import { plainText } from '../presentation/untrustedText.ts';

/** One line per failure, with the messages of its causes. */
export function describeFailure(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at instanceof Error && parts.length < 5; at = at.cause) {
    parts.push(at instanceof CosignError ? `${at.code}: ${failureText(at, english).text}` : `${at.name}: ${plainText(at.message, 500)}`);
  }
  return redact(parts.length === 0 ? plainText(String(error), 500) : parts.join(' < '));
}

/** Takes user names, passwords and queries out of addresses. */
export function redact(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']*@/gi, '$1…@').replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s?"']*)\?[^\s"']*/gi, '$1?…');
}
