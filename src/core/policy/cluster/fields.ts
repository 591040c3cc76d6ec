// Reading fields of a checked place: texts, lists and maps, where a wrong kind of thing counts as absent because it was reported already.
import type { TextRange } from '../../textRange.ts';
import type { Value } from './values.ts';

export type MapValue = Value & { readonly kind: 'map' };
export type TextValue = Value & { readonly kind: 'text' };

export function fieldOf(within: Value | undefined, name: string): Value | undefined {
  return within?.kind === 'map' ? within.entries.get(name)?.value : undefined;
}

export function mapOf(within: Value | undefined, name: string): MapValue | undefined {
  const value = fieldOf(within, name);
  return value?.kind === 'map' ? value : undefined;
}

/** Empty texts are as good as absent, as Go has them. */
export function textOf(within: Value | undefined, name: string): TextValue | undefined {
  const value = fieldOf(within, name);
  return value?.kind === 'text' && value.text !== '' ? value : undefined;
}

export function itemsOf(within: Value | undefined, name: string): readonly Value[] {
  const value = fieldOf(within, name);
  return value?.kind === 'list' ? value.items : [];
}

/** Where to point for a thing of many lines: its first field. */
export function headOf(value: Value): TextRange {
  const [first] = value.kind === 'map' ? value.entries.values() : [];
  return first && value.range.start.line !== value.range.end.line ? first.keyRange : value.range;
}
