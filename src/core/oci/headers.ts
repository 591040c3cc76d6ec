// Header values as the registry client needs them: the first of repeated ones, `Retry-After`, `Link`.

/** The first value. */
export const single = (value: string | readonly string[] | undefined): string | undefined => (typeof value === 'string' ? value : value?.[0]);

/** Without parameters, lower case. */
export const plainMediaType = (value: string | undefined): string | undefined => value?.split(';')[0]?.trim().toLowerCase();

/** Seconds or an HTTP date (RFC 9110 §10.2.3) → milliseconds from now, never negative. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

/** `100;w=21600` → 100 in 21,600 seconds, as Docker Hub counts; undefined for anything else. */
export function parseRateLimit(value: string | undefined): { readonly count: number; readonly seconds?: number } | undefined {
  const [, count, seconds] = /^\s*(\d{1,9})(?:\s*;\s*w=(\d{1,9}))?\s*$/.exec(value ?? '') ?? [];
  return count === undefined ? undefined : { count: Number(count), ...(seconds === undefined ? {} : { seconds: Number(seconds) }) };
}

/** The target of `Link: <…>; rel="next"` (RFC 8288), as written; undefined when there is none. */
export function nextLink(value: string | readonly string[] | undefined): string | undefined {
  const text = (typeof value === 'string' ? [value] : value ?? []).join(', ').slice(0, 16_384);
  for (const [, target, parameters = ''] of text.matchAll(/<([^<>]*)>((?:\s*;\s*[\w*-]+\s*=\s*(?:"[^"]*"|[^\s",;]+))*)/g)) {
    if (/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next)(?=\s*(?:;|$))/i.test(parameters)) return target;
  }
  return undefined;
}
