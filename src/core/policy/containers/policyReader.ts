// Takes a policy's JSON apart and keeps account of everything that is wrong with it, each fault with its place.
import type { SaidArgument } from '../../said.ts';
import type { TextRange } from '../../textRange.ts';
import type { KeySlot, PolicyFix, PolicyProblem } from '../policyProblem.ts';
import { itemsOf, membersOf, type JsonMember, type JsonNode, type JsonText } from './jsonText.ts';
import type { ContainersFault } from './problemKinds.ts';

/** The members of an object whose names were all known and written once. */
export type Fields = ReadonlyMap<string, JsonNode>;

export class PolicyReader {
  readonly json: JsonText;
  readonly problems: PolicyProblem[] = [];

  constructor(json: JsonText) {
    this.json = json;
  }

  error(fault: ContainersFault, range: TextRange, args: readonly SaidArgument[] = [], fixes: readonly PolicyFix[] = [], keySlot?: KeySlot): void {
    this.problems.push({ kind: `containers-${fault}`, severity: 'error', range, args, ...(fixes.length > 0 ? { fixes } : {}), ...(keySlot ? { keySlot } : {}) });
  }

  warning(fault: ContainersFault, range: TextRange, args: readonly SaidArgument[] = [], fixes: readonly PolicyFix[] = [], keySlot?: KeySlot): void {
    this.problems.push({ kind: `containers-${fault}`, severity: 'warning', range, args, ...(fixes.length > 0 ? { fixes } : {}), ...(keySlot ? { keySlot } : {}) });
  }

  /**
   * An object whose member names are free; one that is written twice is a fault.
   * @param what the name of the member that holds it, for messages
   */
  members(node: JsonNode, what: string): readonly JsonMember[] {
    if (node.type !== 'object') {
      this.wrongType(node, what, 'object');
      return [];
    }
    const seen = new Set<string>();
    const members = membersOf(node);
    for (const member of members) {
      if (seen.has(member.name)) this.error('duplicate-field', this.json.rangeOf(member.key), [member.name], [this.#removal(node, member)]);
      seen.add(member.name);
    }
    return members;
  }

  /** An object that may have these members and no others. */
  fields(node: JsonNode, what: string, known: readonly string[]): Fields {
    const fields = new Map<string, JsonNode>();
    for (const member of this.members(node, what)) {
      if (!known.includes(member.name)) {
        this.error('unknown-field', this.json.rangeOf(member.key), [member.name, known.join(', ')], [...this.#renaming(member, known), this.#removal(node, member)]);
      } else if (!fields.has(member.name)) fields.set(member.name, member.value);
    }
    return fields;
  }

  /** The member `type`, which says what the others may be. */
  typeOf<const T extends string>(node: JsonNode, known: readonly T[]): T | undefined {
    const value = membersOf(node).find(({ name }) => name === 'type')?.value;
    const type = known.find((candidate) => value?.type === 'string' && candidate === value.value);
    if (!value) this.error('missing-field', this.json.rangeOf(node), ['type', known.join(', ')]);
    else if (type === undefined) this.error('unknown-type', this.json.rangeOf(value), [String(value.value).slice(0, 100), known.join(', ')]);
    return type;
  }

  /** Null is an empty text, as in Go. */
  text(node: JsonNode, what: string): string | undefined {
    if (node.type === 'null') return '';
    if (node.type === 'string') return String(node.value);
    this.wrongType(node, what, 'text');
    return undefined;
  }

  /** A list with at least one text in it. */
  texts(node: JsonNode, what: string): readonly (readonly [string, JsonNode])[] | undefined {
    const items = itemsOf(node);
    if (node.type !== 'array' && node.type !== 'null') this.wrongType(node, what, 'list of texts');
    else if (items.length === 0) this.error('empty-list', this.json.rangeOf(node), [what]);
    const texts = items.flatMap((item) => {
      const text = this.text(item, what);
      return text === undefined ? [] : [[text, item] as const];
    });
    return items.length > 0 && texts.length === items.length ? texts : undefined;
  }

  wrongType(node: JsonNode, what: string, expected: string): void {
    this.error('wrong-type', this.json.rangeOf(node), [what, expected]);
  }

  /** Takes a member out with the comma that belongs to it. */
  #removal(object: JsonNode, { name, key, value }: JsonMember): PolicyFix {
    const members = membersOf(object);
    const index = members.findIndex((member) => member.key === key);
    const next = members[index + 1];
    const previous = members[index - 1];
    const [from, to] = next ? [key.offset, next.key.offset]
      : [previous ? previous.value.offset + previous.value.length : key.offset, value.offset + value.length];
    return { kind: 'remove-field', args: [name], edits: [{ range: this.json.range(from, to - from), text: '' }] };
  }

  /** For a name that is a known one but for its case or a letter. */
  #renaming({ name, key }: JsonMember, known: readonly string[]): readonly PolicyFix[] {
    const meant = known.find((candidate) => candidate.toLowerCase() === name.toLowerCase()) ?? known.find((candidate) => isOneEditAway(name, candidate));
    return meant === undefined ? [] : [{ kind: 'rename-field', args: [name, meant], edits: [{ range: this.json.rangeOf(key), text: JSON.stringify(meant) }] }];
  }
}

/** One letter more, less or different. */
function isOneEditAway(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  const rest = (text: string, skipped: number): string => text.slice(start + skipped);
  return rest(a, 1) === rest(b, 1) || rest(a, 1) === rest(b, 0) || rest(a, 0) === rest(b, 1);
}
