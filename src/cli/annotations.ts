// `-a name=value`, as cosign reads it: one record of CSV for each flag, split at the first "=".
import type { FlagValues } from './flags.ts';
import { UsageError } from './flags.ts';

/** Later ones win. @throws {UsageError} */
export function annotationsOf(flags: FlagValues): Readonly<Record<string, string>> {
  const annotations = new Map<string, string>();
  for (const item of flags.all('annotations').flatMap(fieldsOf)) {
    const at = item.indexOf('=');
    if (at < 1) throw new UsageError(`unable to parse annotation: "${item}" is not NAME=VALUE.`);
    annotations.set(item.slice(0, at), item.slice(at + 1));
  }
  return Object.assign(Object.create(null) as Record<string, string>, Object.fromEntries(annotations));
}

/** The fields of one record (Go's encoding/csv): commas separate, quotes hold commas and doubled quotes. */
function fieldsOf(record: string): readonly string[] {
  if (record === '') return [];
  const fields: string[] = [];
  for (let rest = record; ;) {
    const quoted = /^"((?:[^"]|"")*)"(?=,|$)/.exec(rest);
    const [written = '', field = ''] = quoted ? [quoted[0], (quoted[1] ?? '').replaceAll('""', '"')] : /^[^,]*/.exec(rest)?.flatMap((text) => [text, text]) ?? [];
    if (!quoted && field.includes('"')) throw new UsageError(`unable to parse annotation: the quotes in "${record}" are not as in CSV.`);
    fields.push(field);
    if (written.length === rest.length) return fields;
    rest = rest.slice(written.length + 1);
  }
}
