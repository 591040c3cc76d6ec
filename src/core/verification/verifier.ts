// reference → digest → signatures → verdict: shares loads between callers, remembers what cannot change, never guesses.
import { SharedLoads } from '../async/sharedLoads.ts';
import type { Digest } from '../crypto/digest.ts';
import type { PublicKey } from '../crypto/publicKey.ts';
import type { TagQuery, TagTarget, VerifyQuery } from '../engine.ts';
import { CosignError, toCosignError } from '../errors.ts';
import { said } from '../said.ts';
import { isIndexMediaType, parseIndex, type Descriptor } from '../oci/manifest.ts';
import { choosePlatform } from '../oci/platform.ts';
import { canonicalName, canonicalRepository, type Reference } from '../oci/reference.ts';
import { parseSignatureRepository } from '../oci/signatureRepository.ts';
import type { Clock } from '../oci/transport.ts';
import type { KeySource } from '../policy/keySource.ts';
import type { Demand, SignerRule } from '../policy/demand.ts';
import { demandsFor, signerRulesIn } from '../policy/requirements.ts';
import type { Verdict } from '../policy/verdict.ts';
import { accepted, conclude, type Judged } from './conclude.ts';
import { evaluate, keysThatCount, type JudgedPlace } from './evaluate.ts';
import { judgeSignatures, type JudgedSignature } from './judgedSignature.ts';
import type { KeptSignatures } from './keptSignatures.ts';
import { loadKeys, ParsedKeys, type LoadedKeys } from './keyLoader.ts';
import { maxPlaces, placesOf, type SignaturePlace, type SignedSubject } from './places.ts';
import type { RegistryReader, RepositoryName } from './registryReader.ts';
import { SignatureFinder, type QuickFind, type SignatureHome } from './signatureFinder.ts';
import type { FoundSignatures } from './storedSignature.ts';

export interface VerifierOptions {
  readonly registry: RegistryReader;
  readonly keySource: KeySource;
  readonly clock: Clock;
  /** How long a tag's digest is believed, in milliseconds. */
  readonly tagLifetimeMs: number;
  /** What outlives the process; undefined: nothing does. */
  readonly kept?: KeptSignatures | undefined;
}

/** How long the signatures of a digest are believed to be all there are, in milliseconds. */
export const signaturesLifetimeMs = 5 * 60_000;

/** What a Dockerfile without `--platform` is taken to be for, as for its `TARGETARCH`. */
const defaultPlatform = 'linux/amd64';

/** Of one digest, for the next time: what is larger is read again. */
const maxKeptBytes = 1024 * 1024;

interface Question {
  readonly demands: readonly Demand[];
  readonly places: readonly SignaturePlace[];
  readonly keys: LoadedKeys;
  /** The image as it was asked for. */
  readonly intended: Reference;
  readonly fresh: boolean;
  readonly checkClaims: boolean;
}

type Subjects = Readonly<Record<SignedSubject, Digest>>;

/** One digest in one place with signatures. */
interface Look {
  readonly place: SignaturePlace;
  readonly of: Digest;
  readonly home: SignatureHome;
  /** Names both, for everything that is remembered. */
  readonly key: string;
}

/** What stored signatures say. */
interface Recalled {
  readonly judged: Judged;
  readonly digest: Digest;
  readonly platform: string | undefined;
  readonly storedAt: number;
}

export class Verifier {
  readonly #registry: RegistryReader;
  readonly #keySource: KeySource;
  readonly #clock: Clock;
  readonly #finder: SignatureFinder;
  readonly #kept: KeptSignatures | undefined;
  /** What the registry listed, once it was kept. */
  readonly #keptFinds = new WeakSet<FoundSignatures>();
  readonly #parsed = new ParsedKeys();
  readonly #tags: SharedLoads<Descriptor>;
  readonly #quick: SharedLoads<QuickFind>;
  readonly #thorough: SharedLoads<FoundSignatures>;
  /** Which manifest of an index a platform gets; none where the digest is no index. */
  readonly #children: SharedLoads<{ readonly digest: Digest | undefined }>;
  /** Judgements by (signatures of a digest, keys): the signatures are the map's key, so they can never be other ones. */
  #judgements = new WeakMap<FoundSignatures, Map<string, readonly JudgedSignature[]>>();

