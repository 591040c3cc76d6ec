// The `--mount=` flags of RUN: comma-separated fields, and the `from` among them.
import { said, type Said } from '../said.ts';
import type { Flag } from './flags.ts';
import { parseBool } from './goText.ts';
import type { Instruction } from './instruction.ts';
import type { Refusal } from './instructionForm.ts';
import { quote } from './problems.ts';

/** One `key=value` of a mount, CSV quotes taken out. */
export interface MountField {
  /** Lower case. */
  readonly key: string;
  /** Undefined: no `=`. */
  readonly value?: string;
  /** Place of the value within the flag's text. */
  readonly from: number;
  readonly to: number;
}

/** Undefined when the text is no CSV record (a quote within a field, or one without end, or nothing at all). */
export function parseMountFields(text: string, at: number): readonly MountField[] | undefined {
  const fields: MountField[] = [];
  if (at >= text.length) return undefined;
  for (let start = at; ;) {
    const quoted = text[start] === '"';
    const end = quoted ? closingQuote(text, start + 1) : fieldEnd(text, start);
    if (end === -1) return undefined;
    const raw = quoted ? text.slice(start + 1, end) : text.slice(start, end);
    if (!quoted && raw.includes('"')) return undefined;
    const content = quoted ? raw.replaceAll('""', '"') : raw;
    const equals = content.indexOf('=');
    const valueAt = (quoted ? start + 1 : start) + raw.indexOf('=') + 1;
    fields.push(equals === -1 ? { key: content.toLowerCase(), from: start, to: end }
      : { key: content.slice(0, equals).toLowerCase(), value: content.slice(equals + 1), from: valueAt, to: end });
    const next = quoted ? end + 1 : end;
    if (next === text.length) return fields;
    if (text[next] !== ',') return undefined;
    start = next + 1;
  }
}

function fieldEnd(text: string, start: number): number {
  const comma = text.indexOf(',', start);
  return comma === -1 ? text.length : comma;
}

function closingQuote(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 2)) {
    if (text[at + 1] !== '"') return at;
  }
  return -1;
}

/** The mounts of a RUN whose text can be read. */
export function mountsOf({ flags }: Instruction): readonly { readonly flag: Flag; readonly fields: readonly MountField[] }[] {
  return flags.flatMap((flag) => {
    if (flag.name !== '--mount' || flag.value === undefined) return [];
    const fields = parseMountFields(flag.text, '--mount='.length);
    return fields ? [{ flag, fields }] : [];
  });
}

/** What refuses the file when the flags are read, before any stage is built. */
export function mountProblem({ flags }: Instruction): Refusal | undefined {
  for (const flag of flags) {
    if (flag.name !== '--mount') continue;
    const fields = parseMountFields(flag.text, '--mount='.length);
    if (fields === undefined) return { start: flag.start, end: flag.end, message: said`The fields of --mount cannot be read: they are key=value, with commas between them and no quote within.` };
    for (const { key, value = '', from, to } of fields) {
      if (key === 'from' && hasVariable(value)) return { ...flag.span(from, to), message: said`Variables are not expanded in the from of --mount; name a stage FROM the variable instead.` };
    }
  }
  return undefined;
}

/** A `$` anywhere but at the end. */
export function hasVariable(value: string): boolean {
  const dollar = value.indexOf('$');
  return dollar !== -1 && dollar !== value.length - 1;
}

const types: ReadonlySet<string> = new Set(['bind', 'cache', 'tmpfs', 'secret', 'ssh']);
const keys: ReadonlySet<string> = new Set([
  'type', 'from', 'source', 'src', 'target', 'dst', 'destination', 'readonly', 'ro', 'readwrite', 'rw', 'required', 'size', 'id', 'sharing', 'mode', 'uid', 'gid', 'env',
]);
const bare: ReadonlySet<string> = new Set(['readonly', 'ro', 'readwrite', 'rw', 'required']);
const switches: ReadonlySet<string> = new Set(['readonly', 'ro', 'readwrite', 'rw']);

/** What refuses the file when the mount is put in place; fields with variables are taken as good. */
export function mountFieldProblem(fields: readonly MountField[]): Said | undefined {
  if (fields.some(({ value }) => value !== undefined && /[$'"\\`]/.test(value))) return undefined;
  let type = 'bind';
  let from = '';
  for (const { key, value } of fields) {
    if (value === undefined) {
      if (!bare.has(key)) return said`${quote(key)} in --mount must be key=value.`;
    } else if (!keys.has(key)) return said`--mount has no key ${quote(key)}.`;
    if (key === 'required' && type !== 'secret' && type !== 'ssh') return said`A mount of type ${type} has no key "required".`;
    if (key === 'size' && type !== 'tmpfs') return said`A mount of type ${type} has no key "size".`;
    if (value === undefined) continue;
    if (key === 'type') {
      type = value.toLowerCase();
      if (!types.has(type)) return said`${quote(value)} is no mount type; it is bind, cache, tmpfs, secret or ssh.`;
    } else if (key === 'from') from = value;
    else if (switches.has(key) && parseBool(value) === undefined) return said`The key ${quote(key)} of --mount is true or false, not ${quote(value)}.`;
    else if (key === 'sharing' && !['shared', 'private', 'locked'].includes(value.toLowerCase())) return said`${quote(value)} is no way of sharing a mount; it is shared, private or locked.`;
  }
  if (type === 'secret' && from !== '') return said`A secret mount takes no from.`;
  return undefined;
}
