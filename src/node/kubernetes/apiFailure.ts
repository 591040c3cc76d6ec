// What a person is told when the API server cannot be asked, or says no: context, namespace, secret, verb, and the line that shows the same in a shell.
import type { SecretPlace } from '../../core/kubernetes/secretReference.ts';
import { CosignError, type ErrorCode } from '../../core/errors.ts';
import { said, type Said, type SaidArgument } from '../../core/said.ts';

export interface ApiCall {
  readonly context: string;
  /** As roles name it. */
  readonly verb: 'get' | 'list' | 'create' | 'update' | 'delete';
  readonly resource: 'secrets' | 'namespaces' | 'version';
  readonly place?: Partial<SecretPlace>;
}

/** `The secret "cosign" in namespace "prod" (context "main")`. */
export function shownTarget({ context, resource, place }: ApiCall): Said {
  if (place?.name === undefined) {
    const what = resource === 'version' ? said`The version of the API server` : resource === 'namespaces' ? said`The list of namespaces` : said`The list of secrets`;
    return place?.namespace === undefined ? said`${what} (context "${context}")` : said`${what} in namespace "${place.namespace}" (context "${context}")`;
  }
  return place.namespace === undefined ? said`The secret "${place.name}" (context "${context}")` : said`The secret "${place.name}" in namespace "${place.namespace}" (context "${context}")`;
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
  const answer = reason === '' ? said`the API server answered ${status}` : said`the API server says: ${reason.slice(0, 240)}`;
  const fail = (code: ErrorCode, message: Said, remedy: Said): CosignError => new CosignError(code, message, { remedy });
  const failed = failures[call.verb](target);
  switch (status) {
    case 401:
      return fail('KUBERNETES_UNAUTHORIZED', said`${failed}: the cluster does not accept the login, which may have expired.`, said`Log in to the cluster again.`);
    case 403: {
      const user = /\bUser "([^"]{1,200})"/i.exec(reason)?.[1];
      // Admission controllers and quotas answer 403 too, with reasons of their own.
      const why = user === undefined && reason !== '' && !reason.includes('cannot ') ? answer : said`${call.verb} ${call.resource} is forbidden for user "${user ?? said`unknown`}"`;
      return fail('KUBERNETES_FORBIDDEN', said`${failed}: ${why}.`, said`This asks the cluster for the permission: ${canIQuestion(call)}`);
    }
    case 404:
      return fail('KUBERNETES_SECRET_NOT_FOUND', /namespaces? "/.test(reason) ? said`${failed}: there is no such namespace.` : said`${target} does not exist.`, said`Look for a mistake in namespace and name, and at the context.`);
    case 409:
      return fail('KUBERNETES_CONFLICT', call.verb === 'create' ? said`${failed}: somebody else created it meanwhile.` : said`${failed}: somebody else changed it meanwhile.`, said`Look at it, then do it again.`);
    default:
      return fail('KUBERNETES_REFUSED', said`${failed}: ${answer}.`, said`Ask whoever runs the cluster.`);
  }
}

const unreadable = (target: Said): Said => said`${target} cannot be read`;

const failures: Readonly<Record<ApiCall['verb'], (target: Said) => Said>> = {
  get: unreadable, list: unreadable,
  create: (target) => said`${target} cannot be created`, update: (target) => said`${target} cannot be updated`, delete: (target) => said`${target} cannot be deleted`,
};

/** No answer at all. @param why what is known about it besides the error */
export function unreachable(call: ApiCall, server: string, error: unknown, why: SaidArgument = systemText(error)): CosignError {
  return new CosignError('KUBERNETES_UNREACHABLE', said`${shownTarget(call)} cannot be reached: the API server ${server} did not answer (${why}).`, {
    cause: error, remedy: said`Look at the network and at the context of your kubeconfig: kubectl version --context ${/^[\w@%+=:,./-]+$/.test(call.context) ? call.context : JSON.stringify(call.context)}`,
  });
}

/** In the words of the system, which are in no language of ours. */
function systemText(error: unknown): string {
  const text = error instanceof Error ? ('code' in error && typeof error.code === 'string' ? `${error.code}: ${error.message}` : error.message) : String(error);
  return text.slice(0, 200);
}

/** Certificates, tokens or a login program that could not be had. */
export function noLogin(call: ApiCall, error: unknown): CosignError {
  const why = error instanceof Error ? error.message.trim().split('\n').at(-1) ?? '' : '';
  return new CosignError('KUBERNETES_UNAUTHORIZED', why === '' ? said`${shownTarget(call)} cannot be asked for: the login could not be had.` : said`${shownTarget(call)} cannot be asked for: the login could not be had (${why.slice(0, 200)}).`, { remedy: said`Log in to the cluster again.` });
}
