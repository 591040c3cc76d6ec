// `countersign.keys` and `countersign.policies` as people write them → checked data, with one sentence for each entry that is wrong.
import { CosignError } from '../errors.ts';
import { said, type Said } from '../said.ts';
import { parseImagePattern } from './imagePattern.ts';
import type { KeySetting, TrustPolicy } from './trustPolicy.ts';
import type { PolicySeverity } from './verdict.ts';

export interface Parsed<T> {
  readonly values: readonly T[];
  /** One error per entry left out: `SETTING_INVALID` for keys, `POLICY_INVALID` for policies, and for all that are left out for lack of room. */
  readonly problems: readonly CosignError[];
}

const severities: readonly string[] = ['error', 'warning', 'information', 'hint'] satisfies readonly PolicySeverity[];
const maxEntries = 1000;
const policyFields = ['name', 'images', 'keys', 'require', 'annotations', 'severity'];

/**
 * @param value the raw setting: an object, key name → key reference
 * @param baseDirectory absolute folder that relative paths start from
 */
export function parseKeys(value: unknown, baseDirectory?: string): Parsed<KeySetting> {
  if (value === undefined || value === null) return { values: [], problems: [] };
  if (!isRecord(value)) return failed('SETTING_INVALID', said`countersign.keys must be an object that gives each key a name, such as ${'{ "release": "keys/cosign.pub" }'}.`);
  const values: KeySetting[] = [];
  const problems: CosignError[] = [];
  const entries = Object.entries(value);
  // Worse than one key that is wrong: no policy, and no signature, can be judged without knowing what was left out.
  if (entries.length > maxEntries) problems.push(wrong('POLICY_INVALID', said`countersign.keys has more than ${maxEntries} keys, of which the others are not read.`));
  for (const [name, reference] of entries.slice(0, maxEntries)) {
    if (name.trim() === '') problems.push(wrong('SETTING_INVALID', said`countersign.keys has a key without a name.`));
    else if (typeof reference !== 'string' || reference.trim() === '') {
      problems.push(wrong('SETTING_INVALID', said`The key "${name}" in countersign.keys must be a text: a file path, a PEM, env://NAME, https://… or k8s://namespace/name.`));
    } else values.push({ name, reference: reference.trim(), ...(baseDirectory === undefined ? {} : { baseDirectory }) });
  }
  return { values, problems };
}

/**
 * A policy with any fault is left out whole and reported: half a policy could ask for less than the person meant.
 * @param value the raw setting: an array of `{ name?, images, keys, require?, annotations?, severity? }`
 * @param keyNames names that policies may use
 */
export function parsePolicies(value: unknown, keyNames: ReadonlySet<string>): Parsed<TrustPolicy> {
  if (value === undefined || value === null) return { values: [], problems: [] };
  if (!Array.isArray(value)) return failed('POLICY_INVALID', said`countersign.policies must be a list of policies.`);
  const values: TrustPolicy[] = [];
  const problems: CosignError[] = [];
  if (value.length > maxEntries) problems.push(wrong('POLICY_INVALID', said`countersign.policies has more than ${maxEntries} policies, of which the others are not read.`));
  for (const [index, entry] of value.slice(0, maxEntries).entries()) {
    try {
      values.push(parsePolicy(entry, index, keyNames));
    } catch (error) {
      if (!(error instanceof CosignError)) throw error;
      problems.push(error);
    }
  }
  return { values, problems };
}

function parsePolicy(entry: unknown, index: number, keyNames: ReadonlySet<string>): TrustPolicy {
  const at = `countersign.policies[${index}]`;
  if (!isRecord(entry)) throw wrong('POLICY_INVALID', said`${at} must be an object with "images" and "keys".`);
  const unknown = Object.keys(entry).find((field) => !policyFields.includes(field));
  if (unknown !== undefined) throw wrong('POLICY_INVALID', said`${at} has an unknown field "${unknown}"; it can have ${policyFields.join(', ')}.`);
  const images = textList(entry['images'], `${at}.images`);
  if (!images.map(parseImagePattern).some(({ negative }) => !negative)) {
    throw wrong('POLICY_INVALID', said`${at}.images only takes images out; add a pattern without "!" that says which images the policy is for.`);
  }
  const keys = textList(entry['keys'], `${at}.keys`);
  const missing = keys.find((name) => !keyNames.has(name));
  if (missing !== undefined) throw wrong('POLICY_INVALID', said`${at} names the key "${missing}", which countersign.keys does not have.`);
  const required = parseRequire(entry['require'], new Set(keys).size, at);
  const severity = entry['severity'];
  if (severity !== undefined && !isSeverity(severity)) throw wrong('POLICY_INVALID', said`${at}.severity must be one of ${severities.join(', ')}.`);
  const name = entry['name'];
  if (name !== undefined && typeof name !== 'string') throw wrong('POLICY_INVALID', said`${at}.name must be a text.`);
  return {
    origin: { kind: 'settings', index },
    name: name?.trim() ? name.trim() : `policies[${index}]`,
    images, keys: [...new Set(keys)], annotations: textMap(entry['annotations'], `${at}.annotations`),
    ...(required === undefined ? {} : { require: required }),
    ...(severity === undefined ? {} : { severity }),
  };
}

function parseRequire(value: unknown, keys: number, at: string): TrustPolicy['require'] {
  if (value === undefined || value === 'any' || value === 'all') return value;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
    throw wrong('POLICY_INVALID', said`${at}.require must be "any", "all" or a whole number from 1 to the number of keys.`);
  }
  if (value > keys) throw wrong('POLICY_INVALID', keys === 1
    ? said`${at}.require asks for ${value} signers, and "keys" names only one.`
    : said`${at}.require asks for ${value} signers, and "keys" names only ${keys}.`);
  return value;
}

function textList(value: unknown, at: string): readonly string[] {
  if (Array.isArray(value) && value.length > 0 && value.length <= maxEntries && value.every((item): item is string => typeof item === 'string' && item !== '')) return value;
  throw wrong('POLICY_INVALID', said`${at} must be a list of texts with at least one entry.`);
}

function textMap(value: unknown, at: string): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (isRecord(value) && Object.values(value).every((item) => typeof item === 'string')) {
    return Object.assign(Object.create(null) as Record<string, string>, value);
  }
  throw wrong('POLICY_INVALID', said`${at} must be an object of texts, such as ${'{ "env": "prod" }'}.`);
}

const isSeverity = (value: unknown): value is PolicySeverity => typeof value === 'string' && severities.includes(value);
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const wrong = (code: 'SETTING_INVALID' | 'POLICY_INVALID', message: Said): CosignError =>
  new CosignError(code, message, { remedy: said`Correct it in the settings.` });
const failed = (code: 'SETTING_INVALID' | 'POLICY_INVALID', message: Said): { values: []; problems: CosignError[] } => ({ values: [], problems: [wrong(code, message)] });
