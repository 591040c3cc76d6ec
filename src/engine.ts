// The lazily loaded half of the composition root: networking, crypto and Dockerfile semantics behind the Engine interface.
import { setMaxListeners } from 'node:events';
import { generateKeyPair } from './core/crypto/encryptedKey.ts';
import { Users } from './core/async/users.ts';
import { createContentsEngine } from './core/contents/readContents.ts';
import { createCopyEngine } from './core/copy/createCopyEngine.ts';
import { parsePublicKeys } from './core/crypto/publicKey.ts';
import { diagnose } from './core/diagnosis/diagnose.ts';
import { readDockerfile } from './core/dockerfile/images.ts';
import type { Engine, EngineSettings } from './core/engine.ts';
import type { CosignError } from './core/errors.ts';
import type { RepositoryName } from './core/oci/exchange.ts';
import { LocatedRegistry, type RegistryPlaces } from './core/oci/locatedRegistry.ts';
import { RegistryClient } from './core/oci/registryClient.ts';
import type { ClusterKeys } from './core/kubernetes/clusterKeys.ts';
import type { KeySource } from './core/policy/keySource.ts';
import { pinning } from './core/rewriting/pinning.ts';
import type { Keychain, Transport } from './core/oci/transport.ts';
import { KeptSignatures } from './core/verification/keptSignatures.ts';
import { Verifier } from './core/verification/verifier.ts';
import { createConnectionProbe } from './node/connectionProbe.ts';
import { ContentFolder } from './node/contentFolder.ts';
import type { EditorFetch } from './node/editorTransport.ts';
import { hostPortOf, isLoopback, namesHost } from './node/hostNames.ts';
import { createKeychain } from './node/keychain.ts';
import { createKeySource, type ReadPipe } from './node/keySource.ts';
import { createLazyClusterKeys } from './node/lazyClusterKeys.ts';
import { createRegistryTransport, type RegistryTransport } from './node/registryTransport.ts';
import { systemClock } from './node/systemClock.ts';
import { SystemRegistries } from './node/systemRegistries.ts';
import { createSigningEngine } from './signing.ts';

/** What the engine must be told about the machine it runs on. */
export interface Machine {
  /** Of Countersign itself, for the user-agent. */
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  /** Told what of the machine's own files cannot be used, each once. */
  readonly report?: (problem: CosignError) => void;
  /** Absolute path of a folder for signatures that outlive the process; undefined: there is none. */
  readonly storageFolder?: string | undefined;
  /** Undefined: a key is never read from a pipe, as it might never end. */
  readonly readPipe?: ReadPipe | undefined;
  /** The editor's own; undefined where there is no editor. */
  readonly fetch?: EditorFetch | undefined;
}

/** All that depends on the settings; made anew when they change. */
interface Parts {
  /** Copying and signing end with the connections that they began with. */
  readonly users: Users;
  readonly transport: RegistryTransport;
  /** With mirrors, for verifying. */
  readonly pulling: LocatedRegistry;
  /** The real locations, for signing and copying. */
  readonly registry: LocatedRegistry;
  /** The same registries, with logins for pushing. */
  readonly destination: LocatedRegistry;
  readonly keySource: KeySource;
  readonly verifier: Verifier;
  readonly kubernetes: ClusterKeys;
  readonly diagnose: Engine['diagnose'];
}

/** Enough for two questions about each of a file's images at once, so that a file costs few round trips however long it is. */
const connectionsPerHost = 64;

/** One signal stands for all of a file's images, or for everything that is copied or signed: Node.js would warn of so many listeners. */
const listenedToByMany = (signal: AbortSignal): void => { setMaxListeners(0, signal); };

/** Nothing is opened, read or asked before the first call. */
export function createEngine(machine: Machine, settings: EngineSettings): Engine {
  const storage = machine.storageFolder === undefined ? undefined : new ContentFolder({ folder: machine.storageFolder, maxBytes: settings.storageMaxBytes ?? 0, now: () => systemClock.now() });
  let parts = assemble(machine, settings, storage);
  const retired = new Set<RegistryTransport>();
  const during = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    listenedToByMany(signal);
    return parts.users.during(work);
  };
  const copying = createCopyEngine(() => {
    const { registry, destination, keySource, verifier } = parts;
    return { source: registry, destination, clock: systemClock, random: Math.random, keySource, verify: (query, signal) => verifier.verify(query, signal) };
  });
  const signing = createSigningEngine({ registry: () => parts.registry, clock: systemClock, random: Math.random, keySource: () => parts.keySource, readPipe: machine.readPipe, cluster: () => parts.kubernetes });
  return {
    readDockerfile,
    pinning,
    signing: {
      ...signing,
      planImage: (request, signal) => during(signal, () => signing.planImage(request, signal)),
      signImage: (request, onProgress, signal) => during(signal, () => signing.signImage(request, onProgress, signal)),
    },
    copying: {
      ...copying,
      plan: (request, signal) => during(signal, () => copying.plan(request, signal)),
      copy: (plan, selection, options, onProgress, signal) => during(signal, () => copying.copy(plan, selection, options, onProgress, signal)),
    },
    contents: createContentsEngine(() => parts.registry),
    get kubernetes() {
      return parts.kubernetes;
    },
    verify: (query, signal) => {
      listenedToByMany(signal);
      return parts.verifier.verify(query, signal);
    },
    resolveTag: (query, signal) => parts.verifier.resolveTag(query, signal),
    describeKey: async (key, signal) => parsePublicKeys(await parts.keySource.read(key, { fresh: true }, signal))
      .map(({ label, fingerprint, pem }) => ({ algorithm: label, fingerprint, pem })),
    readPolicyFile: async (uri, bytes, check) => {
      const { readPolicyFile } = await import('./policies.ts');
      return readPolicyFile(uri, bytes, { ...machine, userId: process.getuid?.() }, check && { ...check, keySource: parts.keySource });
    },
    containersPolicyPlaces: async () => (await import('./policies.ts')).containersPolicyPlaces({ ...machine, userId: process.getuid?.() }),
    findContainersPolicy: async () => {
      const { findContainersPolicy } = await import('./policies.ts');
      return findContainersPolicy({ ...machine, userId: process.getuid?.() });
    },
    diagnose: (target, onStep, signal) => parts.diagnose(target, onStep, signal),
    configure: (changed) => {
      const { transport, users } = parts;
      storage?.limit(changed.storageMaxBytes ?? 0);
      parts = assemble(machine, changed, storage);
      retired.add(transport);
      users.whenGone(() => {
        retired.delete(transport);
        void transport.dispose();
      });
    },
    forget: () => parts.verifier.forget(),
    clearStorage: async () => {
      const cleared = await storage?.clear() ?? { images: 0, bytes: 0 };
      parts.verifier.forget();
      return cleared;
    },
    dispose: async () => {
      signing.lock();
      await Promise.all([...[parts.transport, ...retired].map((transport) => transport.dispose()), storage?.flush()]);
    },
  };
}

