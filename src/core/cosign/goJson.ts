// JSON as Go's json.Marshal writes it, so that what we push is byte for byte what cosign would push.

/** Objects keep the order of their keys as Go keeps its struct fields; a Map is a Go map, its keys sorted by their UTF-8 bytes. */
export type GoValue = string | number | boolean | null | readonly GoValue[] | ReadonlyMap<string, GoValue> | GoObject;
export interface GoObject { readonly [key: string]: GoValue | undefined }

/**
 * `json.Marshal`: no white space; `<`, `>`, `&` and U+2028/2029 escaped; lone surrogates become U+FFFD; members that are undefined
 * are left out.
 */
export function encodeGoJson(value: GoValue): Uint8Array {
  return new TextEncoder().encode(encode(value, (text) => text.replace(/[<>&\u2028\u2029]/g, toUnicodeEscape)));
}

/** protojson, compact: the same without those escapes. */
export function encodeProtoJson(value: GoValue): Uint8Array {
  return new TextEncoder().encode(encode(value, (text) => text));
}

/** Orders texts as Go and registries do: by their UTF-8 bytes. */
export function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function encode(value: GoValue, escape: (json: string) => string): string {
  if (typeof value === 'string') return escape(JSON.stringify(value.replace(/\p{Surrogate}/gu, '\ufffd')));
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isArray(value)) return `[${value.map((item) => encode(item, escape)).join(',')}]`;
  const members = isMap(value) ? [...value].sort(([a], [b]) => compareUtf8(a, b)) : Object.entries(value);
  return `{${members.flatMap(([key, member]) => (member === undefined ? [] : [`${encode(key, escape)}:${encode(member, escape)}`])).join(',')}}`;
}

function toUnicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function isArray(value: GoValue): value is readonly GoValue[] {
  return Array.isArray(value);
}

function isMap(value: GoValue): value is ReadonlyMap<string, GoValue> {
  return value instanceof Map;
}
