// A failure as it stands on standard error.
import type { CosignError } from '../core/errors.ts';
import { plainText } from '../presentation/untrustedText.ts';

/** `Error: ` and what happened, with what to do next. */
export function failureLine({ message, remedy }: Pick<CosignError, 'message' | 'remedy'>): string {
  return `Error: ${plainText(message, 1000)}${remedy === undefined ? '' : ` ${plainText(remedy, 500)}`}\n`;
}