function assemble({ version, env, homeDirectory, fetch, readPipe, report }: Machine, settings: EngineSettings, storage: ContentFolder | undefined): Parts {
  const clock = systemClock;
  const transport = createRegistryTransport({ version, env, homeDirectory, settings, connectionsPerHost, fetch, now: () => clock.now() });
  const logins = createKeychain({
    env, homeDirectory, trusted: () => settings.trusted, useCredentials: settings.useCredentials,
    ...(settings.dockerConfig === undefined ? {} : { dockerConfig: settings.dockerConfig }),
  });
  const given = settings.flags?.login;
  const keychain: Keychain = {
    find: (host, repository, signal) => (given?.registries.includes(host) === true ? Promise.resolve(given.credentials) : logins.find(host, repository, signal)),
  };
  const plainHttp = [...settings.insecureRegistries, ...settings.flags?.plainHttp ?? []];
  const rules = {
    allowsPlainHttp: (host: string): boolean => {
      const target = hostPortOf(new URL(`http://${host}`));
      return isLoopback(target.hostname) || plainHttp.some((entry) => namesHost(entry, target));
    },
  };
  const system = settings.useSystemConfiguration === true ? new SystemRegistries({ env, homeDirectory, now: () => clock.now(), report: report ?? (() => undefined) }) : undefined;
  const places = (repository: RepositoryName): Promise<RegistryPlaces> => system?.places(repository) ?? Promise.resolve({ blocked: false, origin: { repository, insecure: false }, mirrors: [] });
  const anyCertificate: Transport = { send: (request, signal) => transport.send(request.referral ? request : { ...request, anyCertificate: true }, signal) };
  const insecure = { transport: anyCertificate, keychain, rules: { allowsPlainHttp: () => true }, clock, random: Math.random };
  const strict = { transport, keychain, rules, clock, random: Math.random };
  const clients = { strict: new RegistryClient(strict), insecure: new RegistryClient(insecure) };
  const pulling = new LocatedRegistry({ places, ...clients, useMirrors: true });
  const registry = new LocatedRegistry({ places, ...clients, useMirrors: false });
  const destination = new LocatedRegistry({ places, strict: new RegistryClient({ ...strict, actions: 'pull,push' }), insecure: new RegistryClient({ ...insecure, actions: 'pull,push' }), useMirrors: false });
  const { kubeconfig, context } = settings.kubernetes ?? {};
  const kubernetes = createLazyClusterKeys(async () => {
    const { createClusterKeys } = await import('./kubernetes.ts');
    return createClusterKeys({ env, homeDirectory, kubeconfig, context, trusted: settings.trusted, timeoutMs: settings.timeoutMs, generate: generateKeyPair });
  });
  const keySource = createKeySource({ transport, env, homeDirectory, readPipe, now: () => clock.now(), readSecret: (place, { onlyEntry }, signal) => (onlyEntry ? kubernetes.readOnlyEntry(place, signal) : kubernetes.readPublic(place, signal)) });
  const verifier = new Verifier({ registry: pulling, keySource, clock, tagLifetimeMs: settings.tagLifetimeMs, kept: storage && new KeptSignatures(storage) });
  const noLogins = !settings.trusted ? { noLogins: 'restricted' } as const : settings.useCredentials ? {} : { noLogins: 'turned off' } as const;
  const look: Engine['diagnose'] = (target, onStep, signal) => diagnose({
    transport, rules, clock, random: Math.random, ...noLogins, probe: createConnectionProbe({ version, env, homeDirectory, settings, clock }),
    findLogin: (...place) => logins.locate(...place),
    places: system && { find: places, problems: () => system.problems(), insecure: { transport: { ...anyCertificate, goesSecond: () => false, maySecond: () => false }, rules: insecure.rules } },
  }, target, onStep, signal);
  return { users: new Users(), transport, pulling, registry, destination, keySource, verifier, kubernetes, diagnose: look };
}
