// Fields that a ClusterImagePolicy cannot have, that stand twice, or that hold another kind of thing: what the API server refuses.
import type { PolicyFix } from '../policyProblem.ts';
import type { TextRange } from '../../textRange.ts';
import type { Reports } from './reports.ts';
import type { Shape } from './shape.ts';
import type { Entry, Value } from './values.ts';

/** @param path how a person would call the place: `spec.authorities[0].key` */
export function checkShape(value: Value, shape: Shape, path: string, reports: Reports): void {
  if (shape.kind === 'anything') return;
  if (value.kind !== shape.kind) {
    reports.add('wrong-type', value.range, [path, shape.kind]);
    return;
  }
  if (value.kind === 'list' && shape.kind === 'list') {
    for (const [index, item] of value.items.entries()) checkShape(item, shape.of, `${path}[${index}]`, reports);
  }
  if (value.kind !== 'map' || shape.kind !== 'map') return;
  for (const entry of value.repeated) reports.add('duplicate-field', entry.keyRange, [entry.name, path], entry.aliased ? [] : removal(entry));
  for (const entry of value.entries.values()) {
    const field = shape.fields[entry.name];
    if (field) checkShape(entry.value, field, path === '' ? entry.name : `${path}.${entry.name}`, reports);
    else reports.add('unknown-field', entry.keyRange, [entry.name, path], entry.aliased ? [] : [...renaming(entry, value, shape.fields), ...removal(entry)]);
  }
}

/** To a field that is spelled almost so and is not there yet. */
function renaming(entry: Entry, within: Value & { readonly kind: 'map' }, fields: Readonly<Record<string, Shape>>): readonly PolicyFix[] {
  const free = Object.keys(fields).filter((name) => !within.entries.has(name));
  const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '');
  const meant = free.find((name) => plain(name) === plain(entry.name)) ?? free.find((name) => isNear(plain(name), plain(entry.name)));
  return meant === undefined ? [] : [{ kind: 'rename-field', args: [entry.name.slice(0, 100), meant], edits: [{ range: entry.keyRange, text: meant }] }];
}

/** An empty line, or nothing between two commas, is left behind: YAML does not mind either. */
function removal({ name, keyRange, value }: Entry): readonly PolicyFix[] {
  const end = isBefore(keyRange.end, value.range.end) ? value.range.end : keyRange.end;
  return [{ kind: 'remove-field', args: [name.slice(0, 100)], edits: [{ range: { start: keyRange.start, end }, text: '' }] }];
}

const isBefore = (a: TextRange['start'], b: TextRange['start']): boolean => a.line < b.line || (a.line === b.line && a.character < b.character);

/** At most two letters left out, added or changed. */
function isNear(a: string, b: string): boolean {
  if (Math.min(a.length, b.length) < 4 || Math.abs(a.length - b.length) > 2 || b.length > 40) return false;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return (row[b.length] ?? 9) <= 2;
}
