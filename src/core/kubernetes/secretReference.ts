// `k8s://namespace/name`: which secret of a cluster a key reference stands for.
import { CosignError } from '../errors.ts';
import { said, type Said } from '../said.ts';

export interface SecretPlace {
  readonly namespace: string;
  readonly name: string;
}

/** As the API server wants them: a DNS label (RFC 1123) and a DNS subdomain. */
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const subdomain = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Whether a key reference means a Kubernetes secret; nothing else is checked. */
export function isSecretReference(reference: string): boolean {
  return /^k8s:\/\//i.test(reference.trim());
}

/**
 * Exactly two components, as cosign has it (`pkg/cosign/kubernetes/secret.go`); empty ones, which cosign takes to the cluster, are refused.
 * @throws {CosignError} `KUBERNETES_REFERENCE_INVALID`
 */
export function parseSecretReference(reference: string): SecretPlace {
  const parts = reference.trim().replace(/^k8s:\/\//i, '').split('/');
  const [namespace = '', name = ''] = parts;
  if (!isSecretReference(reference) || parts.length !== 2) throw invalid(reference, said`it does not have the form k8s://namespace/name`);
  const problem = namespaceProblem(namespace) ?? secretNameProblem(name);
  if (problem !== undefined) throw invalid(reference, problem);
  return { namespace, name };
}

export function secretReference({ namespace, name }: SecretPlace): string {
  return `k8s://${namespace}/${name}`;
}

/** What is wrong with a namespace, as the rest of a sentence. */
export function namespaceProblem(text: string): Said | undefined {
  if (text === '') return said`the namespace is empty`;
  return label.test(text) ? undefined : said`a namespace has at most 63 lower-case letters, digits and "-", and begins and ends with a letter or digit`;
}

/** What is wrong with a secret's name, as the rest of a sentence. */
export function secretNameProblem(text: string): Said | undefined {
  if (text === '') return said`the name of the secret is empty`;
  if (subdomain.test(text) && !/\.[.-]|-\./.test(text)) return undefined;
  return said`the name of a secret has at most 253 lower-case letters, digits, "-" and ".", and its parts begin and end with a letter or digit`;
}

function invalid(reference: string, why: Said): CosignError {
  return new CosignError('KUBERNETES_REFERENCE_INVALID', said`"${reference.trim().slice(0, 200)}" names no Kubernetes secret: ${why}.`, { remedy: said`Write k8s://namespace/name.` });
}
