// Everything that can be done to a document: to its bytes, and to its JSON. Deterministic, so that a finding can be made again.
import type { Random } from './random.ts';

export interface Mutant {
  /** `byte`, `truncation`, `member removed`… as counted and printed. */
  readonly kind: string;
  readonly bytes: Uint8Array;
}

/** JSON that keeps what a parser drops: the order of members, duplicates, and numbers as written. */
type Node =
  | { readonly type: 'object'; readonly members: readonly (readonly [string, Node])[] }
  | { readonly type: 'array'; readonly items: readonly Node[] }
  | { readonly type: 'raw'; readonly text: string };

/** What a value is replaced with: every type, the extremes of each, and names that mean something to JavaScript. */
const replacements: readonly string[] = [
  'null', 'true', 'false', '0', '-1', '1', '1e400', '-1e400', '1e-400', '0.5', '9007199254740993', '""', '"x"', '"\\u0000"', '"\\ud800"', '"__proto__"', '[]', '[null]', '[[]]', '[{}]', '{}', '{"a":1}',
  '{"__proto__":{}}', '{"constructor":{"prototype":{}}}', '{"length":1}', '{"toString":null}', '{"toJSON":"x"}', 'NaN', 'undefined', "'x'", '\ufeff""', '"\t"', '01', '.5', '+1', '/**/null',
];
const names: readonly string[] = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'valueOf', 'length', '', ' ', '\u0000', '\ud800', 'then', 'toJSON'];
const insertedBytes: readonly number[] = [0x00, 0x09, 0x0a, 0x20, 0x22, 0x2c, 0x30, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x80, 0xc0, 0xed, 0xef, 0xff];

/** Every byte in every other value, and every way of cutting. @param everyValue false: the eight single bits and a few telling values instead of all 255 */
export function* byteMutants(original: Uint8Array, everyValue = false): Generator<Mutant> {
  for (let at = 0; at < original.length; at++) {
    const old = original[at] ?? 0;
    const values = everyValue ? Array.from({ length: 255 }, (_, n) => (old + 1 + n) & 255) : new Set([0, 1, 2, 3, 4, 5, 6, 7].map((bit) => old ^ (1 << bit)).concat(0x00, 0x20, 0x22, 0xff).filter((value) => value !== old));
    for (const value of values) {
      const bytes = Uint8Array.from(original);
      bytes[at] = value;
      yield { kind: 'byte flipped', bytes };
    }
    yield { kind: 'byte removed', bytes: Buffer.concat([original.subarray(0, at), original.subarray(at + 1)]) };
    yield { kind: 'byte doubled', bytes: Buffer.concat([original.subarray(0, at + 1), original.subarray(at)]) };
    yield { kind: 'truncated', bytes: original.slice(0, at) };
    if (at > 0) yield { kind: 'beginning cut off', bytes: original.slice(at) };
    for (const value of insertedBytes) yield { kind: 'byte inserted', bytes: Buffer.concat([original.subarray(0, at), Uint8Array.of(value), original.subarray(at)]) };
    if (at > 0 && original[at - 1] !== old) {
      const bytes = Uint8Array.from(original);
      [bytes[at - 1], bytes[at]] = [old, original[at - 1] ?? 0];
      yield { kind: 'bytes swapped', bytes };
    }
  }
  const bom = Uint8Array.of(0xef, 0xbb, 0xbf);
  yield { kind: 'byte order mark', bytes: Buffer.concat([bom, original]) };
  yield { kind: 'twice', bytes: Buffer.concat([original, original]) };
  yield { kind: 'with a line feed', bytes: Buffer.concat([original, Buffer.from('\n')]) };
  yield { kind: 'as UTF-16', bytes: Buffer.from(Buffer.from(original).toString('latin1'), 'utf16le') };
  yield { kind: 'as base64', bytes: Buffer.from(Buffer.from(original).toString('base64')) };
}

/** Everything that can be done to the members, elements and values of JSON. */
export function* jsonMutants(original: Uint8Array): Generator<Mutant> {
  const root = toNode(JSON.parse(Buffer.from(original).toString('utf8')));
  for (const [kind, node] of nodeMutants(root)) yield { kind, bytes: Buffer.from(write(node)) };
  yield { kind: 'other white space', bytes: Buffer.from(write(root, ' \n')) };
  yield { kind: 'other white space', bytes: Buffer.from(`\n\t ${write(root)} \r\n`) };
  for (const depth of [63, 64, 1000, 100_000]) {
    yield { kind: 'nested deeply', bytes: Buffer.from('['.repeat(depth) + write(root) + ']'.repeat(depth)) };
    yield { kind: 'nested deeply', bytes: Buffer.from(`${write(root).slice(0, -1)},"deep":${'['.repeat(depth)}${']'.repeat(depth)}}`) };
  }
}

/** One in so many. */
export function* oneIn(step: number, mutants: Iterable<Mutant>): Generator<Mutant> {
  let n = 0;
  for (const mutant of mutants) if (n++ % step === 0) yield mutant;
}

/** A change of the JSON and a few of the bytes, chosen by chance. @param random the same one makes the same mutants again */
export function* randomMutants(original: Uint8Array, count: number, random: Random, isJson = true): Generator<Mutant> {
  const bases = isJson ? [original, ...[...jsonMutants(original)].map(({ bytes }) => bytes).filter(({ length }) => length < 10_000)] : [original];
  for (let n = 0; n < count; n++) {
    let bytes = bases[random.below(bases.length)] ?? original;
    for (let change = random.below(3) + 1; change > 0; change--) bytes = randomBytes(bytes, random);
    if (!Buffer.from(bytes).equals(original)) yield { kind: 'by chance', bytes };
  }
}

