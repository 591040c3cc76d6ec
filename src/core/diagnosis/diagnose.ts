// From a name to a signature, one step after the other, each timed: where the way to a registry ends, and why.
import { referrersTag } from '../cosign/referrer.ts';
import { signatureTag } from '../cosign/signatureManifest.ts';
import type { Digest } from '../crypto/digest.ts';
import { CosignError, toCosignError } from '../errors.ts';
import { said } from '../said.ts';
import { Authorizer } from '../oci/authorization.ts';
import { parseChallenges } from '../oci/challenge.ts';
import type { RepositoryName } from '../oci/exchange.ts';
import { plainMediaType, single } from '../oci/headers.ts';
import { isLoopback } from '../oci/hosts.ts';
import { blocked, isAsked, type RegistryPlaces } from '../oci/locatedRegistry.ts';
import { apiHost, canonicalRepository, type Reference } from '../oci/reference.ts';
import { RegistryClient } from '../oci/registryClient.ts';
import { anonymously, readFailure, registryError } from '../oci/registryError.ts';
import type { Clock, Credentials, HttpResponse, Keychain, RegistryRules, Transport } from '../oci/transport.ts';
import type { Diagnosis, DiagnosisStep, DiagnosisTarget, LoginSource, MirrorOutcome, OnStep, StepFact, StepName } from './diagnosis.ts';

/** Looks at the connection itself. Reports its steps until one fails; false then. @param anyCertificate whatever certificate there is, it is accepted */
export type ConnectionProbe = (url: URL, anyCertificate: boolean, onStep: OnStep, report: (step: DiagnosisStep) => void, signal: AbortSignal) => Promise<boolean>;

export interface FoundLogin { readonly credentials: Credentials; readonly source: LoginSource }

/** How a registry is spoken to. */
export interface DiagnosisWay {
  readonly transport: Transport & { goesSecond(url: URL): boolean; maySecond(url: URL): boolean };
  readonly rules: RegistryRules;
}

/** What the files of docker and podman say of a repository. */
export interface SystemPlaces {
  readonly find: (repository: RepositoryName, signal: AbortSignal) => Promise<RegistryPlaces>;
  readonly problems: () => Promise<readonly CosignError[]>;
  /** Accepts plain http and any certificate. */
  readonly insecure: DiagnosisWay;
}

export interface DiagnoseOptions extends DiagnosisWay {
  /** Undefined: these files do not count. */
  readonly places?: SystemPlaces | undefined;
  readonly probe: ConnectionProbe;
  /** @throws {CosignError} `CREDENTIALS_UNREADABLE`, `CREDENTIAL_HELPER_FAILED` */
  readonly findLogin: (registry: string, repository: string, signal: AbortSignal) => Promise<FoundLogin | undefined>;
  readonly noLogins?: 'restricted' | 'turned off';
  readonly clock: Clock;
  /** From 0 to 1, for spreading retries. */
  readonly random: () => number;
}

interface Ping { readonly response: HttpResponse; readonly url: URL }

/** Writes nothing anywhere. @throws the signal's reason, and nothing else */
export async function diagnose(options: DiagnoseOptions, target: DiagnosisTarget, onStep: OnStep, signal: AbortSignal): Promise<Diagnosis> {
  const found = options.places && await findPlaces(options.places, target, options.clock, onStep, signal);
  const way = found?.places?.origin.insecure === true && options.places ? options.places.insecure : options;
  const located = found?.places ? locatedAt(found.places.origin.repository, target) : target;
  const host = apiHost(located.registry);
  const about = { target, host, ...(options.noLogins === undefined ? {} : { noLogins: options.noLogins }) };
  const run = new Run({ ...options, ...way }, located, host, onStep, signal);
  if (found) run.steps.push(found.step);
  if (found && !found.places) {
    run.skipRest();
    return { ...about, steps: run.steps };
  }
  const first = run.steps.length;
  let triedBefore: Diagnosis['triedBefore'];
  const schemes = schemesOf(host, way.rules);
  for (const [index, scheme] of schemes.entries()) {
    run.steps.length = first;
    const ping = await run.reach(new URL(`${scheme}://${host}/v2/`), index + 1 < schemes.length);
    if (ping) {
      await run.ask(ping);
      break;
    }
    const failed = run.steps.find((step) => step.state === 'failed');
    // Another answer than that of a registry is no reason to try the other scheme.
    if (!failed || index + 1 === schemes.length || run.answered) {
      run.skipRest();
      break;
    }
    triedBefore = { scheme, error: failed.error };
  }
  for (const mirror of found?.places?.mirrors ?? []) await run.askMirror(mirror, options.places && mirror.insecure ? options.places.insecure : options);
  return { ...about, steps: run.steps, ...(triedBefore ? { triedBefore } : {}) };
}

/** Nobody's repository: what is said of a whole registry is said of it too. */
const anyRepository = '*';

