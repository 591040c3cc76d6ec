// Which flags each instruction takes, as BuildKit's flag checker has them.
import { said, type Said } from '../said.ts';
import type { Flag } from './flags.ts';
import type { Refusal } from './instructionForm.ts';
import { quote } from './problems.ts';

type FlagType = 'text' | 'texts' | 'boolean';

const none: Readonly<Record<string, FlagType>> = {};
const byKeyword: ReadonlyMap<string, Readonly<Record<string, FlagType>>> = new Map(Object.entries({
  from: { platform: 'text' },
  copy: { chown: 'text', from: 'text', chmod: 'text', link: 'boolean', exclude: 'texts', parents: 'boolean' },
  add: { chown: 'text', chmod: 'text', link: 'boolean', 'keep-git-dir': 'boolean', checksum: 'text', unpack: 'boolean', exclude: 'texts' },
  run: { mount: 'texts', network: 'text', security: 'text', device: 'texts' },
  healthcheck: { interval: 'text', timeout: 'text', 'start-period': 'text', 'start-interval': 'text', retries: 'text' },
} as const));
/** BuildKit does not look at the flags of these. */
const unchecked: ReadonlySet<string> = new Set(['arg', 'stopsignal']);

export function flagProblem(keyword: string, flags: readonly Flag[]): Refusal | undefined {
  if (unchecked.has(keyword)) return undefined;
  const known = byKeyword.get(keyword) ?? none;
  const used = new Set<string>();
  for (const flag of flags) {
    const message = messageFor(keyword, flag, known, used);
    if (message !== undefined) return { start: flag.start, end: flag.end, message };
    used.add(flag.name);
  }
  return undefined;
}

function messageFor(keyword: string, { name, value }: Flag, known: Readonly<Record<string, FlagType>>, used: ReadonlySet<string>): Said | undefined {
  const key = name.slice(2);
  const type = Object.hasOwn(known, key) ? known[key] : undefined;
  if (type === undefined) return said`${keyword.toUpperCase()} has no flag ${quote(name)}.`;
  if (used.has(name) && type !== 'texts') return said`The flag ${quote(name)} is given twice.`;
  if (type === 'boolean') {
    if (value === '') return said`The flag ${quote(name)} has no value behind "=".`;
    return value === undefined || /^(?:true|false)$/i.test(value) ? undefined : said`The flag ${quote(name)} is true or false, not ${quote(value)}.`;
  }
  if (value === undefined) return said`The flag ${quote(name)} needs a value.`;
  if (name === '--network' && !['default', 'none', 'host'].includes(value)) return said`${quote(value)} is no network mode; it is default, none or host.`;
  if (name === '--security' && value !== 'sandbox' && value !== 'insecure') return said`${quote(value)} is no security mode; it is sandbox or insecure.`;
  return undefined;
}
