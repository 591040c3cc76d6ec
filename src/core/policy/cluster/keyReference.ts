// The `key` of an authority: PEM text, a secret of the cluster, or a key management service.
import { parsePublicKeys } from '../../crypto/publicKey.ts';
import { sizeText } from '../../encoding/sizeText.ts';
import { CosignError } from '../../errors.ts';
import { said, type Said } from '../../said.ts';
import type { PolicyFix, SeveralKeys } from '../policyProblem.ts';
import type { KeySetting } from '../trustPolicy.ts';
import { headOf, mapOf, textOf, type MapValue, type TextValue } from './fields.ts';
import type { Reports } from './reports.ts';

/** Where policy-controller keeps its secrets unless it was installed elsewhere. */
const controllerNamespace = 'cosign-system';
const hashAlgorithms: readonly string[] = ['sha224', 'sha256', 'sha384', 'sha512'];
const kmsSchemes = /^(?:azurekms|hashivault|gcpkms):\/\//;
/** An endpoint with a port, or none; then the ARN of a key or an alias (policy-controller `validateAWSKMS`). */
const awsKey = /^awskms:\/\/(?:[^/]+:\d+)?\/arn:(?:aws|aws-us-gov|aws-cn):kms:[a-z0-9-]+:\d{12}:(?:key\/[A-Fa-f0-9mrk-]+|alias\/.+)$/;
const maxKeyLength = 64 * 1024;

export type KeyReading =
  | { readonly kind: 'key'; readonly key: KeySetting }
  /** Something that policy-controller may use and Countersign does not; the rest of a sentence about what the authority asks for. */
  | { readonly kind: 'unsupported'; readonly what: Said }
  /** Reported. */
  | { readonly kind: 'invalid' };

const invalid: KeyReading = { kind: 'invalid' };

/**
 * @param name what the key is called in messages
 * @param authority what the key is part of
 */
export function readKeyReference(key: MapValue, path: string, name: string, authority: MapValue, reports: Reports): KeyReading {
  const [data, kms, secret] = [textOf(key, 'data'), textOf(key, 'kms'), mapOf(key, 'secretRef')];
  const sources = [data, kms, secret].filter((source) => source !== undefined);
  if (sources.length !== 1) {
    reports.add(sources.length === 0 ? 'missing-one-of' : 'several-of', headOf(key), ['data, secretRef, kms', path]);
    return invalid;
  }
  const hash = textOf(key, 'hashAlgorithm');
  const algorithm = hash?.text.trim().toLowerCase() ?? 'sha256';
  if (hash && !hashAlgorithms.includes(algorithm)) {
    reports.add('unknown-value', hash.range, [`${path}.hashAlgorithm`, hash.text, hashAlgorithms.join(', ')]);
    return invalid;
  }
  const reading = data ? readPem(data, name, authority, reports) : kms ? readKms(kms, reports) : readSecret(key, path, name, reports);
  if (algorithm === 'sha256' || reading.kind === 'invalid') return reading;
  return { kind: 'unsupported', what: said`signatures over ${algorithm}` };
}

/** policy-controller takes the first block and no other (`cryptoutils.UnmarshalPEMToPublicKey`), so a second key must not count here either. */
function readPem(data: TextValue, name: string, authority: MapValue, reports: Reports): KeyReading {
  if (data.text.length > maxKeyLength) return refused(data, 'invalid-key', name, said`it is longer than ${sizeText(maxKeyLength)}`, reports);
  const bytes = new TextEncoder().encode(data.text);
  try {
    const keys = parsePublicKeys(bytes);
    const [first] = keys;
    if (keys.length > 1) reports.add('several-keys', data.range, [name, String(keys.length)], [], { form: 'yaml', range: data.range, several: severalKeys(keys.map(({ pem }) => pem), authority) });
    return { kind: 'key', key: { name, reference: first?.pem ?? data.text } };
  } catch (error) {
    if (!(error instanceof CosignError)) throw error;
    if (error.code === 'KEY_UNSUPPORTED') return { kind: 'unsupported', what: said`a key of a kind that is not supported` };
    return refused(data, error.code === 'KEY_IS_PRIVATE' ? 'private-key' : error.code === 'KEY_IS_CERTIFICATE' ? 'certificate' : 'invalid-key', name, error.said, reports);
  }
}

function readKms(kms: TextValue, reports: Reports): KeyReading {
  if (kmsSchemes.test(kms.text) || awsKey.test(kms.text)) return { kind: 'unsupported', what: said`the key "${kms.text.slice(0, 200)}" of a key management service` };
  reports.add('invalid-kms', kms.range, [kms.text]);
  return invalid;
}

function readSecret(key: MapValue, path: string, name: string, reports: Reports): KeyReading {
  const secret = mapOf(key, 'secretRef');
  const secretName = textOf(secret, 'name');
  const namespace = textOf(secret, 'namespace');
  if (!secretName) {
    reports.add('missing-field', headOf(secret ?? key), ['name', `${path}.secretRef`]);
    return invalid;
  }
  if (namespace && namespace.text !== controllerNamespace) {
    // policy-controller refuses the policy unless it runs there itself, which cannot be told from here.
    const fixes: readonly PolicyFix[] = namespace.block ? [] : [{ kind: 'use-own-namespace', args: [controllerNamespace], edits: [{ range: namespace.range, text: controllerNamespace }] }];
    reports.add('secret-namespace', namespace.range, [namespace.text], fixes);
    return { kind: 'unsupported', what: said`a secret in the namespace "${namespace.text.slice(0, 100)}" (policy-controller only reads those of its own)` };
  }
  const reference = `k8s://${controllerNamespace}/${secretName.text}`;
  reports.add('key-in-secret', secretName.range, [reference]);
  return { kind: 'key', key: { name, reference, firstOnly: true, onlyEntry: true } };
}

function refused(data: TextValue, kind: 'invalid-key' | 'private-key' | 'certificate', name: string, why: Said, reports: Reports): KeyReading {
  reports.add(kind, data.range, [name, why], [], { form: 'yaml', range: data.range });
  return invalid;
}

function severalKeys(pems: readonly string[], authority: MapValue): SeveralKeys {
  const written = textOf(authority, 'name');
  return { pems, authority: authority.range, ...(written && !written.block ? { name: { range: written.range, text: written.text } } : {}) };
}
