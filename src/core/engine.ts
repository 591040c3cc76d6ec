// What the editor's face (and later the command line) asks of the rest: the one door to everything that is loaded lazily.
import type { ContentsEngine } from './contentsEngine.ts';
import type { CopyEngine } from './copyEngine.ts';
import type { Diagnosis, DiagnosisTarget, OnStep } from './diagnosis/diagnosis.ts';
import type { DockerfileImages, DockerfileOptions } from './dockerfile/images.ts';
import type { RepositoryName } from './oci/exchange.ts';
import type { Digest } from './crypto/digest.ts';
import type { Reference } from './oci/reference.ts';
import type { Credentials } from './oci/transport.ts';
import type { ClusterKeys } from './kubernetes/clusterKeys.ts';
import type { KeyDescription } from './crypto/keyDescription.ts';
import type { ReadPolicyFile } from './policy/policyProblem.ts';
import type { KeySetting, TrustSettings } from './policy/trustPolicy.ts';
import type { Verdict } from './policy/verdict.ts';
import type { ClearedStorage } from './verification/contentStore.ts';
import type { Pinning } from './rewriting/pinning.ts';
import type { SigningEngine } from './signingEngine.ts';

/** Everything about the machine and the settings that the engine must know; plain data, so that the face can hand it over. */
export interface EngineSettings {
  /** False in Restricted Mode: no credentials, no helper process, no workspace key. */
  readonly trusted: boolean;
  /** Hosts (`host` or `host:port`) that may be spoken to in plain http, or with a certificate that does not verify. */
  readonly insecureRegistries: readonly string[];
  /** Host → absolute path of a PEM file with further certificate authorities. */
  readonly certificateAuthorities: Readonly<Record<string, string>>;
  /** Host (`host` or `host:port`) → absolute paths of its client certificate and of the key, both PEM, the key without a password. Credentials: never sent in Restricted Mode. */
  readonly clientCertificates?: Readonly<Record<string, CertificatePair>>;
  /** What docker and podman know of registries on this machine is read: certificates, plain http, mirrors. Undefined: it is not. */
  readonly useSystemConfiguration?: boolean;
  /** Absolute path of a docker config directory; undefined: the environment decides. */
  readonly dockerConfig?: string;
  /** False: never send credentials. */
  readonly useCredentials: boolean;
  /** `http.proxy`; undefined: the environment decides. */
  readonly proxy?: string;
  /** `http.proxyAuthorization`: a whole header value for a proxy whose address holds no login. */
  readonly proxyAuthorization?: string;
  /** False with `http.proxySupport` off: no proxy at all, not even one of the environment; default true. */
  readonly proxySupport?: boolean;
  /** `http.noProxy`. */
  readonly noProxy: readonly string[];
  /** `http.proxyStrictSSL`; false accepts any certificate of the proxy itself, never of a registry. */
  readonly proxyStrictSSL: boolean;
  /** Where no connection comes about, go through the editor's own networking, which knows PAC files and the proxies of the system; default false. */
  readonly editorFallback?: boolean;
  /** For one request, in milliseconds. */
  readonly timeoutMs: number;
  /** How long a tag's digest is believed, in milliseconds. */
  readonly tagLifetimeMs: number;
  /** Most that stored signatures may take on the disk; undefined or 0: none are stored. */
  readonly storageMaxBytes?: number;
  /** How clusters with keys are found. */
  readonly kubernetes?: {
    /** Absolute path; undefined: the environment decides. */
    readonly kubeconfig?: string;
    /** Undefined: the kubeconfig decides. */
    readonly context?: string;
  };
  /** What the flags of a command line say about the registries that the command names; the editor has settings for each host. */
  readonly flags?: RegistryFlags;
}

/** Absolute paths of PEM files. */
export interface CertificatePair {
  readonly certificate: string;
  readonly key: string;
}

export interface RegistryFlags {
  /** Hosts (`host` or `host:port`) that may be spoken to in plain http; their certificates are verified all the same. */
  readonly plainHttp: readonly string[];
  /** Any certificate is accepted, of every host. */
  readonly anyCertificate: boolean;
  /** Absolute path of a PEM file with further certificate authorities, for every host. */
  readonly certificateAuthority?: string;
  /** Shown to these registries and no other. */
  readonly clientCertificate?: CertificatePair & { readonly registries: readonly string[] };
  /** What the certificates of these registries must be for, instead of their hosts. */
  readonly serverName?: { readonly registries: readonly string[]; readonly name: string };
  /** Sent to these registries (as in {@link Reference.registry}) and no other, instead of a login of the machine. */
  readonly login?: { readonly registries: readonly string[]; readonly credentials: Credentials };
}

