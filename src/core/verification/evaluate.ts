// Judged signatures + keys + demands → the fate of each signature and of each demand. Pure; no registry here.
import type { PublicKey } from '../crypto/publicKey.ts';
import type { CosignError } from '../errors.ts';
import type { Reference } from '../oci/reference.ts';
import type { Demand, SignerRule } from '../policy/demand.ts';
import { signerRulesIn } from '../policy/requirements.ts';
import { keyIdentity } from '../policy/trustPolicy.ts';
import type { PolicyOutcome, SignatureReport } from '../policy/verdict.ts';
import type { JudgedSignature } from './judgedSignature.ts';
import type { KeyRing, LoadedKeys } from './keyLoader.ts';
import { judgeRule, type JudgedRule } from './ruleOutcome.ts';
import { checkSigners, faultFor } from './signerRule.ts';

/** The signatures of one repository, judged with the keys of the rules that look there. */
export interface JudgedPlace {
  readonly judged: readonly JudgedSignature[];
  /** For the reports: set when it is not the image's own. */
  readonly repository?: string;
  readonly looksHere: (rule: SignerRule) => boolean;
}

export interface EvaluationInput {
  readonly demands: readonly Demand[];
  readonly places: readonly JudgedPlace[];
  readonly keys: LoadedKeys;
  /** The image as it was asked for. */
  readonly intended: Reference;
}

export interface Evaluation {
  readonly signatures: readonly SignatureReport[];
  readonly policies: readonly PolicyOutcome[];
  /** Every demand is satisfied, and a signature that passed in full has a part in it. */
  readonly verified: boolean;
  /** Every demand is satisfied, be it without any signature. False when there is none. */
  readonly satisfied: boolean;
  /** The policy that accepts the image without a signature, when that is why it is satisfied. */
  readonly acceptedBy?: string;
  /** Why at least one demand is neither satisfied nor not: then nothing may be said about the image. */
  readonly unknown?: CosignError;
}

export function evaluate({ demands, places, keys, intended }: EvaluationInput): Evaluation {
  const results = demands.map((demand) => ({ demand, result: judgeRule(demand.rule, (rule) => checkSigners(rule, judgedFor(rule, places), keys, intended)) }));
  const satisfied = results.length > 0 && results.every(({ result }) => result.outcome.state === 'satisfied');
  const proven = results.some(({ demand, result }) => result.proven && demand.demandsOnly !== true);
  const accepted = results.find(({ demand, result }) => !result.proven && demand.demandsOnly !== true);
  const unknown = results.find(({ result }) => result.unknown)?.result.unknown;
  return {
    signatures: places.flatMap((place) => reportsOf(place, demands, keys.keys, intended)),
    policies: results.map(({ demand, result }) => outcomeOf(demand, result)),
    satisfied, verified: satisfied && proven,
    ...(satisfied && !proven && accepted ? { acceptedBy: accepted.demand.policy } : {}),
    ...(unknown ? { unknown } : {}),
  };
}

/** The public keys that count in one place. */
export function keysThatCount(demands: readonly Demand[], looksHere: (rule: SignerRule) => boolean, keys: KeyRing): readonly PublicKey[] {
  return demands.flatMap(({ rule }) => signerRulesIn(rule)).filter(looksHere)
    .flatMap((rule) => rule.keys).flatMap((key) => keys.get(keyIdentity(key)) ?? []);
}

function judgedFor(rule: SignerRule, places: readonly JudgedPlace[]): readonly JudgedSignature[] {
  return places.filter(({ looksHere }) => looksHere(rule)).flatMap(({ judged }) => judged);
}

function outcomeOf({ policy, severity, origin }: Demand, { outcome }: JudgedRule): PolicyOutcome {
  return {
    ...outcome, policy, origin, satisfied: outcome.state === 'satisfied', keys: [...new Set(outcome.signers.map(({ key }) => key))],
    ...(severity ? { severity } : {}),
  };
}

function reportsOf(place: JudgedPlace, demands: readonly Demand[], keys: KeyRing, intended: Reference): readonly SignatureReport[] {
  const rules = demands.flatMap(({ rule }) => signerRulesIn(rule)).filter(place.looksHere);
  return place.judged.map((entry) => report(entry, rules, keys, intended, place.repository));
}

function report(entry: JudgedSignature, rules: readonly SignerRule[], keys: KeyRing, intended: Reference, repository: string | undefined): SignatureReport {
  const { stored, judgement } = entry;
  const base = {
    format: stored.format, store: stored.store, manifest: stored.manifest, blob: stored.blob, annotations: judgement.annotations,
    ...(judgement.predicateType === undefined ? {} : { predicateType: judgement.predicateType }),
    ...(judgement.keyHint === undefined ? {} : { keyHint: judgement.keyHint }),
    ...(judgement.identity === undefined ? {} : { identity: judgement.identity }),
    ...(repository === undefined ? {} : { repository }),
  };
  const { signer } = judgement;
  if (!signer) {
    return { ...base, fault: judgement.fault ?? 'malformed', ...(judgement.detail === undefined ? {} : { detail: judgement.detail }) };
  }
  const asked = rules.flatMap((rule) => {
    const name = rule.keys.find((key) => keys.get(keyIdentity(key))?.some(({ fingerprint }) => fingerprint === signer.fingerprint))?.name;
    return name === undefined ? [] : [{ name, fault: faultFor(rule, entry, intended) }];
  });
  const counts = asked.find(({ fault }) => fault === undefined);
  if (counts) return { ...base, signedBy: { key: counts.name, fingerprint: signer.fingerprint }, ...(stored.format === 'legacy' ? { payload: stored.payload } : {}) };
  return { ...base, ...(asked[0]?.fault ?? { fault: 'other-key' }) };
}
