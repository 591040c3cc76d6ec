// A failure → the sentence, the remedy, the page and the actions a person is offered.
import type { CosignError, ErrorCode } from '../core/errors.ts';
import { documentationPath, documentationUrl } from './documentation.ts';
import { inWords, type Translate } from './translate.ts';
import { plainText } from './untrustedText.ts';

/** Longest message shown: registries choose part of some of them. */
const messageLimit = 500;

/** What a person can be offered; the face knows how each is done. */
export type FailureAction =
  | { readonly kind: 'retry'; readonly title: string }
  | { readonly kind: 'open setting'; readonly setting: string; readonly title: string }
  | { readonly kind: 'diagnose registry'; readonly title: string }
  | { readonly kind: 'open log'; readonly title: string }
  | { readonly kind: 'manage workspace trust'; readonly title: string };

export interface FailureText {
  /** One sentence: what failed, on what. */
  readonly message: string;
  /** One sentence: what can be done. */
  readonly remedy: string;
  /** Message and remedy, for surfaces with one text. */
  readonly text: string;
  /** `docs/codes/CODE.md` inside the extension. */
  readonly page: string;
  /** The same page on the web, once it is published. */
  readonly url: string | undefined;
  readonly actions: readonly FailureAction[];
}

/** The words for a failure. The error's own remedy is used where it has one. */
export function failureText(error: CosignError, t: Translate): FailureText {
  const message = sentence(inWords(error.said, t));
  const remedy = error.remedy === undefined ? defaultRemedy(error.code, t) : sentence(inWords(error.remedy, t));
  return {
    message, remedy,
    text: `${message} ${remedy}`,
    page: documentationPath(error.code),
    url: documentationUrl(error.code),
    actions: actionsFor(error, t),
  };
}

/** What went wrong in a few words, to stand after "Could not check:" in a lens. */
export function shortReason(code: ErrorCode, t: Translate): string {
  switch (code) {
    case 'REFERENCE_INVALID': return t('the image reference is not valid');
    case 'DIGEST_INVALID': return t('the digest is not valid');
    case 'SETTING_INVALID': return t('a setting is not valid');
    case 'POLICY_INVALID': return t('a policy is not valid');
    case 'POLICY_UNSUPPORTED': return t('a policy asks for something that is not checked yet');
    case 'DOCKERFILE_INVALID': return t('the Dockerfile is not valid');
    case 'ANNOTATION_INVALID': return t('an annotation is not valid');
    case 'KEY_INVALID': case 'KEY_IS_PRIVATE': case 'KEY_IS_CERTIFICATE': case 'KEY_UNSUPPORTED': case 'KEY_ENCRYPTED_INVALID': case 'KEY_KDF_REFUSED':
      return t('a trusted key cannot be used');
    case 'KEY_UNREADABLE': return t('a trusted key cannot be read');
    case 'KEY_PASSWORD_WRONG': return t('the password is wrong');
    case 'KEY_EXISTS': return t('the key exists already');
    case 'KEY_REFUSED_UNTRUSTED_WORKSPACE': return t('the workspace is not trusted');
    case 'REGISTRY_UNREACHABLE': return t('the registry cannot be reached');
    case 'REGISTRY_TIMEOUT': return t('the registry did not answer in time');
    case 'REGISTRY_TLS': return t('the connection to the registry is not secure');
    case 'REGISTRY_UNAUTHORIZED': return t('the registry asks for a login');
    case 'REGISTRY_DENIED': return t('the registry denies access');
    case 'REGISTRY_RATE_LIMITED': return t('the registry limits requests');
    case 'REGISTRY_UNAVAILABLE': return t('the registry is not available');
    case 'REGISTRY_RESPONSE_INVALID': case 'REGISTRY_REFUSED_MANIFEST': return t('the registry gave an unexpected answer');
    case 'REGISTRY_CONFLICT': return t('somebody else wrote at the same time');
    case 'REGISTRY_REDIRECT_REFUSED': case 'REGISTRY_REALM_REFUSED': return t('the registry leads to an address it must not lead to');
    case 'REGISTRY_PLAIN_HTTP_REFUSED': return t('the registry speaks plain http');
    case 'PROXY_INVALID': return t('the proxy is not valid');
    case 'CERTIFICATE_UNREADABLE': return t('a certificate file cannot be read');
    case 'REGISTRY_BLOCKED': return t('this machine blocks the registry');
    case 'CLIENT_CERTIFICATE_REQUIRED': return t('the registry asks for a client certificate');
    case 'CREDENTIALS_UNREADABLE': case 'CREDENTIAL_HELPER_FAILED': return t('the registry login cannot be read');
    case 'IMAGE_NOT_FOUND': return t('the image was not found');
    case 'PLATFORM_NOT_FOUND': return t('the image is not there for this platform');
    case 'DIGEST_MISMATCH': return t('the registry sent other content than its digest says');
    case 'SIZE_LIMIT': case 'COUNT_LIMIT': return t('the registry sent too much');
    case 'MANIFEST_INVALID': case 'REFERRERS_TAG_OCCUPIED': return t('a manifest cannot be read');
    case 'SIGNATURE_LOST': return t('a signature was lost');
    case 'TAG_EXISTS': return t('the tag exists already');
    case 'PAYLOAD_INVALID': case 'BUNDLE_INVALID': case 'BUNDLE_UNSUPPORTED': return t('a signature cannot be read');
    case 'KUBERNETES_REFERENCE_INVALID': return t('the name of a Kubernetes secret is not valid');
    case 'KUBERNETES_CONFIG_INVALID': return t('the kubeconfig cannot be used');
    case 'KUBERNETES_UNREACHABLE': return t('the Kubernetes cluster cannot be reached');
    case 'KUBERNETES_UNAUTHORIZED': return t('the Kubernetes cluster asks for a login');
    case 'KUBERNETES_FORBIDDEN': return t('the Kubernetes cluster denies access to a secret');
    case 'KUBERNETES_SECRET_NOT_FOUND': return t('a Kubernetes secret was not found');
    case 'KUBERNETES_SECRET_INVALID': return t('a Kubernetes secret holds no key that can be used');
    case 'KUBERNETES_CONFLICT': return t('somebody else changed the Kubernetes secret');
    case 'KUBERNETES_REFUSED': return t('the Kubernetes cluster refuses the request');
    case 'FILE_UNREADABLE': return t('a file cannot be read');
    case 'FILE_EXISTS': return t('the file exists already');
    case 'FILE_CHANGED': return t('the file has changed');
    case 'FILE_NEEDED': return t('the file itself is needed');
    case 'INTERNAL': return t('something unexpected happened');
  }
}

