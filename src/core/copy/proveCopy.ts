// The proof of a copy: both sides verified by the source's policies, and signature compared with signature.
import type { CopyPlan, CopyProof, PlannedManifest, ProofKind, ProvenSignature } from '../copyEngine.ts';
import type { Digest } from '../crypto/digest.ts';
import type { CosignError } from '../errors.ts';
import type { VerifyQuery } from '../engine.ts';
import type { Reference } from '../oci/reference.ts';
import type { KeySource } from '../policy/keySource.ts';
import type { Demand, DemandRule } from '../policy/demand.ts';
import { demandsFor, policyCovers, signerRulesIn } from '../policy/requirements.ts';
import type { TrustSettings } from '../policy/trustPolicy.ts';
import type { SignatureReport, Verdict } from '../policy/verdict.ts';
import { inParallel } from '../signing/inParallel.ts';
import { evaluate, keysThatCount } from '../verification/evaluate.ts';
import { judgeSignatures } from '../verification/judgedSignature.ts';
import { loadKeys, ParsedKeys } from '../verification/keyLoader.ts';
import type { RegistryReader } from '../verification/registryReader.ts';
import { SignatureFinder, type SignatureHome } from '../verification/signatureFinder.ts';
import { childrenFirst, type Chosen } from './chosen.ts';
import { nameOf } from './planCopy.ts';

export interface ProofQuestion {
  readonly plan: CopyPlan;
  readonly chosen: Chosen;
  /** Undefined: all. */
  readonly kinds: readonly ProofKind[] | undefined;
  readonly trust: TrustSettings;
}

/** Never throws but the signal's reason: what could not be looked at is in `incomplete`. */
export type ProofReader = (question: ProofQuestion, signal: AbortSignal) => Promise<CopyProof>;

export interface ProofTools {
  readonly registry: RegistryReader;
  readonly keySource: KeySource;
  readonly verify: (query: VerifyQuery, signal: AbortSignal) => Promise<Verdict>;
}

/** One of the chosen images or indexes, on both sides. */
interface Judged {
  readonly top: PlannedManifest;
  readonly source: Verdict;
  readonly destination: Verdict;
}

interface Found {
  readonly signatures: readonly SignatureReport[];
  readonly incomplete: readonly CosignError[];
}

export async function proveCopy({ registry, keySource, verify }: ProofTools, { plan, chosen, kinds, trust }: ProofQuestion, signal: AbortSignal): Promise<CopyProof> {
  const ours = policiesOf(plan.source, trust);
  const judge = async (top: PlannedManifest): Promise<Judged> => {
    const { digest } = top;
    const [source, destination] = await Promise.all([
      verify({ reference: { ...plan.source, digest }, trust: ours, fresh: true, ...(plan.signatureRepository ? { signatureRepository: plan.signatureRepository, besideImage: true } : {}) }, signal),
      verify({ reference: { ...plan.destination, digest }, trust: ours, fresh: true }, signal),
    ]);
    return { top, source, destination };
  };
  const [firstTop, ...otherTops] = chosen.tops;
  const judged = [await judge(firstTop), ...await inParallel(otherTops, 4, judge, signal)] as const;
  const demands = judged.every(({ source }) => source.kind === 'uncovered') ? [] : demandsFor(plan.source, ours);
  const settings = demands.flatMap(({ rule }) => signerRulesIn(rule)).flatMap(({ keys }) => keys);
  const keys = await loadKeys(keySource, new ParsedKeys(), settings, false, signal);
  const everywhere = (): boolean => true;
  const counting = keysThatCount(demands, everywhere, keys.keys);
  const finder = new SignatureFinder(registry);
  const find = async (repository: SignatureHome, subject: Digest): Promise<Found> => {
    const found = await finder.thorough(repository, subject, await finder.quick(repository, subject, signal), signal);
    const judged = judgeSignatures(found.signatures, subject, counting);
    const { signatures } = evaluate({ demands, places: [{ judged, looksHere: everywhere }], keys, intended: plan.source });
    return { signatures, incomplete: found.incomplete };
  };
  // What hangs on an image is signed too: an SBOM, an attestation.
  const subjects = chosen.manifests.filter((manifest) => chosen.images.includes(manifest) || manifest.proofs.length > 0);
  const compared = counting.length === 0 ? [] : await inParallel(subjects, 4, async (image) => {
    const homes: readonly SignatureHome[] = [nameOf(plan.source), ...(plan.signatureRepository ? [{ ...plan.signatureRepository, images: nameOf(plan.source) }] : [])];
    const [after, ...places] = await Promise.all([find(nameOf(plan.destination), image.digest), ...homes.map((home) => find(home, image.digest))]);
    const before = { signatures: places.length === 1 ? places.flatMap((place) => place.signatures) : distinctSignatures(places.flatMap((place) => place.signatures)), incomplete: places.flatMap((place) => place.incomplete) };
    const signatures = before.signatures.filter(({ signedBy }) => signedBy !== undefined)
      .map((atSource): ProvenSignature => ({ subject: image.digest, atSource, state: stateOf(atSource, after.signatures, isLeftOut(chosen, image.digest, atSource, kinds)) }));
    return { signatures, incomplete: [...before.incomplete, ...after.incomplete] };
  }, signal);
  const signatures = compared.flatMap((each) => each.signatures);
  // That neither side could be judged is no sameness; where nothing is asked for, there is nothing to judge.
  const asksNothing = [trust.keys, trust.policies, trust.files ?? [], trust.problems].every(({ length }) => length === 0);
  const unjudged = asksNothing ? [] : judged.flatMap(({ destination, source }) => [destination, source]).flatMap((verdict) => (verdict.kind === 'unchecked' ? [verdict.reason] : []));
  const incomplete = distinct([...keys.failures, ...compared.flatMap((each) => each.incomplete), ...unjudged]);
  const isLost = signatures.some(({ state }) => state === 'missing' || state === 'invalid');
  const worse = judged.find((one) => !isAsGood(one, signatures));
  const { source, destination } = worse ?? judged[0];
  return { source, destination, signatures, incomplete, holds: !isLost && incomplete.length === 0 && (asksNothing || !worse) };
}

