// `--policy FILE` → whom to trust: keys and policies as in the settings, ClusterImagePolicies, or a containers policy.
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readJson } from '../core/encoding/json.ts';
import type { Engine } from '../core/engine.ts';
import { CosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import { parseKeys, parsePolicies } from '../core/policy/parseTrust.ts';
import { isValid } from '../core/policy/policyProblem.ts';
import type { TrustSettings } from '../core/policy/trustPolicy.ts';
import { policyProblemText } from '../presentation/policyProblemText.ts';
import { english } from '../presentation/translate.ts';
import { plainText } from '../presentation/untrustedText.ts';
import { UsageError } from './flags.ts';
import type { Call } from './machine.ts';

const maxPolicyBytes = 1024 * 1024;
const ownMembers = ['keys', 'policies', 'countersign.keys', 'countersign.policies'];

export interface PolicyText {
  /** As it was named. */
  readonly path: string;
  /** Absolute. */
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** Undefined without the flag. @throws {UsageError} beside `--key` @throws {CosignError} `FILE_UNREADABLE` */
export async function readPolicyFlag({ flags, machine }: Pick<Call, 'flags' | 'machine'>, signal: AbortSignal): Promise<PolicyText | undefined> {
  const path = flags.text('policy');
  if (path === undefined) return undefined;
  if (flags.has('key') || flags.has('annotations')) throw new UsageError('--policy says which keys and annotations are wanted: leave --key and -a out.');
  return { path, file: resolve(machine.workingDirectory, path), bytes: await machine.readInput(path, maxPolicyBytes, signal) };
}

/** Half a policy could ask for less than was meant: any mistake refuses all of it. @throws {CosignError} `POLICY_INVALID`, `POLICY_UNSUPPORTED`, `SETTING_INVALID` */
export async function trustByPolicy(policy: PolicyText, engine: Pick<Engine, 'readPolicyFile'>): Promise<TrustSettings> {
  const own = ownPolicy(policy);
  if (own) return trustByOwnPolicy(policy, own);
  const read = await engine.readPolicyFile(pathToFileURL(policy.file).href, policy.bytes);
  const mistake = isValid(read) ? undefined : read.problems.find(({ severity }) => severity === 'error');
  if (mistake) throw invalid(policy, `line ${mistake.range.start.line + 1}: ${policyProblemText(mistake, english).replace(/\.$/, '')}`);
  if (read.policies === 0) throw invalid(policy, 'it holds neither "keys" nor a ClusterImagePolicy nor a containers policy');
  return { keys: [], policies: [], files: [read.file], problems: [] };
}

/** Relative keys start from the folder of the file. */
function trustByOwnPolicy(policy: PolicyText, value: Readonly<Record<string, unknown>>): TrustSettings {
  const keys = parseKeys(value['keys'] ?? value['countersign.keys'], dirname(policy.file));
  const policies = parsePolicies(value['policies'] ?? value['countersign.policies'], new Set(keys.values.map(({ name }) => name)));
  const [problem] = [...keys.problems, ...policies.problems];
  if (problem) throw problem;
  if (keys.values.length === 0) throw invalid(policy, 'it names no key');
  return { keys: keys.values, policies: policies.values, problems: [] };
}

/** The file as an object, when it has the shape of our settings; undefined for every other format. */
function ownPolicy(policy: PolicyText): Readonly<Record<string, unknown>> | undefined {
  let value: unknown;
  try {
    value = readJson(policy.bytes, { maxBytes: maxPolicyBytes });
  } catch (error) {
    if (!/^\s*\{[^]*"(?:countersign\.)?keys"\s*:/.test(new TextDecoder().decode(policy.bytes))) return undefined;
    throw invalid(policy, error instanceof CosignError ? error.message.replace(/\.$/, '') : 'it cannot be read', error);
  }
  const object = typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : {};
  if (!ownMembers.some((name) => Object.hasOwn(object, name))) return undefined;
  const unknown = Object.keys(object).find((name) => !ownMembers.includes(name));
  if (unknown !== undefined) throw invalid(policy, `it has an unknown member "${unknown.slice(0, 80)}"; it can have "keys" and "policies"`);
  return object;
}

function invalid({ path }: PolicyText, why: string, cause?: unknown): CosignError {
  return new CosignError('POLICY_INVALID', said`"${plainText(path)}" is no policy that can be used: ${why}.`, { cause });
}
