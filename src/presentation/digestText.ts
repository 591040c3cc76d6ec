// Digests, dates and sizes in one style everywhere.

/** `sha256:84d8fd5280a5…`: enough to recognise; hovers and "copy" give the whole digest. */
export function shortDigest(digest: string): string {
  const shown = 'sha256:'.length + 12;
  return digest.length > shown ? `${digest.slice(0, shown)}…` : digest;
}

/**
 * `2026-11-22 19:03:10 UTC+01:00`.
 * @param atMs milliseconds since the epoch
 * @param offsetMinutes minutes east of UTC; default: the machine's zone at that time
 */
export function timeText(atMs: number, offsetMinutes = -new Date(atMs).getTimezoneOffset()): string {
  const shifted = new Date(atMs + offsetMinutes * 60_000);
  if (Number.isNaN(shifted.getTime())) return '?';
  const [date = '', time = ''] = shifted.toISOString().split(/[T.]/);
  if (offsetMinutes === 0) return `${date} ${time} UTC`;
  const away = Math.abs(offsetMinutes);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${date} ${time} UTC${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(away / 60))}:${two(away % 60)}`;
}

/** `512 B`, `3.4 kB`, `12 MB`: powers of 1000, one decimal below ten. */
export function sizeText(sizeBytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = sizeBytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0);
  return `${digits} ${units[unit] ?? ''}`;
}
