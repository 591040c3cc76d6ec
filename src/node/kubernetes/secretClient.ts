// The secrets of one cluster over its API.
import { JsonShape } from '../../core/encoding/jsonShape.ts';
import { maxSecretBytes, parseSecret } from '../../core/kubernetes/secretObject.ts';
import type { SecretPlace } from '../../core/kubernetes/secretReference.ts';
import type { SecretStore } from '../../core/kubernetes/secretStore.ts';
import { said } from '../../core/said.ts';
import { refusal, type ApiCall } from './apiFailure.ts';
import { askServer, type ApiAnswer, type ApiRequest } from './apiServer.ts';
import type { ClusterLogin } from './kubeConfig.ts';

const maxListBytes = 16 * 1024 * 1024;
const listedAtMost = 500;
/** Only names and the like: the content of secrets that nobody chose is never asked for (Kubernetes API concepts, "Metadata-only fetches"). */
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=1';

/** @param open the login to use, asked for anew at each request, so that renewed ones count */
export function createSecretClient(context: string, open: () => ClusterLogin, timeoutMs: number): SecretStore {
  const ask = (verb: ApiCall['verb'], resource: ApiCall['resource'], place: Partial<SecretPlace>, request: Omit<ApiRequest, 'call'>, signal: AbortSignal): Promise<ApiAnswer> =>
    askServer(open(), timeoutMs, { ...request, call: { context, verb, resource, place } }, signal);

  const names = async (resource: 'namespaces' | 'secrets', place: Partial<SecretPlace>, path: string, signal: AbortSignal): Promise<readonly string[]> => {
    const { status, body } = await ask('list', resource, place, { method: 'GET', path: `${path}?limit=${listedAtMost}`, accept: metadataOnly, maxBytes: maxListBytes }, signal);
    if (status === 404) return [];
    const shape = new JsonShape('KUBERNETES_REFUSED', said`the list of ${resource}`);
    const root = shape.parse(body, maxListBytes);
    return shape.array(shape.member(root, 'items'), '"items"').map((item) => {
      const metadata = shape.object(shape.member(shape.object(item, said`an item`), 'metadata'), '"metadata"');
      return shape.string(shape.member(metadata, 'name'), '"name"');
    }).sort();
  };

  return {
    context,
    serverVersion: async (signal) => {
      const { status, body } = await ask('get', 'version', {}, { method: 'GET', path: '/version', maxBytes: 64 * 1024 }, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        // Some servers tell nobody; everything else must be said.
        if (error instanceof Error && 'code' in error && error.code === 'KUBERNETES_FORBIDDEN') return { status: 404, body: new Uint8Array() };
        throw error;
      });
      if (status === 404) return undefined;
      const shape = new JsonShape('KUBERNETES_REFUSED', said`the version of the API server`);
      const root = shape.parse(body, 64 * 1024);
      // `21+` where a vendor has changed it.
      const number = (name: string): number => Number.parseInt(shape.string(shape.member(root, name), `"${name}"`), 10);
      const [major, minor] = [number('major'), number('minor')];
      return Number.isNaN(major) || Number.isNaN(minor) ? undefined : { major, minor };
    },
    namespaces: (signal) => names('namespaces', {}, '/api/v1/namespaces', signal),
    secrets: (namespace, signal) => names('secrets', { namespace }, pathOf(namespace), signal),
    get: async (place, signal) => {
      const { status, body } = await ask('get', 'secrets', place, { method: 'GET', path: pathOf(place.namespace, place.name), maxBytes: maxSecretBytes }, signal);
      return status === 404 ? undefined : parseSecret(body, place);
    },
    create: async (place, object, { dryRun }, signal) => {
      await ask('create', 'secrets', place, { method: 'POST', path: `${pathOf(place.namespace)}${dryRun ? '?dryRun=All' : ''}`, body: object, maxBytes: maxSecretBytes }, signal);
    },
    update: async (place, object, signal) => {
      const { status } = await ask('update', 'secrets', place, { method: 'PUT', path: pathOf(place.namespace, place.name), body: object, maxBytes: maxSecretBytes }, signal);
      if (status === 404) throw refusal({ context, verb: 'update', resource: 'secrets', place }, 409, '');
    },
    remove: async ({ place, uid, resourceVersion }, signal) => {
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } };
      await ask('delete', 'secrets', place, { method: 'DELETE', path: pathOf(place.namespace, place.name), body, maxBytes: maxSecretBytes }, signal);
    },
  };
}

function pathOf(namespace: string, name?: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}