/** One line that ends like a sentence. */
function sentence(text: string): string {
  const line = plainText(text, messageLimit);
  return /[.!?…。！？।؟]$/.test(line) ? line : `${line}.`;
}

function defaultRemedy(code: ErrorCode, t: Translate): string {
  switch (code) {
    case 'REFERENCE_INVALID': case 'DIGEST_INVALID': return t('Correct the image reference.');
    case 'SETTING_INVALID': case 'POLICY_INVALID': return t('Correct it in the settings.');
    case 'POLICY_UNSUPPORTED': return t('Check this image with the program the policy was written for.');
    case 'DOCKERFILE_INVALID': return t('Correct the Dockerfile.');
    case 'ANNOTATION_INVALID': return t('Write annotations as name=value.');
    case 'KEY_INVALID': case 'KEY_IS_PRIVATE': case 'KEY_IS_CERTIFICATE': case 'KEY_UNSUPPORTED': return t('Choose a public key in PEM form.');
    case 'KEY_UNREADABLE': case 'CERTIFICATE_UNREADABLE': return t('Correct the path in the settings, or make the file readable.');
    case 'KEY_ENCRYPTED_INVALID': case 'KEY_KDF_REFUSED': return t('Use a private key that cosign wrote.');
    case 'KEY_PASSWORD_WRONG': return t('Enter the password again.');
    case 'KEY_EXISTS': case 'FILE_EXISTS': return t('Choose another name, or move the existing file away.');
    case 'KEY_REFUSED_UNTRUSTED_WORKSPACE': return t('Trust the workspace, or put the key in the user settings.');
    case 'REGISTRY_UNREACHABLE': case 'REGISTRY_TIMEOUT': case 'PROXY_INVALID': return t('Look at the network and the proxy settings, then verify again.');
    case 'REGISTRY_TLS': return t('If the registry has a certificate authority of its own, name it in countersign.registries.certificateAuthorities.');
    case 'REGISTRY_BLOCKED': return t('Use an image from another registry, or ask whoever set this machine up.');
    case 'CLIENT_CERTIFICATE_REQUIRED': return t('Name a certificate that the registry accepts in countersign.registries.clientCertificates.');
    case 'REGISTRY_UNAUTHORIZED': case 'REGISTRY_DENIED': return t('Log in to the registry (docker login) with an account that may pull the image, then verify again.');
    case 'REGISTRY_RATE_LIMITED': return t('Wait, or log in to the registry, then verify again.');
    case 'REGISTRY_UNAVAILABLE': return t('Verify again later.');
    case 'REGISTRY_RESPONSE_INVALID': case 'REGISTRY_REFUSED_MANIFEST': case 'REGISTRY_REDIRECT_REFUSED': case 'REGISTRY_REALM_REFUSED':
    case 'DIGEST_MISMATCH': case 'SIZE_LIMIT': case 'COUNT_LIMIT': case 'MANIFEST_INVALID': case 'REFERRERS_TAG_OCCUPIED':
      return t('Ask whoever runs the registry; the log has the details.');
    case 'REGISTRY_PLAIN_HTTP_REFUSED': return t('If you accept that, list the registry in countersign.registries.insecure.');
    case 'CREDENTIALS_UNREADABLE': case 'CREDENTIAL_HELPER_FAILED': return t('Log in again (docker login), or turn countersign.registries.useCredentials off.');
    case 'IMAGE_NOT_FOUND': return t('Look for a mistake in the name and the tag; some registries also answer so when a login is missing.');
    case 'PLATFORM_NOT_FOUND': return t('Choose a platform that the image was made for.');
    case 'SIGNATURE_LOST': return t('Sign the image again; the signatures that are there stay.');
    case 'REGISTRY_CONFLICT': return t('Try again: what the other wrote is kept.');
    case 'PAYLOAD_INVALID': case 'BUNDLE_INVALID': case 'BUNDLE_UNSUPPORTED': return t('Ask whoever signed the image to sign it again.');
    case 'TAG_EXISTS': return t('Choose another tag, or agree to overwrite this one.');
    case 'KUBERNETES_REFERENCE_INVALID': return t('Write k8s://namespace/name.');
    case 'KUBERNETES_CONFIG_INVALID': return t('Correct countersign.kubernetes.kubeconfig and countersign.kubernetes.context, or the kubeconfig itself.');
    case 'KUBERNETES_UNREACHABLE': return t('Look at the network and at the context of your kubeconfig, then verify again.');
    case 'KUBERNETES_UNAUTHORIZED': return t('Log in to the cluster again, then verify again.');
    case 'KUBERNETES_FORBIDDEN': return t('Ask whoever runs the cluster for access to the secret.');
    case 'KUBERNETES_SECRET_NOT_FOUND': return t('Look for a mistake in namespace and name, and at the context.');
    case 'KUBERNETES_SECRET_INVALID': return t('Choose a secret that cosign can use.');
    case 'KUBERNETES_CONFLICT': return t('Look at what the secret holds now, then try again.');
    case 'KUBERNETES_REFUSED': return t('Ask whoever runs the cluster; the log has the details.');
    case 'FILE_UNREADABLE': return t('Make it readable, or choose another one.');
    case 'FILE_CHANGED': return t('Look at what the file holds now, then try again.');
    case 'FILE_NEEDED': return t('Verify the file itself instead of its digest.');
    case 'INTERNAL': return t('This is a mistake of the extension: report it with "Countersign: Report Issue…".');
  }
}

