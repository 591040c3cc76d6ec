// A Secret as the API server sends it (Kubernetes API v1 Secret): what is looked at is checked, the rest is carried along untouched.
import { decodeBase64 } from '../encoding/base64.ts';
import { JsonShape, stringMembers, type JsonObject } from '../encoding/jsonShape.ts';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import type { SecretPlace } from './secretReference.ts';

/** Data keys as cosign names them (`pkg/cosign/kubernetes/secret.go`). */
export const dataKeys = { privateKey: 'cosign.key', publicKey: 'cosign.pub', password: 'cosign.password' } as const;

export interface StoredSecret {
  readonly place: SecretPlace;
  readonly uid: string;
  readonly resourceVersion: string;
  /** `Opaque` unless somebody chose another. */
  readonly type: string;
  readonly immutable: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Something else must happen before a deletion of it ends. */
  readonly finalizers: readonly string[];
  /** Being deleted already. */
  readonly deleting: boolean;
  /** Base64, as stored. */
  readonly data: Readonly<Record<string, string>>;
  /** Everything, also what is not known here: goes back unchanged when the secret is updated. */
  readonly object: JsonObject;
}

/** What is sent: JSON of a Secret. */
export interface SecretObject extends JsonObject {
  readonly metadata: JsonObject;
  readonly data: Readonly<Record<string, string>>;
}

/** A secret holds at most 1 MiB; base64 and metadata come on top. */
export const maxSecretBytes = 3 * 1024 * 1024;

/** @throws {CosignError} `KUBERNETES_SECRET_INVALID`, `SIZE_LIMIT` */
export function parseSecret(bytes: Uint8Array, place: SecretPlace): StoredSecret {
  const shape = new JsonShape('KUBERNETES_SECRET_INVALID', said`the secret "${place.namespace}/${place.name}"`);
  const object = shape.parse(bytes, maxSecretBytes);
  if (shape.member(object, 'kind') !== 'Secret') throw shape.fail(said`"kind" is not "Secret"`);
  const metadata = shape.object(shape.member(object, 'metadata'), '"metadata"');
  if (shape.member(metadata, 'namespace') !== place.namespace || shape.member(metadata, 'name') !== place.name) throw shape.fail(said`namespace and name are not those asked for`);
  const texts = (from: JsonObject, name: string): Readonly<Record<string, string>> => {
    const { strings, others } = stringMembers(shape.optionalObject(shape.member(from, name), `"${name}"`));
    if (others.length > 0) throw shape.fail(said`"${name}" has an entry that is not a text`);
    return strings;
  };
  return {
    place, object,
    uid: shape.string(shape.member(metadata, 'uid'), '"uid"'),
    resourceVersion: shape.string(shape.member(metadata, 'resourceVersion'), '"resourceVersion"'),
    type: shape.optionalString(shape.member(object, 'type'), '"type"') ?? 'Opaque',
    immutable: shape.member(object, 'immutable') === true,
    labels: texts(metadata, 'labels'),
    annotations: texts(metadata, 'annotations'),
    finalizers: shape.optionalArray(shape.member(metadata, 'finalizers'), '"finalizers"').map(String),
    deleting: shape.optionalString(shape.member(metadata, 'deletionTimestamp'), '"deletionTimestamp"') !== undefined,
    data: texts(object, 'data'),
  };
}

/**
 * The public key: under `cosign.pub`, or all that the secret holds, as policy-controller has it (`inlineAndTrackSecret`). A private key or
 * password is not taken for one.
 * @throws {CosignError} as {@link dataOf}
 */
export function publicKeyOf(secret: StoredSecret, context: string): Uint8Array {
  const [only, ...others] = Object.keys(secret.data);
  const isOther = only !== undefined && others.length === 0 && only !== dataKeys.privateKey && only !== dataKeys.password;
  return dataOf(secret, isOther ? only : dataKeys.publicKey, context);
}

/**
 * What `secretRef` of a ClusterImagePolicy stands for: the one entry that the secret holds. policy-controller drops the whole policy
 * where there are more (`inlineAndTrackSecret`).
 * @throws {CosignError} `KUBERNETES_SECRET_INVALID` for several, and as {@link dataOf}
 */
export function onlyKeyOf(secret: StoredSecret, context: string): Uint8Array {
  const names = Object.keys(secret.data).sort();
  if (names.length <= 1) return publicKeyOf(secret, context);
  throw new CosignError('KUBERNETES_SECRET_INVALID', said`The secret "${secret.place.name}" in namespace "${secret.place.namespace}" (context "${context}") holds several entries (${names.slice(0, 10).join(', ')}), for which policy-controller drops the policy.`, {
    remedy: said`Name a secret that holds the public key and nothing else.`,
  });
}

/**
 * The bytes under one data key.
 * @throws {CosignError} `KUBERNETES_SECRET_INVALID` when it is not there, empty, or not base64
 */
export function dataOf({ place, data }: StoredSecret, key: string, context: string): Uint8Array {
  const text = Object.hasOwn(data, key) ? data[key] : undefined;
  const bytes = text === undefined ? undefined : decodeBase64(text);
  if (bytes !== undefined && (bytes.length > 0 || key === dataKeys.password)) return bytes;
  const why = text === undefined ? said`has no "${key}"` : text === '' ? said`has an empty "${key}"` : said`has a "${key}" that is not base64`;
  throw new CosignError('KUBERNETES_SECRET_INVALID', said`The secret "${place.name}" in namespace "${place.namespace}" (context "${context}") ${why}.`, {
    remedy: said`A secret that cosign can use has it; it holds: ${Object.keys(data).sort().slice(0, 10).join(', ') || said`nothing`}.`,
  });
}
