// The fields of a ClusterImagePolicy as the CustomResourceDefinition of policy-controller 0.15 gives them to the API server, described anew as OpenAPI: what our own shape is compared with.
import type { Shape } from '../../src/core/policy/cluster/shape.ts';

export interface OpenApiSchema {
  readonly type: 'object' | 'array' | 'string' | 'boolean';
  readonly properties?: Readonly<Record<string, OpenApiSchema>>;
  readonly items?: OpenApiSchema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
}

const strings = (...names: readonly string[]): Record<string, OpenApiSchema> => Object.fromEntries(names.map((name) => [name, { type: 'string' }]));
const booleans = (...names: readonly string[]): Record<string, OpenApiSchema> => Object.fromEntries(names.map((name) => [name, { type: 'boolean' }]));
const object = (properties: Readonly<Record<string, OpenApiSchema>>): OpenApiSchema => ({ type: 'object', properties });
const array = (items: OpenApiSchema): OpenApiSchema => ({ type: 'array', items });

const policy = object({
  ...strings('data', 'type'), ...booleans('fetchConfigFile', 'includeObjectMeta', 'includeSpec', 'includeTypeMeta'),
  configMapRef: object(strings('key', 'name', 'namespace')), remote: object(strings('sha256sum', 'url')),
});
const key = object({ ...strings('data', 'hashAlgorithm', 'kms'), secretRef: object(strings('name', 'namespace')) });
const keyless = object({
  ...strings('trustRootRef', 'url'), ...booleans('insecureIgnoreSCT'), 'ca-cert': key,
  'identities': array(object(strings('issuer', 'issuerRegExp', 'subject', 'subjectRegExp'))),
});
const authority = object({
  ...strings('name', 'signatureFormat'), key, keyless, static: object(strings('action', 'message')),
  attestations: array(object({ ...strings('name', 'predicateType'), policy })), ctlog: object(strings('trustRootRef', 'url')), rfc3161timestamp: object(strings('trustRootRef')),
  source: array(object({ ...strings('oci', 'tagPrefix'), signaturePullSecrets: array(object(strings('name'))) })),
});
const selector = object({
  matchLabels: { 'type': 'object', 'x-kubernetes-preserve-unknown-fields': true },
  matchExpressions: array(object({ ...strings('key', 'operator'), values: array({ type: 'string' }) })),
});

/** `spec`, the same in v1alpha1 and v1beta1. */
export const clusterImagePolicySpec = object({
  ...strings('mode'), authorities: array(authority), images: array(object(strings('glob'))), policy,
  match: array(object({ ...strings('group', 'resource', 'version'), selector })),
});

/** The whole resource: what the API server adds to each is left open. */
export const clusterImagePolicyCrd: Shape = {
  kind: 'map',
  fields: { apiVersion: { kind: 'text' }, kind: { kind: 'text' }, metadata: { kind: 'map', fields: { name: { kind: 'text' }, generateName: { kind: 'text' }, labels: { kind: 'anything' }, annotations: { kind: 'anything' }, namespace: { kind: 'text' } } }, spec: toShape(clusterImagePolicySpec), status: { kind: 'anything' } },
};

export function toShape(schema: OpenApiSchema): Shape {
  if (schema['x-kubernetes-preserve-unknown-fields']) return { kind: 'anything' };
  switch (schema.type) {
    case 'object': return { kind: 'map', fields: Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, value]) => [name, toShape(value)])) };
    case 'array': return { kind: 'list', of: schema.items ? toShape(schema.items) : { kind: 'anything' } };
    case 'string': return { kind: 'text' };
    case 'boolean': return { kind: 'boolean' };
  }
}