function randomBytes(original: Uint8Array, random: Random): Uint8Array {
  const bytes = Buffer.from(original);
  const [from, to] = [random.below(bytes.length + 1), random.below(bytes.length + 1)].sort((a, b) => a - b) as [number, number];
  switch (random.below(6)) {
    case 0: return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
    case 1: return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
    case 2: return Buffer.concat([bytes.subarray(0, from), Buffer.from([random.below(256)]), bytes.subarray(from)]);
    case 3: return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from, to).reverse(), bytes.subarray(to)]);
    default: {
      if (from < bytes.length) bytes[from] = random.below(256);
      return bytes;
    }
  }
}

type Change = readonly [kind: string, node: Node];

function* nodeMutants(node: Node): Generator<Change> {
  for (const text of replacements) if (node.type !== 'raw' || node.text !== text) yield ['type or value changed', { type: 'raw', text }];
  yield ['put into a list', { type: 'array', items: [node] }];
  yield ['put into an object', { type: 'object', members: [['a', node]] }];
  yield ['put into a text', { type: 'raw', text: JSON.stringify(write(node)) }];
  if (node.type === 'object') yield* objectMutants(node.members);
  else if (node.type === 'array') yield* arrayMutants(node.items);
  else yield* textMutants(node.text);
}

function* objectMutants(members: readonly (readonly [string, Node])[]): Generator<Change> {
  const made = (changed: readonly (readonly [string, Node])[]): Node => ({ type: 'object', members: changed });
  for (const [index, [name, value]] of members.entries()) {
    const [before, after] = [members.slice(0, index), members.slice(index + 1)];
    yield ['member removed', made([...before, ...after])];
    for (const other of [value, { type: 'raw', text: 'null' } as const, { type: 'raw', text: '"x"' } as const, { type: 'object', members: [] } as const, { type: 'array', items: [] } as const]) {
      yield ['member doubled', made([...members, [name, other]])];
      yield ['member doubled', made([[name, other], ...members])];
    }
    for (const renamed of [name.toUpperCase(), `${name} `, name.slice(1), ...names]) if (renamed !== name) yield ['member renamed', made([...before, [renamed, value], ...after])];
    for (const [, other] of members) if (other !== value) yield ['value of another member', made([...before, [name, other], ...after])];
    for (const [kind, changed] of nodeMutants(value)) yield [kind, made([...before, [name, changed], ...after])];
  }
  for (const name of names) for (const text of ['null', '{}', '[]', '"x"']) yield ['member added', made([...members, [name, { type: 'raw', text }]])];
  if (members.length > 1) yield ['members reordered', made(members.toReversed())];
  for (let n = 1; n < members.length; n++) yield ['members reordered', made([...members.slice(n), ...members.slice(0, n)])];
}

function* arrayMutants(items: readonly Node[]): Generator<Change> {
  const made = (changed: readonly Node[]): Node => ({ type: 'array', items: changed });
  for (const [index, item] of items.entries()) {
    const [before, after] = [items.slice(0, index), items.slice(index + 1)];
    yield ['element removed', made([...before, ...after])];
    yield ['element doubled', made([...before, item, item, ...after])];
    for (const text of replacements) yield ['element added', made([...before, { type: 'raw', text }, item, ...after])];
    for (const [kind, changed] of nodeMutants(item)) {
      yield [kind, made([...before, changed, ...after])];
      yield ['changed element added', made([...items, changed])];
      yield ['changed element added', made([changed, ...items])];
    }
  }
  if (items.length > 1) yield ['elements reordered', made(items.toReversed())];
}

function* textMutants(text: string): Generator<Change> {
  const raw = (changed: string): Node => ({ type: 'raw', text: changed });
  if (!text.startsWith('"')) return;
  const value = JSON.parse(text) as string;
  for (const changed of [value.toUpperCase(), value.toLowerCase(), ` ${value}`, `${value} `, `${value}\u0000`, `${value}\n`, value.slice(0, -1), value.slice(1), value + value, `\ufeff${value}`, value.replaceAll('=', ''), `${value}=`, value.replaceAll('+', '-').replaceAll('/', '_'), `${value}\u0301`, value.replace('a', '\u0430'), value.replace(/\d/, '\uff11')]) {
    if (changed !== value) yield ['text changed', raw(JSON.stringify(changed))];
  }
  // The same text, written otherwise.
  if (value !== '') yield ['text escaped', raw(`"${Array.from({ length: value.length }, (_, at) => `\\u${value.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`)];
}

function toNode(value: unknown): Node {
  if (Array.isArray(value)) return { type: 'array', items: value.map(toNode) };
  if (typeof value === 'object' && value !== null) return { type: 'object', members: Object.entries(value).map(([name, member]) => [name, toNode(member)] as const) };
  return { type: 'raw', text: JSON.stringify(value) };
}

function write(node: Node, space = ''): string {
  if (node.type === 'raw') return node.text;
  if (node.type === 'array') return `[${space}${node.items.map((item) => write(item, space)).join(`,${space}`)}${space}]`;
  return `{${space}${node.members.map(([name, value]) => `${JSON.stringify(name)}${space}:${space}${write(value, space)}`).join(`,${space}`)}${space}}`;
}