/** @returns without places for what is blocked */
async function findPlaces({ find, problems }: SystemPlaces, { registry, reference }: DiagnosisTarget, clock: Clock, onStep: OnStep, signal: AbortSignal): Promise<{ readonly step: DiagnosisStep; readonly places?: RegistryPlaces }> {
  onStep('places');
  const started = clock.now();
  const asked = { registry, repository: reference?.repository ?? anyRepository };
  const places = await find(asked, signal);
  const tookMs = clock.now() - started;
  if (places.blocked) return { step: { state: 'failed', tookMs, name: 'places', error: blocked(placeName(asked)) } };
  const { repository: real, insecure } = places.origin;
  const fact: StepFact = { kind: 'places', places: {
    ...(placeName(real) === placeName(asked) ? {} : { movedTo: placeName(real) }), insecure, problems: await problems(),
    mirrors: places.mirrors.map(({ repository, pulls }) => ({ name: placeName(repository), pulls })),
  } };
  return { step: { state: 'done', tookMs, fact }, places };
}

function locatedAt({ registry, repository }: RepositoryName, { reference }: DiagnosisTarget): DiagnosisTarget {
  return { registry, ...(reference ? { reference: { ...reference, registry, repository } } : {}) };
}

const placeName = ({ registry, repository }: RepositoryName): string => canonicalRepository({ registry, repository }).replace(/\/\*$/, '');

function schemesOf(host: string, rules: RegistryRules): readonly ('http' | 'https')[] {
  if (!rules.allowsPlainHttp(host)) return ['https'];
  return isLoopback(host) ? ['http', 'https'] : ['https', 'http'];
}

class Run {
  readonly steps: DiagnosisStep[] = [];
  /** Something answered, whatever it was. */
  answered = false;
  readonly #options: DiagnoseOptions;
  readonly #target: DiagnosisTarget;
  readonly #host: string;
  readonly #onStep: OnStep;
  readonly #signal: AbortSignal;
  readonly #keychain: Keychain;
  readonly #anyCertificate: boolean;
  readonly #client: RegistryClient;
  readonly #authorizer: Authorizer;

  constructor(options: DiagnoseOptions, target: DiagnosisTarget, host: string, onStep: OnStep, signal: AbortSignal) {
    this.#options = options;
    this.#target = target;
    this.#host = host;
    this.#onStep = onStep;
    this.#signal = signal;
    const keychain = this.#keychain = { find: async (registry, repository, shared) => (await options.findLogin(registry, repository, shared))?.credentials };
    this.#anyCertificate = options.transport === options.places?.insecure.transport;
    this.#client = new RegistryClient({ ...options, keychain });
    this.#authorizer = new Authorizer({ ...options, keychain });
  }

