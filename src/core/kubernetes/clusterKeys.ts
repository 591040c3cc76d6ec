// What key sources, signing and the face ask of Kubernetes: keys in secrets, and making them. Loaded only when a secret is really used.
import type { KeyDescription } from '../crypto/keyDescription.ts';
import type { Said } from '../said.ts';
import type { SecretPlace } from './secretReference.ts';

export interface ClusterContext {
  readonly name: string;
  readonly cluster: string;
  readonly user: string;
  /** The namespace it starts in. */
  readonly namespace: string | undefined;
}

export interface ClusterContexts {
  readonly contexts: readonly ClusterContext[];
  /** The one that counts when none is named: the setting's, else the kubeconfig's. */
  readonly current: string | undefined;
}

/** A private key as it is stored. The password is never written anywhere. */
export interface PrivateSecret {
  /** `cosign.key`, encrypted. */
  readonly file: Uint8Array;
  /** `cosign.password`, raw; empty when there is none. */
  readonly password: Uint8Array;
}

export interface KeyPairRequest {
  /** Undefined: the current one. */
  readonly context?: string;
  readonly place: SecretPlace;
  /** A second secret with nothing but the public key, for those who verify. */
  readonly publicOnly?: SecretPlace;
}

export type SecretAction = 'create' | 'update' | 'replace';

/** What writing would do to one secret. */
export interface PlannedSecret {
  readonly place: SecretPlace;
  readonly action: SecretAction;
  /** Names of the data keys it holds now; empty for a new one. */
  readonly holds: readonly string[];
  /** A private key is in it now, and will not be afterwards. */
  readonly losesPrivateKey: boolean;
}

/** A key pair that exists in memory only, until it is written. */
export interface KeyPairPlan {
  readonly context: string;
  readonly secrets: readonly PlannedSecret[];
  readonly publicKey: KeyDescription;
  /** YAML of all secrets as they will be, private parts and foreign data masked. */
  readonly manifest: Said;
  /**
   * Writes the secrets one after another. Once a secret is being replaced, cancelling waits until it is there or the old one is back.
   * @throws {CosignError} the `KUBERNETES_…` codes; the message says what was written before
   */
  write(signal: AbortSignal): Promise<WrittenKeyPair>;
}

export interface WrittenKeyPair {
  /** Copies of replaced secrets that could not be removed; they still hold the old private key. */
  readonly leftovers: readonly SecretPlace[];
}

/** Every method throws {CosignError} the `KUBERNETES_…` codes and `KEY_REFUSED_UNTRUSTED_WORKSPACE` (a login program in Restricted Mode). */
export interface ClusterKeys {
  /** `cosign.pub` of the secret, or the only thing it holds, in the current context; not yet parsed. */
  readPublic(place: SecretPlace, signal: AbortSignal): Promise<Uint8Array>;
  /** The only thing the secret holds, as policy-controller has it; `KUBERNETES_SECRET_INVALID` where it holds more. */
  readOnlyEntry(place: SecretPlace, signal: AbortSignal): Promise<Uint8Array>;
  /** `cosign.key` and `cosign.password` of the secret, in the current context. */
  readPrivate(place: SecretPlace, signal: AbortSignal): Promise<PrivateSecret>;
  contexts(signal: AbortSignal): Promise<ClusterContexts>;
  /** Undefined when the user may not list them. */
  namespaces(context: string | undefined, signal: AbortSignal): Promise<readonly string[] | undefined>;
  /** Undefined when the user may not list them. */
  secrets(context: string | undefined, namespace: string, signal: AbortSignal): Promise<readonly string[] | undefined>;
  planKeyPair(request: KeyPairRequest, signal: AbortSignal): Promise<KeyPairPlan>;
}
