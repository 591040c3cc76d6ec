// Signatures found for a digest + keys + requirements → the fate of each signature and of each requirement. Pure; no registry here.
import { judgeBundle, judgeLegacy, type Judgement } from '../cosign/judgement.ts';
import type { Digest } from '../crypto/digest.ts';
import type { PublicKey } from '../crypto/publicKey.ts';
import type { Requirement } from '../policy/requirements.ts';
import type { PolicyOutcome, SignatureReport } from '../policy/verdict.ts';
import type { StoredSignature } from './storedSignature.ts';

/** Key name → the public keys behind it (several PEM blocks: several keys). */
export type KeyRing = ReadonlyMap<string, readonly PublicKey[]>;

export interface Evaluation {
  readonly signatures: readonly SignatureReport[];
  readonly policies: readonly PolicyOutcome[];
  /** Every requirement has at least one signature that passed fully. False when there is no requirement at all. */
  readonly satisfied: boolean;
}

/** @param digest the digest every signature must claim */
export function evaluate(found: readonly StoredSignature[], digest: Digest, requirements: readonly Requirement[], keys: KeyRing): Evaluation {
  const wanted = [...new Set(requirements.flatMap((requirement) => requirement.keys))];
  const candidates = wanted.flatMap((name) => keys.get(name) ?? []);
  const judged = found.map((stored) => ({ stored, judgement: judge(stored, digest, candidates) }));
  const satisfies = (judgement: Judgement, requirement: Requirement): boolean =>
    namesOf(judgement.signer, requirement.keys, keys).length > 0 && missingAnnotation(judgement, requirement) === undefined;

  const policies = requirements.map((requirement): PolicyOutcome => ({
    policy: requirement.policy,
    satisfied: judged.some(({ judgement }) => satisfies(judgement, requirement)),
    keys: requirement.keys,
    annotations: requirement.annotations,
    ...(requirement.severity ? { severity: requirement.severity } : {}),
  }));
  const signatures = judged.map(({ stored, judgement }) =>
    report(stored, judgement, requirements.filter((requirement) => satisfies(judgement, requirement)), requirements, keys));
  return { signatures, policies, satisfied: policies.length > 0 && policies.every(({ satisfied }) => satisfied) };
}

function judge(stored: StoredSignature, digest: Digest, keys: readonly PublicKey[]): Judgement {
  return stored.format === 'legacy'
    ? judgeLegacy({ payload: stored.payload, signature: stored.signature, certificate: stored.certificate, digest, keys })
    : judgeBundle({ bytes: stored.bytes, digest, keys });
}

function report(stored: StoredSignature, judgement: Judgement, satisfied: readonly Requirement[], requirements: readonly Requirement[], keys: KeyRing): SignatureReport {
  const base = {
    format: stored.format, store: stored.store, manifest: stored.manifest, blob: stored.blob, annotations: judgement.annotations,
    ...(judgement.predicateType === undefined ? {} : { predicateType: judgement.predicateType }),
    ...(judgement.keyHint === undefined ? {} : { keyHint: judgement.keyHint }),
    ...(judgement.identity === undefined ? {} : { identity: judgement.identity }),
  };
  const { signer } = judgement;
  if (!signer) {
    return { ...base, fault: judgement.fault ?? 'malformed', ...(judgement.detail === undefined ? {} : { detail: judgement.detail }) };
  }
  const [name] = namesOf(signer, satisfied.flatMap((requirement) => requirement.keys), keys);
  if (name !== undefined) return { ...base, signedBy: { key: name, fingerprint: signer.fingerprint } };
  const lacking = requirements.filter((requirement) => namesOf(signer, requirement.keys, keys).length > 0)
    .map((requirement) => missingAnnotation(judgement, requirement)).find((text) => text !== undefined);
  return { ...base, fault: 'annotations', detail: lacking ?? 'a required annotation is missing' };
}

/** The names, among those given, under which a key is trusted. */
function namesOf(signer: PublicKey | undefined, names: readonly string[], keys: KeyRing): readonly string[] {
  if (!signer) return [];
  return names.filter((name) => keys.get(name)?.some(({ fingerprint }) => fingerprint === signer.fingerprint));
}

/** The first annotation a requirement asks for that the signed payload does not have with that value, in words. */
function missingAnnotation(judgement: Judgement, requirement: Requirement): string | undefined {
  for (const [name, value] of Object.entries(requirement.annotations)) {
    const actual = Object.hasOwn(judgement.annotations, name) ? judgement.annotations[name] : undefined;
    if (actual === undefined) return `it does not carry the annotation ${name}=${value}`;
    if (actual !== value) return `its annotation ${name} is "${actual}", not "${value}"`;
  }
  return undefined;
}