  /** The connection, and what answers there. */
  async reach(url: URL, otherScheme: boolean): Promise<Ping | undefined> {
    const { transport, probe } = this.#options;
    const connected = await probe(url, this.#anyCertificate, this.#onStep, (step) => { this.steps.push(step); }, this.#signal);
    this.#signal.throwIfAborted();
    // The editor may know a way that we do not see.
    if (!connected && !transport.maySecond(url)) return undefined;
    return this.#step('ping', async () => {
      const response = await transport.send({ method: 'GET', url, headers: {} }, this.#signal);
      const { status, headers } = response;
      // "Client sent an HTTP request to an HTTPS server": no registry's own 400 is plain text.
      const isOtherScheme = otherScheme && url.protocol === 'http:' && status === 400 && plainMediaType(single(headers['content-type']))?.includes('json') !== true;
      this.answered = !isOtherScheme;
      if (status !== 200 && status !== 401) throw registryError(await readFailure(response, { method: 'GET', on: this.#host, account: anonymously }, this.#options.clock.now(), this.#signal));
      response.discard();
      const fact: StepFact = { kind: 'ping', status, challenges: parseChallenges(headers['www-authenticate']), throughEditor: transport.goesSecond(url) };
      return { fact, result: { response, url } };
    });
  }

  /** Everything that needs a registry that answers. */
  async ask(ping: Ping): Promise<void> {
    await this.#login(ping);
    const { reference } = this.#target;
    if (!reference) return;
    const image = await this.#step('image', async () => {
      const { digest, mediaType, size } = await this.#client.resolve(reference, this.#signal);
      return { fact: { kind: 'image', digest, mediaType, sizeBytes: size }, result: digest };
    });
    const last = this.steps.at(-1);
    const isMissing = last?.state === 'failed' && last.error.code === 'IMAGE_NOT_FOUND';
    if (!image) this.#skip('signature tag');
    else await this.#tag(reference, image);
    if (!image && !isMissing) this.#skip('referrers');
    else await this.#referrers(reference, image);
  }

  /** What was not tried because nothing answered. */
  skipRest(): void {
    const done = this.steps.map((step) => (step.state === 'done' ? step.fact.kind : step.name));
    const names: readonly StepName[] = ['proxy', 'name', 'connect', 'tls', 'ping', 'login', ...(this.#target.reference ? ['image', 'signature tag', 'referrers'] as const : [])];
    for (const name of names) if (!done.includes(name) && !(name === 'tls' && done.includes('plain http'))) this.#skip(name);
  }

  /** Whether it would be asked for the image, and what it has then. Its trouble ends nothing: the real location is asked after it. */
  async askMirror({ repository, pulls }: RegistryPlaces['mirrors'][number], way: DiagnosisWay): Promise<void> {
    const { reference } = this.#target;
    await this.#step('mirror', async () => {
      const outcome: MirrorOutcome = reference && isAsked(pulls, reference.digest !== undefined) ? await this.#atMirror({ ...reference, ...repository }, way) : { kind: 'not asked' };
      return { fact: { kind: 'mirror', name: placeName(repository), outcome }, result: true };
    });
  }

  async #atMirror(reference: Reference, way: DiagnosisWay): Promise<MirrorOutcome> {
    try {
      const client = new RegistryClient({ ...this.#options, ...way, keychain: this.#keychain });
      return { kind: 'found', digest: (await client.resolve(reference, this.#signal)).digest };
    } catch (error) {
      this.#signal.throwIfAborted();
      const known = toCosignError(error);
      return known.code === 'IMAGE_NOT_FOUND' ? { kind: 'missing' } : { kind: 'failed', error: known };
    }
  }

  #login({ response, url }: Ping): Promise<unknown> {
    const { registry, reference } = this.#target;
    const target = { registry, repository: reference?.repository ?? '', origin: new URL(url.origin), actions: 'pull' } as const;
    return this.#step('login', async () => {
      if (response.status !== 401) return { fact: { kind: 'login', needed: false, accepted: true }, result: true };
      if (!this.#authorizer.learn(target, response)) {
        throw new CosignError('REGISTRY_UNAUTHORIZED', said`"${this.#host}" asks for a login in a way that is not known.`, { remedy: said`Ask whoever runs the registry: it must ask for Basic or Bearer.` });
      }
      const login = await this.#options.findLogin(registry, target.repository, this.#signal);
      const { header, account } = await this.#authorizer.authorize(target, this.#signal);
      const who = login ? { account: nameOf(login.credentials), source: login.source } : {};
      if (header === undefined) return { fact: { kind: 'login', needed: true, ...who, accepted: false }, result: false };
      const answer = await this.#options.transport.send({ method: 'GET', url, headers: { authorization: header } }, this.#signal);
      const accepted = answer.status === 200;
      // Without a login nothing was promised: images may be public all the same.
      if (!accepted && login) throw registryError(await readFailure(answer, { method: 'GET', on: this.#host, account }, this.#options.clock.now(), this.#signal));
      answer.discard();
      return { fact: { kind: 'login', needed: true, ...who, accepted }, result: accepted };
    });
  }

  #tag({ registry, repository }: Reference, digest: Digest): Promise<unknown> {
    const tag = signatureTag(digest);
    return this.#step('signature tag', async () => ({ fact: { kind: 'signature tag', tag, found: await this.#exists({ registry, repository, tag }) }, result: true }));
  }

  #referrers({ registry, repository }: Reference, digest: Digest | undefined): Promise<unknown> {
    return this.#step('referrers', async () => {
      if (digest === undefined) {
        const support = await this.#client.probeReferrers({ registry, repository }, this.#signal);
        return { fact: { kind: 'referrers', support: ({ 'supported': 'yes', 'unsupported on host': 'no', 'unknown': 'unknown' } as const)[support] }, result: true };
      }
      const answer = await this.#client.referrers({ registry, repository }, digest, this.#signal);
      if (answer.kind === 'list') return { fact: { kind: 'referrers', support: 'yes', count: answer.descriptors.length + (answer.otherDigests?.length ?? 0) }, result: true };
      const tag = referrersTag(digest);
      return { fact: { kind: 'referrers', support: 'no', tag, tagFound: await this.#exists({ registry, repository, tag }) }, result: true };
    });
  }

  async #exists(reference: Reference): Promise<boolean> {
    try {
      await this.#client.resolve(reference, this.#signal);
      return true;
    } catch (error) {
      if (error instanceof CosignError && error.code === 'IMAGE_NOT_FOUND') return false;
      throw error;
    }
  }

  #skip(name: StepName): void {
    this.steps.push({ state: 'skipped', name });
  }

  async #step<T>(name: StepName, work: () => Promise<{ readonly fact: StepFact; readonly result: T }>): Promise<T | undefined> {
    this.#onStep(name);
    const { clock } = this.#options;
    const started = clock.now();
    try {
      const { fact, result } = await work();
      this.steps.push({ state: 'done', tookMs: clock.now() - started, fact });
      return result;
    } catch (error) {
      this.#signal.throwIfAborted();
      this.steps.push({ state: 'failed', tookMs: clock.now() - started, name, error: toCosignError(error) });
      return undefined;
    }
  }
}

function nameOf(credentials: Credentials): string {
  return credentials.kind === 'basic' ? credentials.username : '';
}
