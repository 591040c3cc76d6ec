// The holes that the machine fills: sending one HTTP request, and finding credentials.
import type { CosignError } from '../errors.ts';
import type { Said } from '../said.ts';

/** One HTTP request. The transport adds no `Authorization` of its own and follows no redirect. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes, or a stream of them that can be made again for a retry. */
  readonly body?: Uint8Array | (() => AsyncIterable<Uint8Array>);
  /** How long the answer may take once the whole body was sent, in milliseconds, where that is longer than a request may take otherwise: registries store large blobs first. */
  readonly answerWithinMs?: number;
  /** True: the host may show any certificate. */
  readonly anyCertificate?: boolean;
  /** Set when an answer, not a person, named the URL: then the address it resolves to must be one its author may send us to. */
  readonly referral?: Referral;
}

/** Who sent us to a URL. A name says nothing about where it leads: only the address of the connection does. */
export interface Referral {
  /** `host` or `host:port` of what answered. */
  readonly from: string;
  /** The error for an address that is refused. @param why the rest of a sentence */
  readonly refuse: (why: Said) => CosignError;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; repeated headers as an array. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Must be read to the end or given up with {@link discard}: it holds a connection. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Lets go of the connection without reading on. */
  discard(): void;
}

/** Sends exactly one request: time-outs, proxies, certificates, per-host connection cap and keep-alive are its business, retries and redirects are not. */
export interface Transport {
  /**
   * @throws {CosignError} `REGISTRY_UNREACHABLE`, `REGISTRY_TIMEOUT`, `REGISTRY_TLS`, `PROXY_INVALID`, `CERTIFICATE_UNREADABLE`, `CLIENT_CERTIFICATE_REQUIRED`,
   * and what the request's referral makes of an address it must not lead to
   * @throws the signal's reason when aborted; the socket is closed then
   */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
}

export type Credentials =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** An OAuth2 refresh token (`identitytoken` of docker's config.json). */
  | { readonly kind: 'identity'; readonly token: string }
  /** A bearer token used as it is (`registrytoken` of docker's config.json). */
  | { readonly kind: 'bearer'; readonly token: string };

/** Where a machine keeps registry logins. */
export interface Keychain {
  /**
   * The login for a registry, or undefined for anonymous access.
   * @param registry canonical registry host as in {@link Reference.registry}, e.g. `index.docker.io`, `localhost:5000`
   * @param repository repository path within it: podman's auth.json may hold a login per namespace
   * @throws {CosignError} `CREDENTIALS_UNREADABLE`, `CREDENTIAL_HELPER_FAILED`
   */
  find(registry: string, repository: string, signal: AbortSignal): Promise<Credentials | undefined>;
}

/** Which hosts may be spoken to in plain http besides loopback. */
export interface RegistryRules {
  /** True for loopback hosts and for hosts a person listed as insecure (`host` or `host:port`). */
  allowsPlainHttp(host: string): boolean;
}

/** Time as the core sees it: real in the product, stepped by hand in tests. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
