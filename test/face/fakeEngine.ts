// An engine whose answers a test chooses, with a Dockerfile reader that knows FROM and ARG names without values.
import { dirname, resolve } from 'node:path';
import type { Digest } from '../../src/core/crypto/digest.ts';
import type { Diagnosis, DiagnosisTarget, OnStep } from '../../src/core/diagnosis/diagnosis.ts';
import type { DockerfileImages, DockerfileOptions, ImageUse } from '../../src/core/dockerfile/images.ts';
import type { Engine, EngineSettings, KeyDescription, TagQuery, TagTarget, VerifyQuery } from '../../src/core/engine.ts';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import { parseReference } from '../../src/core/oci/reference.ts';
import { parseClusterImagePolicies } from '../../src/core/policy/cluster/parseClusterImagePolicies.ts';
import { parseContainersPolicy } from '../../src/core/policy/containers/parseContainersPolicy.ts';
import type { ReadPolicyFile } from '../../src/core/policy/policyProblem.ts';
import { readPolicyFile } from '../../src/core/policy/readPolicyFile.ts';
import { withKeyProblems, type KeyFileCheck } from '../../src/node/policyKeys.ts';
import { fake, Uri } from '../support/vscode.ts';
import { pinning } from '../../src/core/rewriting/pinning.ts';
import type { RegistriesFile } from '../../src/core/policy/containers/registriesD.ts';
import type { KeySetting } from '../../src/core/policy/trustPolicy.ts';
import type { CopyEngine } from '../../src/core/copyEngine.ts';
import type { SigningEngine } from '../../src/core/signingEngine.ts';
import type { Evidence, Verdict } from '../../src/core/policy/verdict.ts';

export const digest = (char: string): Digest => `sha256:${char.repeat(64)}` as Digest;

export function evidence(changes: Partial<Evidence> = {}): Evidence {
  return {
    digest: digest('a'), decidedBy: digest('a'), signatures: [], incomplete: [], checkedAt: 0,
    policies: [{ policy: 'all keys', satisfied: false, keys: ['release'], annotations: {} }], ...changes,
  };
}

const store = { format: 'legacy', store: 'signature tag', manifest: digest('b'), blob: digest('c'), annotations: {} } as const;

export const verdicts = {
  verified: {
    kind: 'verified',
    ...evidence({ signatures: [{ ...store, signedBy: { key: 'release', fingerprint: 'SHA256:abc' } }], policies: [{ policy: 'all keys', satisfied: true, keys: ['release'], annotations: {} }] }),
  },
  unsigned: { kind: 'unsigned', ...evidence() },
  untrusted: { kind: 'untrusted', ...evidence({ signatures: [{ ...store, fault: 'other-key' }] }) },
  unchecked: { kind: 'unchecked', reason: new CosignError('REGISTRY_TIMEOUT', said`ghcr.io did not answer in time.`), checkedAt: 0 },
  uncovered: { kind: 'uncovered' },
} as const satisfies Record<string, Verdict>;

export interface Call {
  readonly query: VerifyQuery;
  readonly image: string;
  readonly signal: AbortSignal;
  answer(verdict: Verdict): void;
  fail(error: unknown): void;
}

export class FakeEngine implements Engine {
  /** Set by the tests of copying; everything else must not touch it. */
  copying: CopyEngine = new Proxy({} as CopyEngine, { get: (_target, name) => { throw new Error(`copying.${String(name)} is not expected here`); } });
  /** Set by the tests of signing; everything else must not touch it. */
  signing: SigningEngine = new Proxy({} as SigningEngine, { get: (_target, name) => { throw new Error(`signing.${String(name)} is not expected here`); } });
  /** Set by the tests of the trust tree; everything else must not touch it. */
  contents: Engine['contents'] = new Proxy({} as Engine['contents'], { get: (_target, name) => { throw new Error(`contents.${String(name)} is not expected here`); } });
  readonly calls: Call[] = [];
  readonly configured: EngineSettings[] = [];
  readonly described: KeySetting[] = [];
  readonly policyReads: string[] = [];
  reads = 0;
  forgotten = 0;
  /** What {@link clearStorage} says it deleted. */
  cleared = { images: 0, bytes: 0 };
  disposed = 0;
  /** Answers at once when there is one for the repository; else the test answers through {@link calls}. */
  readonly answers = new Map<string, Verdict>();
  readonly options: DockerfileOptions[] = [];
  /** What {@link describeKey} does with a reference. */
  describe: (key: KeySetting) => readonly KeyDescription[] = ({ reference }) => {
    if (reference.includes('PRIVATE KEY')) throw new CosignError('KEY_IS_PRIVATE', said`This is a private key.`);
    if (reference.includes('garbage')) throw new CosignError('KEY_INVALID', said`This is no key.`);
    return [{ algorithm: 'ECDSA P-256', fingerprint: 'SHA256:fingerprint', pem: 'PEM' }];
  };

  /** A test that needs a cluster brings one. */
  kubernetes: Engine['kubernetes'] = noCluster;

  readDockerfile(text: string, options: DockerfileOptions): DockerfileImages {
    this.reads += 1;
    this.options.push(options);
    const uses = text.split('\n').flatMap((line, at) => readLine(line, at, options));
    const refused = text.split('\n').findIndex((line) => line.startsWith('BOGUS'));
    if (refused === -1) return { uses };
    return { uses, problem: { range: { start: { line: refused, character: 0 }, end: { line: refused, character: 5 } }, message: said`unknown instruction: BOGUS` } };
  }

