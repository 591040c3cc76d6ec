// What becomes of a secret that is to hold a key pair: what is kept, what is replaced, and how that is shown before it is done.
import { encodeBase64 } from '../encoding/base64.ts';
import { CosignError } from '../errors.ts';
import { said, type Said, type SaidArgument, sequence } from '../said.ts';
import type { PlannedSecret, SecretAction } from './clusterKeys.ts';
import { dataKeys, type SecretObject, type StoredSecret } from './secretObject.ts';
import type { SecretPlace } from './secretReference.ts';
import type { ServerVersion } from './secretStore.ts';

export interface SecretChange {
  readonly place: SecretPlace;
  readonly action: SecretAction;
  readonly before: StoredSecret | undefined;
  /** As it is sent; for an update with the version it changes. */
  readonly after: SecretObject;
}

/** kubectl keeps what was applied in here, private keys included. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Immutable secrets are stable since 1.21; a server that does not tell is taken for a newer one, an older one ignores the field. */
export function knowsImmutable(version: ServerVersion | undefined): boolean {
  return version === undefined || version.major > 1 || (version.major === 1 && version.minor >= 21);
}

/**
 * Other data keys, labels and annotations stay. Only a secret with nothing but our keys becomes immutable: what others put there may have to change.
 * @param data what cosign's data keys are to hold
 * @throws {CosignError} `KUBERNETES_CONFLICT` when the secret is being deleted, or cannot be replaced in one go
 */
export function planChange(place: SecretPlace, before: StoredSecret | undefined, data: Readonly<Record<string, Uint8Array>>, immutable: boolean): SecretChange {
  const ours = Object.fromEntries(Object.entries(data).map(([name, bytes]) => [name, encodeBase64(bytes)]));
  const immutably = immutable ? { immutable: true } : {};
  if (!before) {
    return { place, action: 'create', before, after: { apiVersion: 'v1', kind: 'Secret', metadata: { ...place }, ...immutably, data: ours } };
  }
  if (before.deleting) throw stuck(place, said`is being deleted`);
  const cosignKeys: readonly string[] = Object.values(dataKeys);
  const foreign = Object.entries(before.data).filter(([name]) => !cosignKeys.includes(name));
  const content = { ...(foreign.length === 0 ? immutably : {}), data: { ...Object.fromEntries(foreign), ...ours } };
  if (!before.immutable) {
    return { place, action: 'update', before, after: { ...before.object, metadata: { ...metadataOf(before), resourceVersion: before.resourceVersion }, ...content } };
  }
  if (before.finalizers.length > 0) throw stuck(place, said`is immutable and has finalizers (${before.finalizers.join(', ').slice(0, 200)}), so that it cannot be replaced in one go`);
  const annotations = Object.fromEntries(Object.entries(before.annotations).filter(([name]) => name !== lastApplied));
  const owners = metadataOf(before)['ownerReferences'];
  return {
    place, action: 'replace', before,
    after: {
      apiVersion: 'v1', kind: 'Secret', type: before.type,
      metadata: { ...place, labels: before.labels, annotations, ...(owners === undefined ? {} : { ownerReferences: owners }) },
      ...content,
    },
  };
}

export function describeChange({ place, action, before }: SecretChange): PlannedSecret {
  return { place, action, holds: Object.keys(before?.data ?? {}).sort(), losesPrivateKey: before !== undefined && Object.hasOwn(before.data, dataKeys.privateKey) };
}

/** The secret as YAML, for reading: only `cosign.pub` is shown as it is. JSON texts are YAML texts. */
export function maskedManifest({ after, action }: SecretChange): Said {
  const { metadata, data } = after;
  const shown = ([name, value]: readonly [string, string]): SaidArgument => {
    if (name === dataKeys.publicKey) return `  ${name}: ${value}`;
    return sequence([`  ${plain(name)}: "********" # `, name === dataKeys.privateKey ? said`the encrypted private key` : name === dataKeys.password ? said`its password` : said`kept as it is`], '');
  };
  const texts = (name: string): string[] => {
    const entries = Object.entries(metadata[name] ?? {}).filter(([key]) => key !== lastApplied);
    return entries.length === 0 ? [] : [`  ${name}:`, ...entries.map(([key, value]) => `    ${plain(key)}: ${JSON.stringify(value)}`)];
  };
  return sequence([
    sequence(['# ', { create: said`new`, update: said`updated`, replace: said`replaced: deleted and made anew, because it is immutable` }[action]], ''),
    'apiVersion: v1', 'kind: Secret', 'metadata:',
    `  namespace: ${String(metadata['namespace'])}`, `  name: ${String(metadata['name'])}`, ...texts('labels'), ...texts('annotations'),
    `type: ${plain(typeof after['type'] === 'string' ? after['type'] : 'Opaque')}`,
    ...(after['immutable'] === true ? ['immutable: true'] : []),
    'data:', ...Object.entries(data).map(shown), '',
  ], '\n');
}

/** Without the server's notes on who set which field: they are made anew. */
function metadataOf({ object }: StoredSecret): Readonly<Record<string, unknown>> {
  const metadata = object['metadata'];
  return typeof metadata === 'object' && metadata !== null ? Object.fromEntries(Object.entries(metadata).filter(([name]) => name !== 'managedFields')) : {};
}

const plain = (text: string): string => (/^[\w./-]+$/.test(text) ? text : JSON.stringify(text));

function stuck({ namespace, name }: SecretPlace, why: Said): CosignError {
  return new CosignError('KUBERNETES_CONFLICT', said`The secret "${name}" in namespace "${namespace}" ${why}.`, { remedy: said`Choose another name, or try again once that has changed.` });
}
