// Says of a verdict that it comes from stored signatures, and how old they are, so that nobody takes it for the registry's word of today.
import type { Evidence } from '../core/policy/verdict.ts';
import { timeText } from './digestText.ts';
import type { Translate } from './translate.ts';

/** One sentence, or none. */
export function storedWords({ storedAt }: Pick<Evidence, 'storedAt'>, t: Translate, offsetMinutes?: number): readonly string[] {
  return storedAt === undefined ? [] : [t('From signatures stored on this machine, as the registry had them on {0}; it was not asked now.', timeText(storedAt, offsetMinutes))];
}