/** What lies in two places is one. */
function distinctSignatures(signatures: readonly SignatureReport[]): readonly SignatureReport[] {
  return [...new Map(signatures.map((report) => [`${report.format} ${report.blob} ${report.signedBy?.fingerprint ?? ''}`, report])).values()];
}

function distinct(failures: readonly CosignError[]): readonly CosignError[] {
  return [...new Map(failures.map((failure) => [`${failure.code} ${failure.message}`, failure])).values()];
}

/** The policies that cover the source, for whatever name the image gets: that a policy wants the old name in the signature says nothing about the copy. */
function policiesOf(source: Reference, trust: TrustSettings): TrustSettings {
  if (trust.problems.length > 0) return trust;
  return {
    ...trust,
    policies: trust.policies.map((policy) => ({ ...policy, images: policyCovers(policy, source) ? ['**'] : ['!**'] })),
    ...(trust.files ? { files: trust.files.map((file) => ({ ...file, demandsFor: () => file.demandsFor(source).map(withoutIdentity) })) } : {}),
  };
}

const withoutIdentity = (demand: Demand): Demand => ({ ...demand, rule: anyIdentity(demand.rule) });

function anyIdentity(rule: DemandRule): DemandRule {
  if (rule.kind === 'any' || rule.kind === 'all') return { ...rule, rules: rule.rules.map(anyIdentity) };
  if (rule.kind !== 'signers') return rule;
  const { kind, name, keys, threshold, annotations, formats, repository } = rule;
  return { kind, keys, threshold, annotations, ...(name === undefined ? {} : { name }), ...(formats ? { formats } : {}), ...(repository ? { repository } : {}) };
}

function stateOf(atSource: SignatureReport, after: readonly SignatureReport[], leftOut: boolean): ProvenSignature['state'] {
  const same = after.filter(({ format, blob }) => format === atSource.format && blob === atSource.blob);
  if (same.some(({ signedBy }) => signedBy?.fingerprint === atSource.signedBy?.fingerprint)) return 'valid';
  if (leftOut) return 'left out';
  return same.length === 0 ? 'missing' : 'invalid';
}

/** By its kind; a signature that appeared after the plan was made is not left out, it is missing. */
function isLeftOut(chosen: Chosen, subject: Digest, { manifest }: SignatureReport, kinds: readonly ProofKind[] | undefined): boolean {
  const proof = chosen.manifests.find(({ digest }) => digest === subject)?.proofs.find((candidate) => candidate.manifest.digest === manifest);
  return kinds !== undefined && proof !== undefined && !kinds.includes(proof.kind);
}

/** Signatures that a person left out may be what the source was verified by. */
function isAsGood({ top, source, destination }: Judged, signatures: readonly ProvenSignature[]): boolean {
  if (destination.kind === 'unchecked' || source.kind === 'unchecked') return false;
  if (source.kind === destination.kind || destination.kind === 'verified') return true;
  const images = new Set(childrenFirst(top).map(({ digest }) => digest));
  return signatures.some(({ subject, state }) => state === 'left out' && images.has(subject));
}
