// The files of keys that a policy names, looked at where the policy is edited: one that is not there or holds no key lets no signature pass.
import { firstKey } from '../core/policy/containers/requirementRule.ts';
import { CosignError, toCosignError } from '../core/errors.ts';
import type { KeySource } from '../core/policy/keySource.ts';
import type { KeyPlace, PolicyProblem, ReadPolicyFile } from '../core/policy/policyProblem.ts';
import type { KeySetting } from '../core/policy/trustPolicy.ts';

/** What a reader of policy files may look at beside the file. */
export interface KeyFileCheck {
  readonly mayReadKey: (key: KeySetting) => boolean;
}

/** A policy with more is not looked at further: each is a file to be read. */
const maxKeys = 100;

/**
 * The policy with a warning where a file of a key cannot be used.
 * @throws only the signal's reason
 */
export async function withKeyProblems(read: ReadPolicyFile, keySource: KeySource, { mayReadKey }: KeyFileCheck, signal: AbortSignal): Promise<ReadPolicyFile> {
  const places = (read.keyPlaces ?? []).filter(({ key }) => mayReadKey(key)).slice(0, maxKeys);
  const found = await Promise.all(places.map((place) => problemOf(place, keySource, signal)));
  return { ...read, problems: [...read.problems, ...found.filter((problem) => problem !== undefined)] };
}

async function problemOf({ key, range }: KeyPlace, keySource: KeySource, signal: AbortSignal): Promise<PolicyProblem | undefined> {
  const result = await keySource.read(key, { fresh: true }, signal).then(firstKey, (error: unknown) => {
    signal.throwIfAborted();
    return toCosignError(error);
  });
  return result instanceof CosignError ? { kind: 'containers-key-unusable', severity: 'warning', range, args: [result.said], keySlot: { form: 'path', range } } : undefined;
}
