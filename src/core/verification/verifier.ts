// reference → digest → signatures → verdict: shares loads between callers, remembers what cannot change, never guesses.
import { SharedLoads } from '../async/sharedLoads.ts';
import type { Digest } from '../crypto/digest.ts';
import type { VerifyQuery } from '../engine.ts';
import { CosignError, toCosignError } from '../errors.ts';
import { isIndexMediaType, parseIndex, type Descriptor } from '../oci/manifest.ts';
import { choosePlatform } from '../oci/platform.ts';
import { canonicalName, canonicalRepository, type Reference } from '../oci/reference.ts';
import type { Clock } from '../oci/transport.ts';
import type { KeySource } from '../policy/keySource.ts';
import { requirementsFor, type Requirement } from '../policy/requirements.ts';
import type { Evidence, Verdict } from '../policy/verdict.ts';
import { evaluate, type Evaluation } from './evaluate.ts';
import { loadKeys, ParsedKeys, type LoadedKeys } from './keyLoader.ts';
import type { RegistryReader } from './registryReader.ts';
import { SignatureFinder, type QuickFind } from './signatureFinder.ts';
import type { FoundSignatures } from './storedSignature.ts';

export interface VerifierOptions {
  readonly registry: RegistryReader;
  readonly keySource: KeySource;
  readonly clock: Clock;
  /** How long a tag's digest is believed, in milliseconds. */
  readonly tagLifetimeMs: number;
}

/** How long the signatures of a digest are believed to be all there are, in milliseconds. */
export const signaturesLifetimeMs = 5 * 60_000;

/** Of one digest, for the next time: what is larger is read again. */
const maxKeptBytes = 1024 * 1024;

interface Judged {
  readonly digest: Digest;
  readonly found: FoundSignatures;
  readonly evaluation: Evaluation;
}

export class Verifier {
  readonly #registry: RegistryReader;
  readonly #keySource: KeySource;
  readonly #clock: Clock;
  readonly #finder: SignatureFinder;
  readonly #parsed = new ParsedKeys();
  readonly #tags: SharedLoads<Descriptor>;
  readonly #quick: SharedLoads<QuickFind>;
  readonly #thorough: SharedLoads<FoundSignatures>;
  /** Verdicts by (signatures of a digest, requirements, keys): the signatures are the map's key, so they can never be other ones. */
  #evaluations = new WeakMap<FoundSignatures, Map<string, Evaluation>>();

  constructor(options: VerifierOptions) {
    this.#registry = options.registry;
    this.#keySource = options.keySource;
    this.#clock = options.clock;
    this.#finder = new SignatureFinder(options.registry);
    const now = (): number => options.clock.now();
    const lifetimeMs = (found: FoundSignatures): number => (found.incomplete.length === 0 && sizeOf(found) <= maxKeptBytes ? signaturesLifetimeMs : 0);
    this.#tags = new SharedLoads({ lifetimeMs: () => options.tagLifetimeMs, capacity: 5000, now });
    this.#quick = new SharedLoads<QuickFind>({ lifetimeMs, capacity: 2000, now });
    this.#thorough = new SharedLoads<FoundSignatures>({ lifetimeMs, capacity: 2000, now });
  }

