// Which fields a ClusterImagePolicy may have, as its CustomResourceDefinition has them (policy-controller `config/300-clusterimagepolicy.yaml`).

export type Shape =
  | { readonly kind: 'map'; readonly fields: Readonly<Record<string, Shape>> }
  | { readonly kind: 'list'; readonly of: Shape }
  | { readonly kind: 'text' | 'boolean' | 'anything' };

const text: Shape = { kind: 'text' };
const boolean: Shape = { kind: 'boolean' };
const anything: Shape = { kind: 'anything' };
const list = (of: Shape): Shape => ({ kind: 'list', of });
const map = (fields: Readonly<Record<string, Shape>>): Shape => ({ kind: 'map', fields: Object.assign(Object.create(null) as Record<string, Shape>, fields) });

const keyReference = map({ data: text, hashAlgorithm: text, kms: text, secretRef: map({ name: text, namespace: text }) });

const policy = map({
  type: text, data: text, remote: map({ url: text, sha256sum: text }), configMapRef: map({ name: text, namespace: text, key: text }),
  fetchConfigFile: boolean, includeSpec: boolean, includeObjectMeta: boolean, includeTypeMeta: boolean,
});

const authority = map({
  name: text,
  key: keyReference,
  keyless: map({
    'url': text, 'ca-cert': keyReference, 'trustRootRef': text, 'insecureIgnoreSCT': boolean,
    'identities': list(map({ issuer: text, issuerRegExp: text, subject: text, subjectRegExp: text })),
  }),
  static: map({ action: text, message: text }),
  source: list(map({ oci: text, tagPrefix: text, signaturePullSecrets: list(map({ name: text })) })),
  ctlog: map({ url: text, trustRootRef: text }),
  rfc3161timestamp: map({ trustRootRef: text }),
  signatureFormat: text,
  attestations: list(map({ name: text, predicateType: text, policy })),
});

/** Kubernetes ObjectMeta v1; what is in its fields is the API server's to judge. */
const metadata = map({
  name: text, generateName: text, namespace: text, labels: anything, annotations: anything, uid: anything, resourceVersion: anything, generation: anything, selfLink: anything,
  creationTimestamp: anything, deletionTimestamp: anything, deletionGracePeriodSeconds: anything, ownerReferences: anything, finalizers: anything, managedFields: anything,
});

/** v1beta1 and v1alpha1 have the same fields. */
export const clusterImagePolicy = map({
  apiVersion: text, kind: text, metadata, status: anything,
  spec: map({
    images: list(map({ glob: text })),
    authorities: list(authority),
    policy,
    mode: text,
    match: list(map({ group: text, version: text, resource: text, selector: map({ matchLabels: anything, matchExpressions: list(map({ key: text, operator: text, values: list(text) })) }) })),
  }),
});
