// Where a requirement of a containers policy gets its keys and certificates from: paths, and base64 inside the file.
import type { TextRange } from '../../textRange.ts';
import type { PolicyFix } from '../policyProblem.ts';
import type { JsonNode } from './jsonText.ts';
import type { Fields, PolicyReader } from './policyReader.ts';

/** A public key as a requirement names it. */
export type WrittenKey =
  | { readonly kind: 'path'; readonly path: string; readonly range: TextRange }
  | { readonly kind: 'data'; readonly bytes: Uint8Array; readonly range: TextRange };

export interface KeySources {
  /** How many of the members are written, even with nothing in them. */
  readonly written: number;
  /** Those that count: an empty path and null are like none, an empty list is a fault. */
  readonly given: readonly { readonly name: string; readonly keys: readonly WrittenKey[] }[];
}

/** @param names of members; those that end with an s hold lists, those with `Data` in them base64 */
export function keySources(reader: PolicyReader, fields: Fields, names: readonly string[]): KeySources {
  const written = names.flatMap((name) => {
    const node = fields.get(name);
    return node ? [{ name, node }] : [];
  });
  const given = written.flatMap(({ name, node }) => {
    const keys = keysIn(reader, node, name);
    return keys ? [{ name, keys }] : [];
  });
  return { written: written.length, given };
}

function keysIn(reader: PolicyReader, node: JsonNode, name: string): readonly WrittenKey[] | undefined {
  const toKey = name.includes('Data') ? dataKey : pathKey;
  if (name.endsWith('s')) {
    // What is wrong in a list was reported; the list is there all the same, so nobody need hear that none is.
    return (reader.texts(node, name) ?? []).flatMap(([text, item]) => toKey(reader, text, item, name) ?? []);
  }
  if (node.type === 'null') return undefined;
  const text = reader.text(node, name);
  if (text === undefined) return [];
  if (text === '' && toKey === pathKey) return undefined;
  const key = toKey(reader, text, node, name);
  return key ? [key] : [];
}

function pathKey(reader: PolicyReader, path: string, node: JsonNode): WrittenKey {
  return { kind: 'path', path, range: reader.json.rangeOf(node) };
}

function dataKey(reader: PolicyReader, text: string, node: JsonNode, name: string): WrittenKey | undefined {
  const bytes = goBase64(text);
  const range = reader.json.rangeOf(node);
  if (!bytes) reader.error('base64-invalid', range, [name], encoding(text, range), /rekor|^ca/i.test(name) ? undefined : { form: 'base64', range });
  return bytes && { kind: 'data', bytes, range };
}

/** A PEM text stands there as it is. */
function encoding(text: string, range: TextRange): readonly PolicyFix[] {
  return text.includes('-----BEGIN ') && !text.includes('PRIVATE KEY') ? [{ kind: 'encode-key', args: [], edits: [{ range, text: JSON.stringify(Buffer.from(text).toString('base64')) }] }] : [];
}

/** Go's base64.StdEncoding: padded, line breaks skipped, left-over bits not looked at. */
function goBase64(text: string): Uint8Array | undefined {
  const compact = text.replace(/[\r\n]/g, '');
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined;
  return new Uint8Array(Buffer.from(compact, 'base64'));
}

/** `fulcio` or `pki`: only checked, for Countersign verifies no certificates. */
export function certificateSource(reader: PolicyReader, node: JsonNode, kind: 'fulcio' | 'pki'): void {
  const fields = reader.fields(node, kind, kind === 'fulcio'
    ? ['caPath', 'caData', 'oidcIssuer', 'subjectEmail']
    : ['caRootsPath', 'caRootsData', 'caIntermediatesPath', 'caIntermediatesData', 'subjectEmail', 'subjectHostname']);
  const given = (name: string): boolean => {
    const value = fields.get(name);
    return value !== undefined && (reader.text(value, name) ?? 'wrong') !== '';
  };
  const sources = (...names: readonly string[]): number => keySources(reader, fields, names).given.length;
  const range = reader.json.rangeOf(node);
  const [path, data] = kind === 'fulcio' ? ['caPath', 'caData'] as const : ['caRootsPath', 'caRootsData'] as const;
  if (sources(path, data) !== 1) reader.error('key-source-count', range, [`${path}, ${data}`]);
  if (kind === 'pki' && sources('caIntermediatesPath', 'caIntermediatesData') > 1) reader.error('key-source-count', range, ['caIntermediatesPath, caIntermediatesData']);
  const [email, other] = [given('subjectEmail'), given(kind === 'fulcio' ? 'oidcIssuer' : 'subjectHostname')];
  if (kind === 'fulcio' && !other) reader.error('missing-field', range, ['oidcIssuer', '']);
  if (kind === 'fulcio' ? !email : !email && !other) reader.error('missing-field', range, ['subjectEmail', '']);
}
