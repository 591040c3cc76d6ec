// Durations as Go writes them: 30s, 3m, 1h30m, 500ms; 0 stands for no end.
import { UsageError } from './flags.ts';

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** In milliseconds. @throws {UsageError} */
export function parseDuration(text: string, flag: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (text === '0') return 0;
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) throw new UsageError(`${flag} must be a duration such as 30s or 3m, not "${text}".`);
  return Math.min(parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (units[unit] ?? 0), 0), 2 ** 31 - 1);
}
