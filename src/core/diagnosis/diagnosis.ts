// What is found out about a registry, step by step: plain data for a report.
import type { Digest } from '../crypto/digest.ts';
import type { CosignError } from '../errors.ts';
import type { Challenge } from '../oci/challenge.ts';
import type { Reference } from '../oci/reference.ts';

export type StepName = 'places' | 'proxy' | 'name' | 'connect' | 'tls' | 'ping' | 'login' | 'image' | 'signature tag' | 'referrers' | 'mirror';

export interface DiagnosisTarget {
  /** Canonical, as in {@link Reference.registry}. */
  readonly registry: string;
  /** Undefined: only the registry itself is looked at. */
  readonly reference?: Reference;
}

/** Where a login came from; never the login. */
export type LoginSource = { readonly kind: 'file'; readonly path: string } | { readonly kind: 'helper'; readonly name: string; readonly path: string };

export type ProxyFact =
  | { readonly kind: 'proxy'; readonly shown: string; readonly setting: string; readonly hasLogin: boolean }
  | { readonly kind: 'direct'; readonly why: 'loopback' | 'turned off' | 'none' }
  | { readonly kind: 'direct'; readonly why: 'exception'; readonly entry: string; readonly from: string };

/** All of it is what the server says of itself, unless {@link verified}. */
export interface TlsFact {
  readonly protocol: string;
  readonly subject: string;
  readonly names: string;
  readonly issuer: string;
  /** Milliseconds since the epoch. */
  readonly validFrom: number;
  readonly validTo: number;
  /** False: anything was accepted, because the host is listed as insecure. */
  readonly verified: boolean;
  /** The file with the authority it goes back to; undefined: an authority of this machine. */
  readonly authorityFile?: string;
}

/** What the files of docker and podman say. */
export interface PlacesFact {
  /** `host/repository`, or the host alone, where it really is; undefined: where its name says. */
  readonly movedTo?: string;
  /** Plain http and any certificate are accepted. */
  readonly insecure: boolean;
  readonly mirrors: readonly { readonly name: string; readonly pulls: MirrorPulls }[];
  /** Of files that count for nothing because they cannot be understood. */
  readonly problems: readonly CosignError[];
}

export type MirrorPulls = 'all' | 'digest-only' | 'tag-only';

/** What a mirror has of the image; nothing that it lacks ends anything. */
export type MirrorOutcome =
  | { readonly kind: 'found'; readonly digest: Digest }
  | { readonly kind: 'missing' | 'not asked' }
  | { readonly kind: 'failed'; readonly error: CosignError };

/** A step that was done, whatever it found. */
export type StepFact =
  | { readonly kind: 'places'; readonly places: PlacesFact }
  | { readonly kind: 'proxy'; readonly proxy: ProxyFact }
  /** Empty: this machine does not know the name, and need not, because the proxy does. */
  | { readonly kind: 'name'; readonly addresses: readonly string[] }
  | { readonly kind: 'connect'; readonly address: string; readonly throughProxy: boolean }
  | { readonly kind: 'tls'; readonly tls: TlsFact }
  | { readonly kind: 'plain http'; readonly why: 'loopback' | 'listed' }
  | { readonly kind: 'ping'; readonly status: number; readonly challenges: readonly Challenge[]; readonly throughEditor: boolean }
  | { readonly kind: 'login'; readonly needed: boolean; readonly account?: string; readonly source?: LoginSource; readonly accepted: boolean }
  | { readonly kind: 'image'; readonly digest: Digest; readonly mediaType: string; readonly sizeBytes: number }
  | { readonly kind: 'signature tag'; readonly tag: string; readonly found: boolean }
  /** `count` where the image is there and the API too; `tagFound` where the list would be under a tag. */
  | { readonly kind: 'referrers'; readonly support: 'yes' | 'no' | 'unknown'; readonly count?: number; readonly tag?: string; readonly tagFound?: boolean }
  | { readonly kind: 'mirror'; readonly name: string; readonly outcome: MirrorOutcome };

export type DiagnosisStep =
  | { readonly state: 'done'; readonly tookMs: number; readonly fact: StepFact }
  /** `tls`: the certificate that was refused. */
  | { readonly state: 'failed'; readonly tookMs: number; readonly name: StepName; readonly error: CosignError; readonly tls?: TlsFact }
  | { readonly state: 'skipped'; readonly name: StepName };

export interface Diagnosis {
  readonly target: DiagnosisTarget;
  /** `host` or `host:port` that is really asked. */
  readonly host: string;
  readonly steps: readonly DiagnosisStep[];
  /** What happened before, when https was tried and plain http is allowed, or the other way round. */
  readonly triedBefore?: { readonly scheme: string; readonly error: CosignError };
  /** Why no login was looked for; undefined: it was. */
  readonly noLogins?: 'restricted' | 'turned off';
}

/** Called at the beginning of each step. */
export type OnStep = (name: StepName) => void;
