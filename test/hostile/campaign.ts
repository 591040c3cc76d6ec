// Runs mutants against whatever decides about trust, compares with what must come out, and counts.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CosignError } from '../../src/core/errors.ts';
import type { Mutant } from './mutants.ts';
import { Random } from './random.ts';

/**
 * What a mutant deserves. `never`: what was signed differs, or it cannot be read. `always`: the same document, written otherwise.
 * `either`: what was signed is untouched and something unsigned was changed; to refuse it is no wrong verdict.
 */
export type Truth = 'never' | 'always' | 'either';

export interface Target {
  readonly name: string;
  readonly mutants: () => Iterable<Mutant>;
  /** Whether it is trusted. @throws {CosignError} which is a refusal */
  readonly trusts: (bytes: Uint8Array) => boolean | Promise<boolean>;
  readonly truth: (bytes: Uint8Array, kind: string) => Truth;
  /** Only its bytes are changed, though it is a document. */
  readonly bytesOnly?: boolean;
}

/** What must have been done to everything, and what to every document besides. */
const kindsOfBytes: readonly string[] = ['byte flipped', 'byte removed', 'byte doubled', 'truncated'];
const kindsOfDocuments: readonly string[] = ['member removed', 'member doubled', 'members reordered', 'member renamed', 'member added', 'type or value changed', 'nested deeply'];

/** What one mutant may cost the processor, in milliseconds: far more than any needs, far less than a stall. */
const maxCostMs = 2000;
/** What a whole campaign may leave behind in memory, in bytes. */
const maxKeptBytes = 64 * 1024 * 1024;

export interface Tally {
  readonly counts: ReadonlyMap<string, number>;
  readonly total: number;
  readonly trusted: number;
  /** Wrong verdicts and crashes, described; the first few. */
  readonly wrong: readonly string[];
  /** What the dearest mutant cost the processor, in milliseconds, and its kind. */
  readonly dearest: { readonly costMs: number; readonly kind: string };
}

/** How many mutants by chance there are besides the ones that are made one by one: `--mutants N` asks for N in all. */
export const wanted = Number(process.env['COUNTERSIGN_MUTANTS'] ?? 0);
/** `--seed N`; the default is the same every time, so that CI is. */
export const seed = Number(process.env['COUNTERSIGN_SEED'] ?? 20260102);
export const newRandom = (): Random => new Random(seed);

export async function attack(target: Target, until: 'all' | 'first wrong' = 'all'): Promise<Tally> {
  const counts = new Map<string, number>();
  const wrong: string[] = [];
  let [total, trusted] = [0, 0];
  let dearest = { costMs: 0, kind: '' };
  for (const { kind, bytes } of target.mutants()) {
    if (until === 'first wrong' && wrong.length > 0) break;
    total++;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const truth = target.truth(bytes, kind);
    let verdict: boolean | undefined;
    const before = process.cpuUsage();
    try {
      const answer = target.trusts(bytes);
      verdict = typeof answer === 'boolean' ? answer : await answer;
    } catch (error) {
      if (error instanceof CosignError && error.code !== 'INTERNAL') verdict = false;
      else note(wrong, `${target.name}, ${kind}: crashed with ${String(error)}`, bytes);
    }
    const { user, system } = process.cpuUsage(before);
    const costMs = (user + system) / 1000;
    if (costMs > dearest.costMs) dearest = { costMs, kind };
    if (costMs > maxCostMs) note(wrong, `${target.name}, ${kind}: cost ${costMs} ms of the processor`, bytes);
    if (verdict === true) trusted++;
    if (verdict === true && truth === 'never') note(wrong, `${target.name}, ${kind}: trusted`, bytes);
    if (verdict === false && truth === 'always') note(wrong, `${target.name}, ${kind}: refused though it is the same`, bytes);
  }
  return { counts, total, trusted, wrong, dearest };
}

/** The untouched document is trusted, no mutant is that must not be; prints how many there were of each kind. */
export async function assertHolds(test: TestContext, target: Target, original: Uint8Array): Promise<Tally> {
  assert.equal(await target.trusts(original), true, `${target.name}: the untouched one is not trusted`);
  const before = keptBytes();
  const tally = await attack(target);
  assert.deepEqual(tally.wrong, []);
  assert.ok(keptBytes() - before < maxKeptBytes, `${target.name}: ${keptBytes() - before} bytes of memory were not given back`);
  const isDocument = target.bytesOnly !== true && typeof readJson(original) === 'object';
  assert.deepEqual([...kindsOfBytes, ...(isDocument ? kindsOfDocuments : [])].filter((kind) => !tally.counts.has(kind)), [], `${target.name}: kinds that did not occur`);
  const kinds = [...tally.counts].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${kind} ${count}`);
  test.diagnostic(`» ${target.name}: ${tally.total} mutants, ${tally.trusted} of them equal in what was signed, the dearest (${tally.dearest.kind}) ${tally.dearest.costMs.toFixed(1)} ms of the processor (${kinds.join(', ')})`);
  return tally;
}

/** What is in use once everything that can be given back is. */
function keptBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Whether two JSON texts say the same to any parser: only white space, order of members and escapes may differ. */
export function saysTheSame(bytes: Uint8Array, original: Uint8Array, kind: string): boolean {
  if (kind === 'member doubled' || kind === 'by chance' || kind === 'byte order mark') return false;
  const [value, wantedValue] = [readJson(bytes), readJson(original)];
  return value !== undefined && canonical(value) === canonical(wantedValue);
}

/** Undefined when it is no JSON in UTF-8. Independent of the product's reader. */
export function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}

/** Follows own members by name; undefined where there is none. */
export function dig(value: unknown, ...path: readonly (string | number)[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<string | number, unknown>)[step];
  }
  return current;
}

/** Undefined for what is nested too deeply to be written. */
function canonical(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_name, member: unknown) => (typeof member === 'object' && member !== null && !Array.isArray(member)
      ? { object: Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)) } : member));
  } catch {
    return undefined;
  }
}

function note(wrong: string[], what: string, bytes: Uint8Array): void {
  if (wrong.length < 10) wrong.push(`${what}: ${JSON.stringify(Buffer.from(bytes).toString('latin1').slice(0, 1500))}`);
}
