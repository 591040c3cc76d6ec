// One authority of a ClusterImagePolicy → what it asks for; checked as policy-controller's admission checks it (`…_validation.go`).
import { CosignError } from '../../errors.ts';
import { said, type Said } from '../../said.ts';
import type { RepositoryName } from '../../oci/exchange.ts';
import { parseReference } from '../../oci/reference.ts';
import type { DemandRule } from '../demand.ts';
import type { PolicyFix } from '../policyProblem.ts';
import { checkAttestation, checkKeyless } from './attestation.ts';
import { fieldOf, headOf, itemsOf, mapOf, textOf, type MapValue, type TextValue } from './fields.ts';
import { readKeyReference } from './keyReference.ts';
import type { Reports } from './reports.ts';
import type { Value } from './values.ts';

/** @returns undefined for an authority that is refused; the reports say why */
export function readAuthority(value: Value, index: number, policy: string, reports: Reports): DemandRule | undefined {
  const before = reports.errors;
  if (value.kind !== 'map') return undefined;
  const path = `spec.authorities[${index}]`;
  const name = textOf(value, 'name')?.text ?? `authority-${index}`;
  const rule = readKind(value, path, { policy, name }, reports);
  checkOthers(value, path, reports);
  if (reports.errors > before || !rule) return undefined;
  if (rule.kind === 'unsupported') reports.add('not-checked', headOf(value), [rule.error.said]);
  return rule;
}

interface Called {
  readonly policy: string;
  readonly name: string;
}

function readKind(authority: MapValue, path: string, called: Called, reports: Reports): DemandRule | undefined {
  const kinds = ['key', 'keyless', 'static'].filter((kind) => fieldOf(authority, kind));
  if (kinds.length !== 1) {
    reports.add(kinds.length === 0 ? 'missing-one-of' : 'several-of', headOf(authority), ['key, keyless, static', path]);
    return undefined;
  }
  const [key, keyless, fixed] = [mapOf(authority, 'key'), mapOf(authority, 'keyless'), mapOf(authority, 'static')];
  if (fixed) return readStatic(authority, fixed, path, called, reports);
  if (keyless) checkKeyless(keyless, `${path}.keyless`, reports);
  const reading = key ? readKeyReference(key, `${path}.key`, called.name, authority, reports) : undefined;
  if (!keyless && (!reading || reading.kind === 'invalid')) return undefined;
  const format = readFormat(authority, called, keyless !== undefined, reports);
  const source = readSource(authority, path, reports);
  const what = keyless ? said`keyless signatures` : reading?.kind === 'unsupported' ? reading.what : unsupportedPart(authority) ?? format ?? source.unsupported;
  if (what !== undefined) return unsupported(called, what);
  if (reading?.kind !== 'key') return undefined;
  return {
    kind: 'signers', name: called.name, keys: [reading.key], threshold: 1, annotations: {}, formats: ['legacy'], asNamed: true, besideImage: true,
    ...(source.repository ? { repository: source.repository } : {}),
  };
}

function readStatic(authority: MapValue, fixed: MapValue, path: string, { policy, name }: Called, reports: Reports): DemandRule | undefined {
  for (const other of ['attestations', 'source', 'ctlog', 'rfc3161timestamp']) {
    const value = fieldOf(authority, other);
    if (value && !(value.kind === 'list' && value.items.length === 0)) reports.add('several-of', headOf(value), [`static, ${other}`, path]);
  }
  const action = textOf(fixed, 'action');
  const message = textOf(fixed, 'message')?.text ?? '';
  if (action?.text === 'pass') return { kind: 'accept', reason: said`The authority "${name}" of the policy "${policy}" lets every image pass without a signature.` };
  if (action?.text === 'fail') return { kind: 'reject', reason: message === '' ? said`The authority "${name}" of the policy "${policy}" refuses every image.` : said`The authority "${name}" of the policy "${policy}" refuses every image: ${message.slice(0, 300)}.` };
  if (action) reports.add('unknown-value', action.range, [`${path}.static.action`, action.text, 'fail, pass']);
  else reports.add('missing-field', headOf(fixed), ['action', `${path}.static`]);
  return undefined;
}

/** policy-controller refuses every image where a key is to have made a bundle, and takes any other word for `legacy`. */
function readFormat(authority: MapValue, { name }: Called, keyless: boolean, reports: Reports): Said | undefined {
  const format = textOf(authority, 'signatureFormat');
  if (!format || format.text === 'legacy') return undefined;
  if (format.text !== 'bundle') {
    reports.add('unknown-format', format.range, [format.text], legacyInstead(format));
    return said`the signature format "${format.text.slice(0, 100)}"`;
  }
  if (keyless) return undefined;
  reports.add('bundle-with-key', format.range, [name], legacyInstead(format));
  return said`bundles signed with a key (policy-controller refuses every image for that)`;
}

const legacyInstead = (format: TextValue): readonly PolicyFix[] => format.block ? [] : [{ kind: 'use-legacy-format', args: [], edits: [{ range: format.range, text: 'legacy' }] }];

function unsupportedPart(authority: MapValue): Said | undefined {
  if (itemsOf(authority, 'attestations').length > 0) return said`attestations`;
  if (fieldOf(authority, 'ctlog')) return said`an entry in a transparency log`;
  return fieldOf(authority, 'rfc3161timestamp') ? said`a signed timestamp` : undefined;
}

function readSource(authority: MapValue, path: string, reports: Reports): { readonly repository?: RepositoryName; readonly unsupported?: Said } {
  const sources = itemsOf(authority, 'source');
  const [source] = sources;
  if (sources.length > 1) {
    reports.add('several-of', headOf(fieldOf(authority, 'source') ?? authority), ['source[0], source[1]', path]);
    return {};
  }
  for (const [index, secret] of itemsOf(source, 'signaturePullSecrets').entries()) {
    if (secret.kind === 'map' && !textOf(secret, 'name')) reports.add('missing-field', headOf(secret), ['name', `${path}.source[0].signaturePullSecrets[${index}]`]);
  }
  const oci = textOf(source, 'oci');
  if (textOf(source, 'tagPrefix')) return { unsupported: said`a prefix in front of signature tags` };
  if (!oci) return {};
  const host = oci.text.split('/', 1)[0] ?? '';
  if (host === oci.text) return /^[\w.:-]+$/.test(host) ? { unsupported: said`the registry "${host.slice(0, 200)}", without a repository, as the place of signatures` } : badSource(oci, reports);
  try {
    const { registry, repository, digest } = parseReference(`${oci.text}:latest`);
    if (/[.:]/.test(host) && !digest) return { repository: { registry, repository } };
  } catch (error) {
    if (!(error instanceof CosignError)) throw error;
  }
  return badSource(oci, reports);
}

function badSource(oci: TextValue, reports: Reports): Record<string, never> {
  reports.add('invalid-source', oci.range, [oci.text]);
  return {};
}

/** What is refused whichever kind the authority is. */
function checkOthers(authority: MapValue, path: string, reports: Reports): void {
  for (const [index, attestation] of itemsOf(authority, 'attestations').entries()) {
    if (attestation.kind === 'map') checkAttestation(attestation, `${path}.attestations[${index}]`, reports);
  }
}

function unsupported({ policy, name }: Called, what: Said): DemandRule {
  const error = new CosignError('POLICY_UNSUPPORTED', said`The authority "${name}" of the policy "${policy}" asks for ${what}, which Countersign does not check yet.`, {
    remedy: said`Verify the image with what enforces the policy.`,
  });
  return { kind: 'unsupported', name, error };
}