export interface VerifyQuery {
  readonly reference: Reference;
  /** As written in `--platform`, expanded. */
  readonly platform?: string;
  readonly trust: TrustSettings;
  /** Bypass every cache and what is stored ("Verify Again"). */
  readonly fresh: boolean;
  /** COSIGN_REPOSITORY: where signatures lie, instead of the image's own repository; a policy's own place comes first. */
  readonly signatureRepository?: RepositoryName | string;
  /** Look in the image's own repository all the same: others sign where the image is. */
  readonly besideImage?: boolean;
  /** False: the digest that a legacy signature was made for need not be this image's, as `cosign verify --check-claims=false`; default true. */
  readonly checkClaims?: boolean;
}

export interface TagQuery {
  /** With a tag and a digest. */
  readonly reference: Reference;
  /** Bypass the memory of tags. */
  readonly fresh: boolean;
}

/** Where a tag leads now. */
export interface TagTarget {
  readonly digest: Digest;
  /** It leads to the digest of the reference: to that very manifest, or to an index that lists it. */
  readonly includesPin: boolean;
}

export type { KeyDescription };

export interface Engine {
  /** Keys, and signing images and files. */
  readonly signing: SigningEngine;
  /** Copying images with everything that proves them. */
  readonly copying: CopyEngine;
  /** What registries hold for an image, for looking at. */
  readonly contents: ContentsEngine;
  /** Keys in Kubernetes; the code is loaded at the first call. */
  readonly kubernetes: ClusterKeys;
  /** Pins in the text of Dockerfiles. */
  readonly pinning: Pinning;
  /** Never throws. */
  readDockerfile(text: string, options: DockerfileOptions): DockerfileImages;
  /**
   * The verdict for one image. Failures of any kind are an `unchecked` verdict.
   * @throws only the signal's reason
   */
  verify(query: VerifyQuery, signal: AbortSignal): Promise<Verdict>;
  /**
   * Where the tag of a pinned reference leads now; proves nothing about who signed that. One HEAD where the tag has not moved.
   * @throws {CosignError} `IMAGE_NOT_FOUND` and every `REGISTRY_…` code
   */
  resolveTag(query: TagQuery, signal: AbortSignal): Promise<TagTarget>;
  /**
   * Reads the public keys behind a key reference (several PEM blocks: several keys).
   * @throws {CosignError} the `KEY_…` codes
   */
  describeKey(key: KeySetting, signal: AbortSignal): Promise<readonly KeyDescription[]>;
  /**
   * Understands a policy file, whichever format it has; the code is loaded at the first call.
   * @param uri where it is, for the origin of its demands
   * @param check look also at the files of keys that it names and that may be read, for problems
   * @throws {CosignError} `POLICY_INVALID`, `POLICY_UNSUPPORTED`
   */
  readPolicyFile(uri: string, bytes: Uint8Array, check?: { readonly mayReadKey: (key: KeySetting) => boolean }): Promise<ReadPolicyFile>;
  /** The URI of the policy.json that podman uses on this machine; undefined when there is none. @throws {CosignError} `FILE_UNREADABLE` */
  findContainersPolicy(): Promise<string | undefined>;
  /** The URIs that it is looked for at, there or not. */
  containersPolicyPlaces(): Promise<readonly string[]>;
  /** Looks at a registry, and at an image in it, one step after the other. Failures are part of what is found. @throws only the signal's reason */
  diagnose(target: DiagnosisTarget, onStep: OnStep, signal: AbortSignal): Promise<Diagnosis>;
  /** Takes new settings: transports are rebuilt, caches that depend on them dropped. */
  configure(settings: EngineSettings): void;
  /** Drops everything remembered about tags, signatures and keys. */
  forget(): void;
  /** Deletes all stored signatures, and drops everything remembered. @throws {CosignError} `FILE_UNREADABLE` when not all of it could be deleted */
  clearStorage(): Promise<ClearedStorage>;
  /** Closes sockets and timers. */
  dispose(): Promise<void>;
}
