// The parts of a ClusterImagePolicy that are not evaluated here, checked as far as policy-controller refuses what is written wrong.
import { fieldOf, headOf, itemsOf, mapOf, textOf, type MapValue } from './fields.ts';
import type { Reports } from './reports.ts';

/** Short names that policy-controller still takes, and what cosign turns them into. */
const predicateTypes = new Map([
  ['custom', 'https://cosign.sigstore.dev/attestation/v1'],
  ['slsaprovenance', 'https://slsa.dev/provenance/v0.2'],
  ['spdx', 'https://spdx.dev/Document'],
  ['spdxjson', 'https://spdx.dev/Document'],
  ['cyclonedx', 'https://cyclonedx.org/bom'],
  ['link', 'https://in-toto.io/Link/v1'],
  ['vuln', 'https://cosign.sigstore.dev/attestation/vuln/v1'],
]);

export function checkAttestation(attestation: MapValue, path: string, reports: Reports): void {
  if (!textOf(attestation, 'name')) reports.add('missing-field', headOf(attestation), ['name', path]);
  const type = textOf(attestation, 'predicateType');
  if (!type) reports.add('missing-field', headOf(attestation), ['predicateType', path]);
  const whole = type && predicateTypes.get(type.text);
  if (type && whole !== undefined) {
    reports.add('deprecated-predicate', type.range, [type.text, whole], type.block ? [] : [{ kind: 'use-predicate-type', args: [whole], edits: [{ range: type.range, text: whole }] }]);
  }
  checkPolicy(mapOf(attestation, 'policy'), `${path}.policy`, false, reports);
}

/** @param whole the `policy` of a ClusterImagePolicy, not of an attestation */
export function checkPolicy(policy: MapValue | undefined, path: string, whole: boolean, reports: Reports): void {
  if (!policy) return;
  const type = textOf(policy, 'type');
  if (!type) reports.add('missing-field', headOf(policy), ['type', path]);
  else if (type.text !== 'cue' && type.text !== 'rego') reports.add('unknown-value', type.range, [`${path}.type`, type.text, 'cue, rego']);
  const [remote, configMap] = [mapOf(policy, 'remote'), mapOf(policy, 'configMapRef')];
  const sources = [textOf(policy, 'data'), remote, configMap].filter((source) => source !== undefined);
  if (sources.length !== 1) reports.add(sources.length === 0 ? 'missing-one-of' : 'several-of', headOf(policy), ['data, remote, configMapRef', path]);
  if (remote) {
    const url = textOf(remote, 'url');
    if (!url) reports.add('missing-field', headOf(remote), ['url', `${path}.remote`]);
    else if (!isHttps(url.text)) reports.add('invalid-url', url.range, [url.text]);
    if (!textOf(remote, 'sha256sum')) reports.add('missing-field', headOf(remote), ['sha256sum', `${path}.remote`]);
  }
  for (const name of configMap ? ['name', 'key'] : []) {
    if (configMap && !textOf(configMap, name)) reports.add('missing-field', headOf(configMap), [name, `${path}.configMapRef`]);
  }
  for (const name of whole ? [] : ['fetchConfigFile', 'includeSpec', 'includeObjectMeta', 'includeTypeMeta']) {
    const entry = policy.entries.get(name);
    if (entry) reports.add('unknown-field', entry.keyRange, [name, path]);
  }
}

export function checkKeyless(keyless: MapValue, path: string, reports: Reports): void {
  const authority = mapOf(keyless, 'ca-cert');
  if (textOf(keyless, 'url') && authority) reports.add('several-of', headOf(keyless), ['url, ca-cert', path]);
  // A certificate stands there, not a key: only that it is named in one way is looked at.
  const sources = authority ? ['data', 'kms', 'secretRef'].filter((name) => fieldOf(authority, name)) : [];
  if (authority && sources.length !== 1) reports.add(sources.length === 0 ? 'missing-one-of' : 'several-of', headOf(authority), ['data, secretRef, kms', `${path}.ca-cert`]);
  const identities = itemsOf(keyless, 'identities');
  if (identities.length === 0) reports.add('missing-field', headOf(keyless), ['identities', path]);
  for (const [index, identity] of identities.entries()) {
    for (const part of ['issuer', 'subject']) {
      const given = [part, `${part}RegExp`].filter((name) => textOf(identity, name));
      if (given.length !== 1) reports.add(given.length === 0 ? 'missing-one-of' : 'several-of', headOf(identity), [`${part}, ${part}RegExp`, `${path}.identities[${index}]`]);
    }
  }
}

/** With a host, as policy-controller asks for. */
function isHttps(text: string): boolean {
  return /^https:\/\/[^/\s]/.test(text) && URL.canParse(text);
}