/** Those of the code; the setting that the error names itself stands in for the one of the code. */
function actionsFor({ code, setting }: CosignError, t: Translate): readonly FailureAction[] {
  const actions = [...actionsForCode(code, t), ...(isAboutReaching(code) ? [{ kind: 'diagnose registry', title: t('Diagnose Registry…') } as const] : [])];
  if (setting === undefined) return actions;
  const named: readonly FailureAction[] = setting === false ? [] : [{ kind: 'open setting', setting, title: t('Open Setting') }];
  const at = actions.findIndex(({ kind }) => kind === 'open setting');
  return at < 0 ? [...named, ...actions] : [...actions.slice(0, at), ...named, ...actions.slice(at + 1)];
}

/** What looking at the way to the registry can explain. */
export function isAboutReaching(code: ErrorCode): boolean {
  return (code.startsWith('REGISTRY_') && code !== 'REGISTRY_CONFLICT' && code !== 'REGISTRY_REFUSED_MANIFEST')
    || code === 'PROXY_INVALID' || code === 'CERTIFICATE_UNREADABLE' || code === 'CREDENTIALS_UNREADABLE' || code === 'CREDENTIAL_HELPER_FAILED';
}

function actionsForCode(code: ErrorCode, t: Translate): readonly FailureAction[] {
  const retry = { kind: 'retry', title: t('Verify Again') } as const;
  const log = { kind: 'open log', title: t('Open Log') } as const;
  const setting = (id: string): FailureAction => ({ kind: 'open setting', setting: id, title: t('Open Setting') });
  switch (code) {
    case 'REFERENCE_INVALID': case 'DIGEST_INVALID': case 'DOCKERFILE_INVALID': case 'ANNOTATION_INVALID': case 'KEY_EXISTS': case 'FILE_EXISTS': case 'FILE_CHANGED': case 'FILE_NEEDED': case 'TAG_EXISTS':
      return [];
    case 'SETTING_INVALID': return [{ ...setting('countersign'), title: t('Open Settings') }];
    case 'POLICY_INVALID': return [setting('countersign.policies')];
    case 'POLICY_UNSUPPORTED': return [log];
    case 'KEY_INVALID': case 'KEY_IS_PRIVATE': case 'KEY_IS_CERTIFICATE': case 'KEY_UNSUPPORTED': case 'KEY_UNREADABLE': return [setting('countersign.keys'), retry];
    case 'KEY_REFUSED_UNTRUSTED_WORKSPACE': return [{ kind: 'manage workspace trust', title: t('Manage Workspace Trust') }];
    case 'KEY_ENCRYPTED_INVALID': case 'KEY_KDF_REFUSED': case 'KEY_PASSWORD_WRONG': case 'FILE_UNREADABLE': case 'SIGNATURE_LOST': return [log];
    case 'REGISTRY_TIMEOUT': return [retry, setting('countersign.network.timeout'), log];
    case 'REGISTRY_UNREACHABLE': case 'PROXY_INVALID': return [retry, setting('http.proxy'), log];
    case 'REGISTRY_TLS': case 'CERTIFICATE_UNREADABLE': return [setting('countersign.registries.certificateAuthorities'), retry, log];
    case 'REGISTRY_BLOCKED': return [setting('countersign.registries.useSystemConfiguration'), retry];
    case 'CLIENT_CERTIFICATE_REQUIRED': return [setting('countersign.registries.clientCertificates'), retry, log];
    case 'REGISTRY_PLAIN_HTTP_REFUSED': return [setting('countersign.registries.insecure'), retry];
    case 'CREDENTIALS_UNREADABLE': case 'CREDENTIAL_HELPER_FAILED': return [setting('countersign.registries.useCredentials'), retry, log];
    case 'REGISTRY_REFUSED_MANIFEST': return [setting('countersign.signing.dockerMediaTypes'), retry, log];
    case 'PLATFORM_NOT_FOUND': return [setting('countersign.dockerfile.platform'), retry];
    case 'KUBERNETES_REFERENCE_INVALID': case 'KUBERNETES_SECRET_NOT_FOUND': case 'KUBERNETES_SECRET_INVALID': return [setting('countersign.keys'), retry];
    case 'KUBERNETES_CONFIG_INVALID': return [setting('countersign.kubernetes.kubeconfig'), retry, log];
    case 'KUBERNETES_UNREACHABLE': case 'KUBERNETES_UNAUTHORIZED': case 'KUBERNETES_FORBIDDEN': case 'KUBERNETES_CONFLICT': case 'KUBERNETES_REFUSED':
    case 'REGISTRY_UNAUTHORIZED': case 'REGISTRY_DENIED': case 'REGISTRY_RATE_LIMITED': case 'REGISTRY_UNAVAILABLE': case 'REGISTRY_RESPONSE_INVALID':
    case 'REGISTRY_REDIRECT_REFUSED': case 'REGISTRY_REALM_REFUSED': case 'REGISTRY_CONFLICT': case 'IMAGE_NOT_FOUND': case 'DIGEST_MISMATCH':
    case 'SIZE_LIMIT': case 'COUNT_LIMIT': case 'MANIFEST_INVALID': case 'REFERRERS_TAG_OCCUPIED': case 'PAYLOAD_INVALID': case 'BUNDLE_INVALID':
    case 'BUNDLE_UNSUPPORTED': case 'INTERNAL':
      return [retry, log];
  }
}
