// Where in a policy written as JSON a key is about to be typed, and in which form it belongs there.
import { getLocation } from 'jsonc-parser';
import type { KeySlot } from './policyProblem.ts';

export interface KeyLocation {
  readonly form: KeySlot['form'];
  /** What is written there already, quotes included: empty where there is nothing. */
  readonly from: number;
  readonly to: number;
}

/** Undefined anywhere but at the value of a member that holds a public key. */
export function keyLocation(text: string, offset: number): KeyLocation | undefined {
  const { path, previousNode, isAtPropertyKey } = getLocation(text, offset);
  const names = path.filter((part) => typeof part === 'string');
  const form = isAtPropertyKey ? undefined : formOf(names.at(-1), names.at(-2), typeof path.at(-1) === 'number');
  if (form === undefined) return undefined;
  const isWithin = previousNode !== undefined && previousNode.offset <= offset && offset <= previousNode.offset + previousNode.length;
  if (!isWithin) return { form, from: offset, to: offset };
  return previousNode.type === 'string' ? { form, from: previousNode.offset, to: previousNode.offset + previousNode.length } : undefined;
}

/** By the name of the member, for its value or for an item of its list. */
const forms = new Map<string, KeySlot['form']>([['keyData', 'base64'], ['keyPath', 'path'], ['keyDatas[]', 'base64'], ['keyPaths[]', 'path']]);

function formOf(name: string | undefined, parent: string | undefined, isItem: boolean): KeySlot['form'] | undefined {
  if (name === 'data' && parent === 'key' && !isItem) return 'yaml';
  return name === undefined ? undefined : forms.get(isItem ? `${name}[]` : name);
}
