// One requirement of a containers policy as it is written, checked the way containers/image `signature/policy_config*.go` checks it.
import type { TextRange } from '../../textRange.ts';
import type { IdentityRule } from '../demand.ts';
import { parseIdentity } from './identityRule.ts';
import { itemsOf, type JsonNode } from './jsonText.ts';
import { certificateSource, keySources, type WrittenKey } from './keySources.ts';
import type { Fields, PolicyReader } from './policyReader.ts';

export type Requirement = { readonly range: TextRange } & (
  | { readonly kind: 'insecureAcceptAnything' | 'reject' | 'signedBy' | 'signedBaseLayer' }
  | SigstoreSigned
);

export interface SigstoreSigned {
  readonly kind: 'sigstoreSigned';
  /** Any one of them; empty for {@link certificates}. */
  readonly keys: readonly WrittenKey[];
  /** Whose certificates, in place of keys. */
  readonly certificates?: 'fulcio' | 'pki';
  /** It must be in a transparency log too. */
  readonly rekor: boolean;
  readonly identity: IdentityRule;
  /** The requirement, and `signedIdentity` in it where it is written. */
  readonly node: JsonNode;
  readonly identityNode?: JsonNode;
}

const types = ['insecureAcceptAnything', 'reject', 'signedBy', 'signedBaseLayer', 'sigstoreSigned'] as const;
const gpgFields = ['type', 'keyType', 'keyPath', 'keyPaths', 'keyData', 'signedIdentity'];
const gpgKeyTypes = ['GPGKeys', 'signedByGPGKeys', 'X509Certificates', 'signedByX509CAs'];
const sigstoreFields = ['type', 'keyPath', 'keyPaths', 'keyData', 'keyDatas', 'fulcio', 'pki',
  'rekorPublicKeyPath', 'rekorPublicKeyPaths', 'rekorPublicKeyData', 'rekorPublicKeyDatas', 'signedIdentity'];

/** The requirements of one scope, all of which must be met; undefined when there is none or the list is none. */
export function parseRequirements(reader: PolicyReader, node: JsonNode, scope: string): readonly Requirement[] {
  if (node.type !== 'array' && node.type !== 'null') {
    reader.wrongType(node, scope, 'list of requirements');
    return [];
  }
  const items = itemsOf(node);
  if (items.length === 0) reader.error('empty-list', reader.json.rangeOf(node), [scope]);
  return items.flatMap((item) => parseRequirement(reader, item) ?? []);
}

function parseRequirement(reader: PolicyReader, node: JsonNode): Requirement | undefined {
  if (node.type !== 'object') {
    reader.wrongType(node, 'requirement', 'object');
    return undefined;
  }
  const type = reader.typeOf(node, types);
  const range = reader.json.rangeOf(node);
  switch (type) {
    case undefined: return undefined;
    case 'insecureAcceptAnything':
    case 'reject':
      reader.fields(node, type, ['type']);
      return { kind: type, range };
    case 'signedBy':
      checkSignedBy(reader, node, reader.fields(node, type, gpgFields));
      return { kind: type, range };
    case 'signedBaseLayer': {
      const identity = reader.fields(node, type, ['type', 'baseLayerIdentity']).get('baseLayerIdentity');
      if (identity) parseIdentity(reader, identity);
      else reader.error('missing-field', range, [type, 'baseLayerIdentity']);
      return { kind: type, range };
    }
    case 'sigstoreSigned': {
      const signed = parseSigstoreSigned(reader, node, reader.fields(node, type, sigstoreFields));
      return signed && { ...signed, range };
    }
  }
}

function checkSignedBy(reader: PolicyReader, node: JsonNode, fields: Fields): void {
  const keyType = fields.get('keyType');
  if (!keyType) reader.error('missing-field', reader.json.rangeOf(node), ['keyType', gpgKeyTypes.join(', ')]);
  else if (keyType.type !== 'string' || !gpgKeyTypes.includes(String(keyType.value))) {
    reader.error('unknown-type', reader.json.rangeOf(keyType), [String(keyType.value).slice(0, 100), gpgKeyTypes.join(', ')]);
  }
  const sources = keySources(reader, fields, ['keyPath', 'keyPaths', 'keyData']);
  // Unlike sigstoreSigned, an empty keyPath beside another source counts as one too.
  if (sources.written !== 1 || sources.given.length !== 1) reader.error('key-source-count', reader.json.rangeOf(node), ['keyPath, keyPaths, keyData']);
  const identity = fields.get('signedIdentity');
  if (identity) parseIdentity(reader, identity);
}

function parseSigstoreSigned(reader: PolicyReader, node: JsonNode, fields: Fields): SigstoreSigned | undefined {
  const range = reader.json.rangeOf(node);
  const sources = keySources(reader, fields, ['keyPath', 'keyPaths', 'keyData', 'keyDatas']);
  const fulcio = fields.get('fulcio');
  const pki = fields.get('pki');
  if (fulcio) certificateSource(reader, fulcio, 'fulcio');
  if (pki) certificateSource(reader, pki, 'pki');
  const certificates = fulcio ? 'fulcio' : pki ? 'pki' : undefined;
  const count = sources.given.length + (fulcio ? 1 : 0) + (pki ? 1 : 0);
  if (count !== 1) reader.error('key-source-count', range, ['keyPath, keyPaths, keyData, keyDatas, fulcio, pki']);

  const rekor = keySources(reader, fields, ['rekorPublicKeyPath', 'rekorPublicKeyPaths', 'rekorPublicKeyData', 'rekorPublicKeyDatas']).given.length;
  if (rekor > 1) reader.error('rekor-source-count', range);
  if (fulcio && rekor === 0) reader.error('fulcio-without-rekor', range);
  if (pki && rekor > 0) reader.error('pki-with-rekor', range);

  const identityNode = fields.get('signedIdentity');
  const identity = identityNode ? parseIdentity(reader, identityNode) : { kind: 'matchRepoDigestOrExact' } as const;
  if (!identity) return undefined;
  return {
    kind: 'sigstoreSigned', keys: sources.given[0]?.keys ?? [], rekor: rekor > 0, identity, node,
    ...(certificates ? { certificates } : {}), ...(identityNode ? { identityNode } : {}),
  };
}