  verify(query: VerifyQuery, signal: AbortSignal): Promise<Verdict> {
    return new Promise((resolve, reject) => {
      const image = query.reference.repository;
      signal.addEventListener('abort', () => reject(signal.reason as Error));
      this.calls.push({ query, image, signal, answer: resolve, fail: reject });
      const known = this.answers.get(image);
      if (known) resolve(known);
    });
  }

  /** Where a tag leads, by repository; it stands where nothing is said. Asked so often: {@link resolved}. */
  readonly tags = new Map<string, TagTarget | CosignError>();
  readonly resolved: TagQuery[] = [];
  readonly pinning = pinning;

  resolveTag(query: TagQuery, signal: AbortSignal): Promise<TagTarget> {
    this.resolved.push(query);
    const { reference } = query;
    const target = this.tags.get(reference.repository) ?? { digest: reference.digest ?? digest('a'), includesPin: true };
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
      if (target instanceof CosignError) reject(target);
      else resolve(target);
    });
  }

  describeKey(key: KeySetting): Promise<readonly KeyDescription[]> {
    this.described.push(key);
    return Promise.resolve().then(() => this.describe(key));
  }
  /** The real reader: pure, and quick. */
  async readPolicyFile(uri: string, bytes: Uint8Array, check?: KeyFileCheck): Promise<ReadPolicyFile> {
    this.policyReads.push(uri);
    await Promise.resolve();
    const read = readPolicyFile(uri, bytes, {
      cluster: parseClusterImagePolicies, containers: (text) => parseContainersPolicy(text, uri, { registriesD: this.registriesD, baseDirectory: dirname(Uri.parse(uri).path) }),
    });
    return check ? withKeyProblems(read, { read: (key) => Promise.resolve().then(() => this.#keyFile(key)) }, check, new AbortController().signal) : read;
  }

  /** Of the editor's files. */
  #keyFile({ reference, baseDirectory = '' }: KeySetting): Uint8Array {
    this.keyReads.push(reference);
    const bytes = fake.files.get(resolve(baseDirectory, reference));
    if (!bytes) throw new CosignError('KEY_UNREADABLE', said`The key file "${reference}" does not exist.`);
    return bytes;
  }
  /** Keys that a policy names, as they were looked at. */
  readonly keyReads: string[] = [];
  registriesD: readonly RegistriesFile[] = [];
  /** What "containers" stands for. */
  containersPolicy: string | undefined;
  containersPolicyPlaces(): Promise<readonly string[]> { return Promise.resolve(['file:///home/ada/.config/containers/policy.json', 'file:///etc/containers/policy.json']); }
  findContainersPolicy(): Promise<string | undefined> { return Promise.resolve(this.containersPolicy); }
  /** What {@link diagnose} was asked, and what it finds. */
  readonly diagnosed: DiagnosisTarget[] = [];
  diagnosis: Diagnosis['steps'] = [];
  diagnose(target: DiagnosisTarget, onStep: OnStep, signal: AbortSignal): Promise<Diagnosis> {
    signal.throwIfAborted();
    this.diagnosed.push(target);
    onStep('name');
    return Promise.resolve({ target, host: target.registry, steps: this.diagnosis });
  }
  configure(settings: EngineSettings): void { this.configured.push(settings); }
  clearStorage(): Promise<{ readonly images: number; readonly bytes: number }> {
    return Promise.resolve(this.cleared);
  }

  forget(): void { this.forgotten += 1; }
  dispose(): Promise<void> {
    this.disposed += 1;
    return Promise.resolve();
  }

  /** The newest question about a repository. */
  last(image: string): Call {
    const call = this.calls.findLast((other) => other.image.endsWith(image));
    if (!call) throw new Error(`nobody asked about ${image}: ${this.calls.map((other) => other.image).join(', ')}`);
    return call;
  }
}

const nothing = (): Promise<never> => Promise.reject(new CosignError('KUBERNETES_CONFIG_INVALID', said`There is no kubeconfig.`));
const noCluster: Engine['kubernetes'] = { readPublic: nothing, readOnlyEntry: nothing, readPrivate: nothing, contexts: nothing, namespaces: nothing, secrets: nothing, planKeyPair: nothing };

function readLine(line: string, at: number, options: DockerfileOptions): ImageUse[] {
  const found = /^FROM\s+(?:--platform=(\S+)\s+)?(\S+)/.exec(line);
  if (!found?.[2]) return [];
  const [, platform, raw] = found;
  const start = line.indexOf(raw);
  const missing = [...raw.matchAll(/\$\{?(\w+)\}?/g)].map(([, name = '']) => name).filter((name) => options.buildArgs[name] === undefined);
  const text = raw.replace(/\$\{?(\w+)\}?/g, (_, name: string) => options.buildArgs[name] ?? '');
  const base = {
    kind: 'from', line: at, range: { start: { line: at, character: start }, end: { line: at, character: start + raw.length } }, raw, text, missing,
    origins: missing.map((name) => ({ name, kind: 'missing' as const, value: '', range: { start: { line: 0, character: 4 }, end: { line: 0, character: 4 + name.length } } })),
    ...(platform === undefined ? {} : { platform }),
  } as const;
  try {
    return [{ ...base, reference: parseReference(text) }];
  } catch (error) {
    return [{ ...base, unresolved: error as CosignError }];
  }
}
