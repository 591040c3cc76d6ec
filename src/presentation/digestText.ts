// Digests and dates in one style everywhere; sizes are in core/encoding/sizeText.ts.

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
