// From a name to a signature, one step after the other, each timed: where the way to a registry ends, and why.
import { referrersTag } from '../cosign/referrer.ts';
import { signatureTag } from '../cosign/signatureManifest.ts';
import type { Digest } from '../crypto/digest.ts';
import { CosignError, toCosignError } from '../errors.ts';
import { Authorizer } from '../oci/authorization.ts';
import { parseChallenges } from '../oci/challenge.ts';
import { plainMediaType, single } from '../oci/headers.ts';
import { isLoopback } from '../oci/hosts.ts';
import { apiHost, type Reference } from '../oci/reference.ts';
import { RegistryClient } from '../oci/registryClient.ts';
import { readFailure, registryError } from '../oci/registryError.ts';
import type { Clock, Credentials, HttpResponse, RegistryRules, Transport } from '../oci/transport.ts';
import type { Diagnosis, DiagnosisStep, DiagnosisTarget, LoginSource, OnStep, StepFact, StepName } from './diagnosis.ts';

/** Looks at the connection itself. Reports its steps until one fails; false then. */
export type ConnectionProbe = (url: URL, onStep: OnStep, report: (step: DiagnosisStep) => void, signal: AbortSignal) => Promise<boolean>;

export interface FoundLogin { readonly credentials: Credentials; readonly source: LoginSource }

export interface DiagnoseOptions {
  readonly transport: Transport & { goesSecond(url: URL): boolean; maySecond(url: URL): boolean };
  readonly probe: ConnectionProbe;
  /** @throws {CosignError} `CREDENTIALS_UNREADABLE`, `CREDENTIAL_HELPER_FAILED` */
  readonly findLogin: (registry: string, repository: string, signal: AbortSignal) => Promise<FoundLogin | undefined>;
  readonly noLogins?: 'restricted' | 'turned off';
  readonly rules: RegistryRules;
  readonly clock: Clock;
  /** From 0 to 1, for spreading retries. */
  readonly random: () => number;
}

interface Ping { readonly response: HttpResponse; readonly url: URL }

/** Writes nothing anywhere. @throws the signal's reason, and nothing else */
export async function diagnose(options: DiagnoseOptions, target: DiagnosisTarget, onStep: OnStep, signal: AbortSignal): Promise<Diagnosis> {
  const host = apiHost(target.registry);
  const about = { target, host, ...(options.noLogins === undefined ? {} : { noLogins: options.noLogins }) };
  const run = new Run(options, target, host, onStep, signal);
  let triedBefore: Diagnosis['triedBefore'];
  const schemes = schemesOf(host, options.rules);
  for (const [index, scheme] of schemes.entries()) {
    run.steps.length = 0;
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
  return { ...about, steps: run.steps, ...(triedBefore ? { triedBefore } : {}) };
}

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
  readonly #client: RegistryClient;
  readonly #authorizer: Authorizer;

  constructor(options: DiagnoseOptions, target: DiagnosisTarget, host: string, onStep: OnStep, signal: AbortSignal) {
    this.#options = options;
    this.#target = target;
    this.#host = host;
    this.#onStep = onStep;
    this.#signal = signal;
    const keychain = { find: async (registry: string, repository: string, shared: AbortSignal): Promise<Credentials | undefined> => (await options.findLogin(registry, repository, shared))?.credentials };
    this.#client = new RegistryClient({ ...options, keychain });
    this.#authorizer = new Authorizer({ ...options, keychain });
  }

  /** The connection, and what answers there. */
  async reach(url: URL, otherScheme: boolean): Promise<Ping | undefined> {
    const { transport, probe } = this.#options;
    const connected = await probe(url, this.#onStep, (step) => { this.steps.push(step); }, this.#signal);
    this.#signal.throwIfAborted();
    // The editor may know a way that we do not see.
    if (!connected && !transport.maySecond(url)) return undefined;
    return this.#step('ping', async () => {
      const response = await transport.send({ method: 'GET', url, headers: {} }, this.#signal);
      const { status, headers } = response;
      // "Client sent an HTTP request to an HTTPS server": no registry's own 400 is plain text.
      const isOtherScheme = otherScheme && url.protocol === 'http:' && status === 400 && plainMediaType(single(headers['content-type']))?.includes('json') !== true;
      this.answered = !isOtherScheme;
      if (status !== 200 && status !== 401) throw registryError(await readFailure(response, { method: 'GET', on: this.#host, account: 'anonymously' }, this.#options.clock.now(), this.#signal));
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
    const names: readonly StepName[] = ['connect', 'tls', 'ping', 'login', ...(this.#target.reference ? ['image', 'signature tag', 'referrers'] as const : [])];
    for (const name of names) if (!done.includes(name) && !(name === 'tls' && done.includes('plain http'))) this.#skip(name);
  }

  #login({ response, url }: Ping): Promise<unknown> {
    const { registry, reference } = this.#target;
    const target = { registry, repository: reference?.repository ?? '', origin: new URL(url.origin), actions: 'pull' } as const;
    return this.#step('login', async () => {
      if (response.status !== 401) return { fact: { kind: 'login', needed: false, accepted: true }, result: true };
      if (!this.#authorizer.learn(target, response)) {
        throw new CosignError('REGISTRY_UNAUTHORIZED', `"${this.#host}" asks for a login in a way that is not known.`, { remedy: 'Ask whoever runs the registry: it must ask for Basic or Bearer.' });
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
