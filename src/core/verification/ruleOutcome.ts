// A rule of any shape → what became of it, in three values: satisfied, not satisfied, or not known.
import { CosignError } from '../errors.ts';
import { said, type Said } from '../said.ts';
import type { DemandRule, SignerRule } from '../policy/demand.ts';
import type { DemandState, RuleOutcome, SignerOutcome } from '../policy/verdict.ts';
import type { SignerCheck } from './signerRule.ts';

export interface JudgedRule {
  readonly outcome: RuleOutcome;
  /** A signature has a part in its being satisfied: without one nothing is ever verified. */
  readonly proven: boolean;
  /** For `unknown`: why. */
  readonly unknown?: CosignError;
}

/** @param check tells about the signers rules */
export function judgeRule(rule: DemandRule, check: (rule: SignerRule) => SignerCheck): JudgedRule {
  switch (rule.kind) {
    case 'signers': {
      const { state, signers, reason } = check(rule);
      return judged({ ...plain(rule.kind, state), required: rule.threshold, signers, annotations: rule.annotations, ...named(rule.name), ...reasonOf(reason) }, state === 'satisfied', reason);
    }
    case 'any': return anyOf(rule.rules.map((part) => judgeRule(part, check)), rule.needsEveryKey === true);
    case 'all': return allOf(rule.rules.map((part) => judgeRule(part, check)));
    case 'accept': return judged({ ...plain(rule.kind, 'satisfied'), reason: rule.reason }, false);
    case 'reject': return judged({ ...plain(rule.kind, 'unsatisfied'), reason: rule.reason }, false);
    case 'unsupported': return judged({ ...plain(rule.kind, 'unknown'), ...named(rule.name), reason: rule.error.said }, false, rule.error);
  }
}

/** One satisfied alternative suffices, whatever is not known about the others; unless every key must have been read. */
function anyOf(parts: readonly JudgedRule[], needsEveryKey: boolean): JudgedRule {
  const unread = needsEveryKey ? parts.find(({ outcome }) => outcome.signers.some(({ state }) => state === 'unreadable')) : undefined;
  const satisfied = unread ? [] : parts.filter(({ outcome }) => outcome.state === 'satisfied');
  const decisive = satisfied.find(({ proven }) => proven) ?? satisfied[0];
  const open = unread ? { ...unread, unknown: unread.unknown ?? unreadKey(unread.outcome) } : parts.find(({ outcome }) => outcome.state === 'unknown');
  const state = decisive ? 'satisfied' : open ? 'unknown' : 'unsatisfied';
  const wanted = parts.flatMap(({ outcome }) => (outcome.required > 0 ? [outcome.required] : []));
  const told = decisive ?? open ?? (parts.length === 1 ? parts[0] : parts.find(({ outcome }) => outcome.kind === 'reject'));
  const outcome: RuleOutcome = {
    ...merged('any', state, parts), required: wanted.length === 0 ? 0 : Math.min(...wanted),
    ...named(decisive?.outcome.authority), ...(told?.outcome.reason === undefined ? {} : { reason: told.outcome.reason }),
  };
  return judged(outcome, satisfied.some(({ proven }) => proven), decisive ? undefined : open?.unknown);
}

function unreadKey({ signers }: RuleOutcome): CosignError {
  const name = signers.find(({ state }) => state === 'unreadable')?.key ?? '';
  return new CosignError('KEY_UNREADABLE', said`The key of "${name}" cannot be read, without which the whole policy does not count.`, { remedy: said`Correct the policy file.` });
}

/** What is not known about one part leaves the whole not known: "not satisfied" would claim that somebody looked. */
function allOf(parts: readonly JudgedRule[]): JudgedRule {
  const open = parts.find(({ outcome }) => outcome.state === 'unknown');
  const failed = parts.find(({ outcome }) => outcome.state === 'unsatisfied');
  const state = open ? 'unknown' : failed || parts.length === 0 ? 'unsatisfied' : 'satisfied';
  const told = open ?? parts.find(({ outcome }) => outcome.kind === 'reject') ?? failed;
  const outcome: RuleOutcome = {
    ...merged('all', state, parts), required: parts.reduce((sum, part) => sum + part.outcome.required, 0),
    ...(told?.outcome.reason === undefined ? {} : { reason: told.outcome.reason }),
  };
  return judged(outcome, state === 'satisfied' && parts.some(({ proven }) => proven), open?.unknown);
}

function merged(kind: 'any' | 'all', state: DemandState, parts: readonly JudgedRule[]): RuleOutcome {
  const outcomes = parts.map(({ outcome }) => outcome);
  return {
    kind, state, required: 0, parts: outcomes, signers: mergedSigners(outcomes.flatMap(({ signers }) => signers)),
    annotations: Object.fromEntries(outcomes.flatMap(({ annotations }) => Object.entries(annotations))),
  };
}

const rank = { present: 0, invalid: 1, unreadable: 2, missing: 3 } as const;

/** One line per name and key, the best that is known of it. */
function mergedSigners(signers: readonly SignerOutcome[]): readonly SignerOutcome[] {
  const best = new Map<string, SignerOutcome>();
  for (const signer of signers) {
    const name = JSON.stringify([signer.key, signer.fingerprint]);
    const known = best.get(name);
    if (!known || rank[signer.state] < rank[known.state]) best.set(name, signer);
  }
  return [...best.values()];
}

const plain = (kind: RuleOutcome['kind'], state: DemandState): RuleOutcome => ({ kind, state, required: 0, signers: [], annotations: {} });
const named = (name: string | undefined): { readonly authority?: string } => (name === undefined ? {} : { authority: name });
const reasonOf = (error: CosignError | undefined): { readonly reason?: Said } => (error ? { reason: error.said } : {});
const judged = (outcome: RuleOutcome, proven: boolean, unknown?: CosignError): JudgedRule => ({ outcome, proven, ...(unknown ? { unknown } : {}) });
