// What a person is told when the API server cannot be asked, or says no: context, namespace, secret, verb, and the line that shows the same in a shell.
import type { SecretPlace } from '../../core/kubernetes/secretReference.ts';
import { CosignError, type ErrorCode } from '../../core/errors.ts';

export interface ApiCall {
  readonly context: string;
  /** As roles name it. */
  readonly verb: 'get' | 'list' | 'create' | 'update' | 'delete';
  readonly resource: 'secrets' | 'namespaces' | 'version';
  readonly place?: Partial<SecretPlace>;
}

/** `The secret "cosign" in namespace "prod" (context "main")`. */
export function shownTarget({ context, resource, place }: ApiCall): string {
  const what = place?.name === undefined ? `The ${resource === 'version' ? 'version of the API server' : resource === 'namespaces' ? 'list of namespaces' : 'list of secrets'}` : `The secret "${place.name}"`;
  return `${what}${place?.namespace === undefined ? '' : ` in namespace "${place.namespace}"`} (context "${context}")`;
}

/** `kubectl auth can-i get secrets/cosign --namespace prod --context main`. Names cannot hold anything that a shell would act on but the context's, which is quoted. */
export function canIQuestion({ context, verb, resource, place }: ApiCall): string {
  const words = ['kubectl', 'auth', 'can-i', verb, place?.name !== undefined && verb !== 'create' ? `${resource}/${place.name}` : resource];
  if (place?.namespace !== undefined) words.push('--namespace', place.namespace);
  return [...words, '--context', /^[\w@%+=:,./-]+$/.test(context) ? context : `'${context.replaceAll('\'', '\'\\\'\'')}'`].join(' ');
}

/** @param reason the message of the server's Status, chosen by the server */
export function refusal(call: ApiCall, status: number, reason: string): CosignError {
  const target = shownTarget(call);
  const said = reason === '' ? `the API server answered ${status}` : `the API server says: ${reason.slice(0, 240)}`;
  const fail = (code: ErrorCode, message: string, remedy: string): CosignError => new CosignError(code, message, { remedy });
  const cannot = { get: 'cannot be read', list: 'cannot be read', create: 'cannot be created', update: 'cannot be updated', delete: 'cannot be deleted' }[call.verb];
  switch (status) {
    case 401:
      return fail('KUBERNETES_UNAUTHORIZED', `${target} ${cannot}: the cluster does not accept the login, which may have expired.`, 'Log in to the cluster again.');
    case 403: {
      const user = /\bUser "([^"]{1,200})"/i.exec(reason)?.[1];
      // Admission controllers and quotas answer 403 too, with reasons of their own.
      const why = user === undefined && reason !== '' && !reason.includes('cannot ') ? said : `${call.verb} ${call.resource} is forbidden for user "${user ?? 'unknown'}"`;
      return fail('KUBERNETES_FORBIDDEN', `${target} ${cannot}: ${why}.`, `This asks the cluster for the permission: ${canIQuestion(call)}`);
    }
    case 404:
      return fail('KUBERNETES_SECRET_NOT_FOUND', `${target} ${/namespaces? "/.test(reason) ? `${cannot}: there is no such namespace` : 'does not exist'}.`, 'Look for a mistake in namespace and name, and at the context.');
    case 409:
      return fail('KUBERNETES_CONFLICT', `${target} ${cannot}: somebody else ${call.verb === 'create' ? 'created it' : 'changed it'} meanwhile.`, 'Look at it, then do it again.');
    default:
      return fail('KUBERNETES_REFUSED', `${target} ${cannot}: ${said}.`, 'Ask whoever runs the cluster.');
  }
}

/** No answer at all. */
export function unreachable(call: ApiCall, server: string, error: unknown): CosignError {
  const why = error instanceof Error ? ('code' in error && typeof error.code === 'string' ? `${error.code}: ${error.message}` : error.message) : String(error);
  return new CosignError('KUBERNETES_UNREACHABLE', `${shownTarget(call)} cannot be reached: the API server ${server} did not answer (${why.slice(0, 200)}).`, {
    cause: error, remedy: `Look at the network and at the context of your kubeconfig: kubectl version --context ${/^[\w@%+=:,./-]+$/.test(call.context) ? call.context : JSON.stringify(call.context)}`,
  });
}

/** Certificates, tokens or a login program that could not be had. */
export function noLogin(call: ApiCall, error: unknown): CosignError {
  const why = error instanceof Error ? error.message.trim().split('\n').at(-1) ?? '' : '';
  return new CosignError('KUBERNETES_UNAUTHORIZED', `${shownTarget(call)} cannot be asked for: the login could not be had${why === '' ? '' : ` (${why.slice(0, 200)})`}.`, { remedy: 'Log in to the cluster again.' });
}
