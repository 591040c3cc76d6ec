// One signers rule against the signatures found where it looks: who signed, whose signature does not count, and what is not known.
import type { PublicKey } from '../crypto/publicKey.ts';
import type { CosignError } from '../errors.ts';
import { said, type Said, saidList } from '../said.ts';
import type { Reference } from '../oci/reference.ts';
import { identityFault } from '../policy/containers/signedIdentity.ts';
import type { SignerRule } from '../policy/demand.ts';
import { keyIdentity, type KeySetting } from '../policy/trustPolicy.ts';
import type { DemandState, SignatureFault, SignerOutcome } from '../policy/verdict.ts';
import type { JudgedSignature } from './judgedSignature.ts';
import type { LoadedKeys } from './keyLoader.ts';
import { countSigners } from './signerCount.ts';

export interface RuleFault {
  readonly fault: SignatureFault;
  /** More about it, in words that go on from "the signature". */
  readonly detail: Said;
}

export interface SignerCheck {
  readonly state: DemandState;
  readonly signers: readonly SignerOutcome[];
  /** For `unknown`: why. */
  readonly reason?: CosignError;
}

/**
 * Why a signature by one of the rule's keys does not count for it; undefined when it does.
 * @param intended the image as it was asked for
 */
export function faultFor(rule: SignerRule, { stored, judgement }: JudgedSignature, intended: Reference): RuleFault | undefined {
  if (rule.formats && !rule.formats.includes(stored.format)) {
    return { fault: 'format', detail: said`it is a ${stored.format} signature, and the policy counts only ${saidList(rule.formats)} signatures` };
  }
  const annotation = missingAnnotation(judgement.annotations, rule.annotations);
  if (annotation !== undefined) return { fault: 'annotations', detail: annotation };
  const identity = rule.identity && identityFault(rule.identity, intended, judgement.identity);
  return identity === undefined ? undefined : { fault: 'identity', detail: identity };
}

/** Satisfied when enough of the rule's keys each made a signature that passes in full; unknown while keys that cannot be read might make up the rest. */
export function checkSigners(rule: SignerRule, judged: readonly JudgedSignature[], { keys, unreadable }: LoadedKeys, intended: Reference): SignerCheck {
  const good = new Set<string>();
  const bad = new Map<string, Said[]>();
  for (const entry of judged) {
    const { signer, author, detail } = entry.judgement;
    const fault = signer && faultFor(rule, entry, intended);
    if (signer && !fault) good.add(signer.fingerprint);
    const name = (signer ?? author)?.fingerprint;
    const why = signer ? fault?.detail : detail;
    if (name !== undefined && why !== undefined) bad.set(name, [...(bad.get(name) ?? []), why]);
  }
  const unique = [...new Map(rule.keys.map((key) => [keyIdentity(key), key])).entries()];
  const loaded = unique.map(([identity]) => keys.get(identity) ?? []);
  const counted = countSigners(loaded.map((list) => ({ fingerprints: list.map(({ fingerprint }) => fingerprint).filter((fingerprint) => good.has(fingerprint)) })));
  const signers = unique.map(([identity, key], index): SignerOutcome =>
    (unreadable.has(identity) ? { key: key.name, state: 'unreadable' } : outcomeOf(key, loaded[index] ?? [], counted[index], good, bad)));

  const count = counted.filter((fingerprint) => fingerprint !== undefined).length;
  const failures = unique.flatMap(([identity]) => unreadable.get(identity) ?? []);
  const spoilt = rule.needsEveryKey === true && failures.length > 0;
  if (count >= rule.threshold && rule.threshold > 0 && !spoilt) return { state: 'satisfied', signers };
  // Where nothing is signed, nobody has signed, whatever the key.
  const [reason] = judged.length > 0 && (spoilt || count + failures.length >= rule.threshold) ? failures : [];
  return reason ? { state: 'unknown', signers, reason } : { state: 'unsatisfied', signers };
}

function outcomeOf({ name }: KeySetting, keys: readonly PublicKey[], counted: string | undefined, good: ReadonlySet<string>, bad: ReadonlyMap<string, readonly Said[]>): SignerOutcome {
  if (counted !== undefined) return { key: name, state: 'present', fingerprint: counted };
  const [only, ...more] = keys;
  const known = only && more.length === 0 ? { fingerprint: only.fingerprint } : {};
  if (keys.some(({ fingerprint }) => good.has(fingerprint))) {
    return { key: name, state: 'missing', ...known, detail: said`its key is one that counts under another name already` };
  }
  const author = keys.find(({ fingerprint }) => bad.has(fingerprint));
  // The first in the alphabet: the order in which a registry lists signatures must not matter.
  const [detail] = [...(author ? bad.get(author.fingerprint) ?? [] : [])].sort();
  if (author && detail !== undefined) return { key: name, state: 'invalid', fingerprint: author.fingerprint, detail };
  return { key: name, state: 'missing', ...known };
}

/** The first annotation a rule asks for that the signed payload does not have with that value, in words. */
function missingAnnotation(signed: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): Said | undefined {
  for (const [name, value] of Object.entries(wanted)) {
    const actual = Object.hasOwn(signed, name) ? signed[name] : undefined;
    if (actual === undefined) return said`it does not carry the annotation ${name}=${value}`;
    if (actual !== value) return said`its annotation ${name} is "${actual}", not "${value}"`;
  }
  return undefined;
}
