// The hole that the machine fills to reach the secrets of one cluster.
import type { SecretObject, StoredSecret } from './secretObject.ts';
import type { SecretPlace } from './secretReference.ts';

export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
}

/**
 * One context of the kubeconfig: a cluster and a user.
 * Every method throws {CosignError} `KUBERNETES_UNREACHABLE`, `…_UNAUTHORIZED`, `…_FORBIDDEN`, `…_REFUSED`, naming context, namespace, secret and verb.
 */
export interface SecretStore {
  /** The name of the context. */
  readonly context: string;
  /** Undefined when the server does not tell. */
  serverVersion(signal: AbortSignal): Promise<ServerVersion | undefined>;
  /** Names, sorted. @throws {CosignError} `KUBERNETES_FORBIDDEN` when the user may not list them */
  namespaces(signal: AbortSignal): Promise<readonly string[]>;
  /** Names, sorted; no secret's content is asked for. @throws {CosignError} as {@link namespaces} */
  secrets(namespace: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Undefined when it does not exist. @throws {CosignError} `KUBERNETES_SECRET_INVALID`, … */
  get(place: SecretPlace, signal: AbortSignal): Promise<StoredSecret | undefined>;
  /** @param options.dryRun the server only says whether it would. @throws {CosignError} `KUBERNETES_CONFLICT` when there is one already */
  create(place: SecretPlace, object: SecretObject, options: { readonly dryRun: boolean }, signal: AbortSignal): Promise<void>;
  /** Only over the version that the object names. @throws {CosignError} `KUBERNETES_CONFLICT` when there is another by now */
  update(place: SecretPlace, object: SecretObject, signal: AbortSignal): Promise<void>;
  /** Only this one, in this version. Deleting what is gone succeeds. @throws {CosignError} `KUBERNETES_CONFLICT` */
  remove(secret: Pick<StoredSecret, 'place' | 'uid' | 'resourceVersion'>, signal: AbortSignal): Promise<void>;
}