  /**
   * The verdict for one image. Whatever goes wrong is an `unchecked` verdict with its cause.
   * @throws only the signal's reason
   */
  async verify(query: VerifyQuery, signal: AbortSignal): Promise<Verdict> {
    try {
      return await this.#verdict(query, signal);
    } catch (error) {
      signal.throwIfAborted();
      return { kind: 'unchecked', reason: toCosignError(error), checkedAt: this.#clock.now() };
    }
  }

  /** Drops everything remembered; loads under way go on for those who wait for them. */
  forget(): void {
    for (const cache of [this.#tags, this.#quick, this.#thorough]) cache.clear();
    this.#evaluations = new WeakMap();
  }

  async #verdict(query: VerifyQuery, signal: AbortSignal): Promise<Verdict> {
    const { reference, trust, fresh } = query;
    // A policy that cannot be read may be the one that covers this image.
    const broken = trust.problems.find(({ code }) => code === 'POLICY_INVALID');
    if (broken) throw broken;
    const requirements = requirementsFor(reference, trust);
    if (requirements.length === 0) return { kind: 'uncovered' };
    const names = new Set(requirements.flatMap((requirement) => requirement.keys));
    const keys = await loadKeys(this.#keySource, this.#parsed, trust.keys.filter(({ name }) => names.has(name)), fresh, signal);
    const [failure] = [...keys.failures, ...trust.problems];
    if (keys.keys.size === 0) throw failure ?? new CosignError('SETTING_INVALID', 'No trusted key is configured.', { remedy: 'Add one with "Add Trusted Key…".' });

    // Asked now, beside the tag, so that the answer is there when the digest is.
    this.#registry.probeReferrers(reference, signal).catch(() => undefined);
    const digest = reference.digest ?? (await this.#resolve(reference, fresh, signal)).digest;
    const judge = (of: Digest): Promise<Judged> => this.#judge(reference, of, requirements, keys, fresh, signal);
    let judged = await judge(digest);
    let platform: string | undefined;
    if (query.platform !== undefined && isBare(judged)) {
      const child = await this.#child(reference, digest, query.platform, signal);
      if (child) [judged, platform] = [await judge(child), query.platform];
    }
    return conclude(judged, digest, platform, failure, this.#clock.now());
  }

  async #resolve(reference: Reference, fresh: boolean, signal: AbortSignal): Promise<Descriptor> {
    return this.#tags.get(canonicalName(reference), (shared) => this.#registry.resolve(reference, shared), signal, fresh);
  }

  /** Looks the short way, and everywhere before anything but "satisfied" is said. */
  async #judge(repository: Reference, digest: Digest, requirements: readonly Requirement[], keys: LoadedKeys, fresh: boolean, signal: AbortSignal): Promise<Judged> {
    const key = `${canonicalRepository(repository)}@${digest}`;
    const name = { registry: repository.registry, repository: repository.repository };
    const quick = await this.#quick.get(key, (shared) => this.#finder.quick(name, digest, shared), signal, fresh);
    const evaluation = this.#evaluate(quick, digest, requirements, keys);
    if (evaluation.satisfied) return { digest, found: quick, evaluation };
    const found = await this.#thorough.get(key, (shared) => this.#finder.thorough(name, digest, quick, shared), signal, fresh);
    return { digest, found, evaluation: this.#evaluate(found, digest, requirements, keys) };
  }

  #evaluate(found: FoundSignatures, digest: Digest, requirements: readonly Requirement[], { keys }: LoadedKeys): Evaluation {
    const known = this.#evaluations.get(found) ?? new Map<string, Evaluation>();
    this.#evaluations.set(found, known);
    const key = JSON.stringify([digest, requirements, [...keys].map(([name, list]) => [name, list.map(({ fingerprint }) => fingerprint)]).sort()]);
    const evaluation = known.get(key) ?? evaluate(found.signatures, digest, requirements, keys);
    known.set(key, evaluation);
    return evaluation;
  }

  /** The manifest of one platform, when the digest is an index. */
  async #child(repository: Reference, digest: Digest, platform: string, signal: AbortSignal): Promise<Digest | undefined> {
    const content = await this.#registry.manifest(repository, digest, signal);
    if (!content) throw new CosignError('IMAGE_NOT_FOUND', `${canonicalRepository(repository)} has no image ${digest}.`);
    if (!isIndexMediaType(content.descriptor.mediaType)) return undefined;
    return choosePlatform(parseIndex(content.bytes).manifests, platform).digest;
  }
}

const sizeOf = ({ signatures }: FoundSignatures): number =>
  signatures.reduce((total, stored) => total + (stored.format === 'legacy' ? stored.payload : stored.bytes).byteLength, 0);
const isBare = ({ found }: Judged): boolean => found.signatures.length === 0 && found.incomplete.length === 0;

/** The one place where a verdict is chosen. Anything that could not be looked at forbids "unsigned" and "untrusted". */
function conclude({ digest: decidedBy, found, evaluation }: Judged, digest: Digest, platform: string | undefined, failure: CosignError | undefined, checkedAt: number): Verdict {
  const { signatures, policies, satisfied } = evaluation;
  const evidence: Evidence = { digest, decidedBy, signatures, policies, incomplete: found.incomplete, checkedAt, ...(platform === undefined ? {} : { platform }) };
  if (satisfied) return { kind: 'verified', ...evidence };
  const [missing] = found.incomplete;
  if (missing) return { kind: 'unchecked', reason: missing, digest, evidence, checkedAt };
  if (signatures.length === 0) return { kind: 'unsigned', ...evidence };
  if (failure) return { kind: 'unchecked', reason: failure, digest, evidence, checkedAt };
  return { kind: 'untrusted', ...evidence };
}