  constructor(options: VerifierOptions) {
    this.#registry = options.registry;
    this.#keySource = options.keySource;
    this.#clock = options.clock;
    this.#finder = new SignatureFinder(options.registry);
    this.#kept = options.kept;
    const now = (): number => options.clock.now();
    const lifetimeMs = (found: FoundSignatures): number => (found.incomplete.length === 0 && sizeOf(found) <= maxKeptBytes ? signaturesLifetimeMs : 0);
    this.#tags = new SharedLoads({ lifetimeMs: () => options.tagLifetimeMs, capacity: 5000, now });
    this.#quick = new SharedLoads<QuickFind>({ lifetimeMs, capacity: 2000, now });
    this.#thorough = new SharedLoads<FoundSignatures>({ lifetimeMs, capacity: 2000, now });
    this.#children = new SharedLoads({ lifetimeMs: () => signaturesLifetimeMs, capacity: 2000, now });
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

  /**
   * Where a tag leads now, believed as long as for verifying.
   * @throws {CosignError} as {@link RegistryReader}
   */
  async resolveTag({ reference: { digest: pin, ...reference }, fresh }: TagQuery, signal: AbortSignal): Promise<TagTarget> {
    const { digest, mediaType } = await this.#resolve(reference, fresh, signal);
    if (digest === pin || !isIndexMediaType(mediaType)) return { digest, includesPin: digest === pin };
    const content = await this.#registry.manifest(reference, digest, signal);
    if (!content) throw new CosignError('IMAGE_NOT_FOUND', said`${canonicalRepository(reference)} has no image ${digest}.`);
    const isIndex = isIndexMediaType(content.descriptor.mediaType);
    return { digest, includesPin: isIndex && parseIndex(content.bytes).manifests.some((child) => child.digest === pin) };
  }

  /** Drops everything remembered; loads under way go on for those who wait for them. */
  forget(): void {
    for (const cache of [this.#tags, this.#quick, this.#thorough, this.#children]) cache.clear();
    this.#judgements = new WeakMap();
  }

  async #verdict(query: VerifyQuery, signal: AbortSignal): Promise<Verdict> {
    const { reference, trust } = query;
    // A policy that cannot be read may be the one that covers this image.
    const broken = trust.problems.find(({ code }) => code === 'POLICY_INVALID');
    if (broken) throw broken;
    const demands = demandsFor(reference, trust);
    const own = demands.filter(({ demandsOnly }) => demandsOnly !== true);
    const verdict = await this.#verdictBy(own, query, signal);
    // What an untrusted workspace adds may take "verified" away, and hides nothing of what the person's own policies find.
    const decided = verdict.kind !== 'verified' && verdict.kind !== 'uncovered';
    return decided || own.length === demands.length ? verdict : this.#verdictBy(demands, { ...query, fresh: false }, signal);
  }

  async #verdictBy(demands: readonly Demand[], query: VerifyQuery, signal: AbortSignal): Promise<Verdict> {
    const { reference, trust, fresh, platform: wanted, checkClaims = true } = query;
    if (demands.length === 0) return { kind: 'uncovered' };
    const rules = demands.flatMap(({ rule }) => signerRulesIn(rule));
    const keys = await loadKeys(this.#keySource, this.#parsed, rules.flatMap((rule) => rule.keys), fresh, signal);
    if (keys.keys.size === 0) {
      const without = evaluate({ demands, places: [], keys, intended: reference });
      if (without.satisfied) return accepted(without);
      if (rules.length > 0) throw keys.failures[0] ?? trust.problems[0] ?? noKey();
    }
    // Asked now, beside the tag, so that the answers are there when the digest is.
    const places = placesOf(reference, demands, usualPlaces(query));
    if (places.length > maxPlaces) {
      throw new CosignError('COUNT_LIMIT', said`The policies for this image name ${places.length} repositories with signatures; at most ${maxPlaces} are looked at.`, { remedy: said`Put the signatures into fewer repositories.` });
    }
    const question = { demands, places, keys, intended: reference, fresh, checkClaims };
    const recalled = reference.digest && await this.#recall(question, { ...reference, digest: reference.digest }, wanted ?? defaultPlatform, signal);
    if (recalled) return conclude(recalled.judged, { ...recalled, problem: trust.problems[0], checkedAt: this.#clock.now() });
    for (const { repository } of places) this.#registry.probeReferrers(repository, signal).catch(() => undefined);
    const digest = reference.digest ?? (await this.#resolve(reference, fresh, signal)).digest;
    const child = (): Promise<Digest | undefined> => this.#child(reference, digest, wanted ?? defaultPlatform, signal);
    const instance = places.some(({ subject }) => subject === 'platform') ? await child() : undefined;
    if (instance && places.every(({ subject }) => subject === 'platform')) {
      return conclude(await this.#judge(question, { named: digest, platform: instance, either: instance }, signal), { digest, platform: wanted ?? defaultPlatform, problem: trust.problems[0], checkedAt: this.#clock.now() });
    }
    let judged = await this.#judge(question, { named: digest, platform: instance ?? digest, either: digest }, signal);
    let platform: string | undefined;
    if (wanted !== undefined && isBare(judged) && places.some(({ subject }) => subject === 'either')) {
      const other = await child();
      if (other) [judged, platform] = [await this.#judge(question, { named: digest, platform: other, either: other }, signal), wanted];
    }
    return conclude(judged, { digest, platform, problem: trust.problems[0], checkedAt: this.#clock.now() });
  }

  async #resolve(reference: Reference, fresh: boolean, signal: AbortSignal): Promise<Descriptor> {
    return this.#tags.get(canonicalName(reference), (shared) => this.#registry.resolve(reference, shared), signal, fresh);
  }

  /** Looks the short way, and everywhere before anything but "verified" is said. */
  async #judge(question: Question, subjects: Subjects, signal: AbortSignal): Promise<Judged> {
    const { fresh } = question;
    const quick = await Promise.all(looksOf(question, subjects).map(async (look) => ({
      ...look, found: await this.#quick.get(look.key, (shared) => this.#finder.quick(look.home, look.of, shared), signal, fresh),
    })));
    const first = this.#evaluate(quick, subjects.either, question);
    this.#keep(quick, first, { thorough: false });
    if (first.evaluation.verified) return first;
    const thorough = await Promise.all(quick.map(async (look) => ({
      ...look, found: await this.#thorough.get(look.key, (shared) => this.#finder.thorough(look.home, look.of, look.found, shared), signal, fresh),
    })));
    const judged = this.#evaluate(thorough, subjects.either, question);
    this.#keep(thorough, judged, { thorough: true });
    return judged;
  }

  /**
   * "Verified", when the stored signatures of a pinned image are enough for it today. More signatures cannot take that back, so the
   * registry need not be asked; whatever else they lead to says nothing, as there may be others by now. Not for an image of an index
   * that counts because the index has no signature: only the registry knows whether it still has none.
   */
  async #recall(question: Question, pinned: Reference & { readonly digest: Digest }, platform: string, signal: AbortSignal): Promise<Recalled | undefined> {
    const { places, fresh, checkClaims } = question;
    const { digest } = pinned;
    const kept = this.#kept;
    if (!kept || fresh || !checkClaims) return undefined;
    let instance: Digest | undefined;
    if (places.some(({ subject }) => subject === 'platform')) {
      if (!await kept.manifest(digest)) return undefined;
      instance = await this.#child(pinned, digest, platform, signal);
    }
    const ofPlatform = instance !== undefined && places.every((place) => place.subject === 'platform');
    const decisive = ofPlatform && instance ? instance : digest;
    const looks = looksOf(question, { named: digest, platform: instance ?? digest, either: decisive });
    // What the registry itself said a moment ago is better.
    if (looks.every(({ key }) => this.#quick.has(key))) return undefined;
    const finds = await Promise.all(looks.map(async (look) => ({ ...look, kept: await kept.find(look.key, look.home, look.of, signal) })));
    const judged = this.#evaluate(finds.flatMap(({ kept: find, ...look }) => (find ? [{ ...look, found: find.found }] : [])), decisive, question);
    if (!judged.evaluation.verified) return undefined;
    const storedAt = Math.min(this.#clock.now(), ...finds.flatMap(({ kept: find }) => find?.readAt ?? []));
    return { judged, digest, platform: ofPlatform ? platform : undefined, storedAt };
  }

  /** Keeps what the registry listed, when that proved the image or is all there is. */
  #keep(looks: readonly (Look & { readonly found: FoundSignatures })[], { evaluation }: Judged, { thorough }: { readonly thorough: boolean }): void {
    if (!this.#kept) return;
    const counting = new Set(evaluation.signatures.flatMap(({ signedBy, manifest }) => (signedBy ? [manifest] : [])));
    for (const { key, found } of looks) {
      const isAll = thorough && found.incomplete.length === 0;
      if (this.#keptFinds.has(found) || !(isAll || (evaluation.verified && found.signatures.length > 0))) continue;
      this.#keptFinds.add(found);
      this.#kept.keep(key, found, counting, this.#clock.now());
    }
  }

  #evaluate(looks: readonly (Pick<Look, 'place' | 'of'> & { readonly found: FoundSignatures })[], digest: Digest, { demands, keys, intended, checkClaims }: Question): Judged {
    const places = looks.map(({ place, of, found }): JudgedPlace => {
      const elsewhere = canonicalRepository(place.repository) !== canonicalRepository(place.image);
      return {
        judged: this.#judgeSignatures(found, of, keysThatCount(demands, place.looksHere, keys.keys), checkClaims), looksHere: place.looksHere,
        ...(elsewhere ? { repository: canonicalRepository(place.repository) } : {}),
      };
    });
    return { digest, incomplete: looks.flatMap(({ found }) => found.incomplete), evaluation: evaluate({ demands, places, keys, intended }) };
  }

  #judgeSignatures(found: FoundSignatures, digest: Digest, keys: readonly PublicKey[], checkClaims: boolean): readonly JudgedSignature[] {
    const known = this.#judgements.get(found) ?? new Map<string, readonly JudgedSignature[]>();
    this.#judgements.set(found, known);
    const key = JSON.stringify([digest, checkClaims, ...keys.map(({ fingerprint }) => fingerprint)]);
    const judged = known.get(key) ?? judgeSignatures(found.signatures, digest, keys, checkClaims);
    known.set(key, judged);
    return judged;
  }

  /** The manifest of one platform, when the digest is an index. */
  async #child(repository: Reference, digest: Digest, platform: string, signal: AbortSignal): Promise<Digest | undefined> {
    const child = await this.#children.get(`${canonicalRepository(repository)}@${digest} ${platform}`, async (shared) => {
      const kept = await this.#kept?.manifest(digest);
      const content = kept ?? await this.#registry.manifest(repository, digest, shared);
      if (!content) throw new CosignError('IMAGE_NOT_FOUND', said`${canonicalRepository(repository)} has no image ${digest}.`);
      if (!kept) this.#kept?.keepManifest(content);
      const isIndex = isIndexMediaType(content.descriptor.mediaType);
      return { digest: isIndex ? choosePlatform(parseIndex(content.bytes).manifests, platform).digest : undefined };
    }, signal);
    return child.digest;
  }
}

/** Signatures of one manifest share its bytes. */
const sizeOf = ({ signatures }: FoundSignatures): number =>
  [...new Set(signatures.flatMap((stored) => [stored.manifestBytes, stored.format === 'legacy' ? stored.payload : stored.bytes]))].reduce((total, { byteLength }) => total + byteLength, 0);

const isBare = ({ evaluation, incomplete }: Judged): boolean => evaluation.signatures.length === 0 && incomplete.length === 0;

/** Each once, for all rules that look there: several subjects are often the same image. */
function looksOf({ places }: Question, subjects: Subjects): readonly Look[] {
  const looks = new Map<string, Look>();
  for (const place of places) {
    const of = subjects[place.subject];
    const key = `${canonicalRepository(place.repository)} ${canonicalRepository(place.image)}@${of}`;
    const known = looks.get(key)?.place;
    const looksHere = known ? (rule: SignerRule): boolean => known.looksHere(rule) || place.looksHere(rule) : place.looksHere;
    looks.set(key, { place: { ...place, looksHere }, of, home: homeOf(place), key });
  }
  return [...looks.values()];
}

const homeOf = ({ repository, image }: SignaturePlace): SignatureHome =>
  (canonicalRepository(repository) === canonicalRepository(image) ? repository : { ...repository, images: image });

const noKey = (): CosignError => new CosignError('SETTING_INVALID', said`No trusted key is configured.`, { remedy: said`Add one with "Add Trusted Key…".` });

/** @throws {CosignError} `SETTING_INVALID`, `REFERENCE_INVALID` */
function usualPlaces({ reference, signatureRepository: given, besideImage }: VerifyQuery): readonly RepositoryName[] {
  if (given === undefined) return [];
  const named = typeof given === 'string' ? parseSignatureRepository(given) : given;
  return besideImage === true ? [named, reference] : [named];
}
