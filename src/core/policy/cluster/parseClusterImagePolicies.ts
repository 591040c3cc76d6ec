// ClusterImagePolicies of sigstore's policy-controller (policy.sigstore.dev, v1beta1 and v1alpha1) → demands on images, and what is wrong with the file.
import { CosignError } from '../../errors.ts';
import { said } from '../../said.ts';
import type { Reference } from '../../oci/reference.ts';
import type { Demand, DemandRule } from '../demand.ts';
import type { PolicyFix, ReadPolicyFile } from '../policyProblem.ts';
import { checkPolicy } from './attestation.ts';
import { readAuthority } from './authority.ts';
import { checkShape } from './checkShape.ts';
import { fieldOf, headOf, itemsOf, mapOf, textOf, type MapValue } from './fields.ts';
import { matchesImage, parseImageGlob, remarkOn, type ImageGlob } from './imageGlob.ts';
import { Reports, type ClusterPolicyProblem } from './reports.ts';
import { clusterImagePolicy } from './shape.ts';
import { readYaml, type Value } from './values.ts';

export interface ClusterPolicyFile extends ReadPolicyFile {
  readonly format: 'cluster-image-policy';
  readonly problems: readonly ClusterPolicyProblem[];
}

interface ClusterPolicy {
  readonly globs: readonly ImageGlob[];
  readonly demand: Demand;
}

const group = 'policy.sigstore.dev/';
const versions: readonly string[] = ['policy.sigstore.dev/v1beta1', 'policy.sigstore.dev/v1alpha1'];
/** What else the group has; Countersign needs none of it. */
const otherKinds: readonly string[] = ['TrustRoot', 'TrustRootList'];

/**
 * Every ClusterImagePolicy of a YAML file, also within a List; documents of other kinds are passed over. A policy with an error demands
 * nothing, and the error says that the file must not be relied on. Never throws, whatever the text.
 * @param uri where the file is, for the origin of its demands
 */
export function parseClusterImagePolicies(text: string, uri: string): ClusterPolicyFile {
  const reports = new Reports();
  const { documents, problems } = readYaml(text);
  for (const { kind, range, message } of problems) {
    const quoted: PolicyFix = { kind: 'quote-text', args: [], edits: [{ range, text: JSON.stringify(message) }] };
    reports.add(kind, range, message === '' ? [] : [message], kind === 'unknown-anchor' ? [quoted] : []);
  }
  const found = documents.flatMap((document) => policiesIn(document, reports));
  const names = new Set<string>();
  const policies = found.flatMap((document) => {
    const policy = readPolicy(document, uri, names, reports);
    return policy ? [policy] : [];
  });
  return {
    format: 'cluster-image-policy', policies: found.length, problems: reports.all,
    file: { uri, demandsFor: (reference) => policies.flatMap((policy) => demandOn(policy, reference) ?? []) },
  };
}

/** All policies that match count, each once, however many of its globs match. */
function demandOn({ globs, demand }: ClusterPolicy, reference: Reference): Demand | undefined {
  const glob = globs.find((candidate) => matchesImage(candidate, reference));
  return glob && { ...demand, match: { kind: 'glob', text: glob.text } };
}

function policiesIn(document: Value, reports: Reports, inList = false): readonly MapValue[] {
  if (document.kind !== 'map') return [];
  const [version, kind] = [textOf(document, 'apiVersion'), textOf(document, 'kind')];
  if (!inList && ((kind?.text === 'List' && version?.text === 'v1') || (kind?.text === 'ClusterImagePolicyList' && version?.text.startsWith(group)))) {
    // A list of either kind holds policies; what is repeated in it might hide one.
    for (const { keyRange, name } of document.repeated) reports.add('duplicate-field', keyRange, [name, '']);
    return itemsOf(document, 'items').flatMap((item) => policiesIn(item, reports, true));
  }
  // What is written twice may be read either way: no such document is passed over.
  const again = document.repeated.find(({ name, value }) => (name === 'kind' || name === 'apiVersion') && value.kind === 'text' && /ClusterImagePolicy|sigstore/.test(value.text));
  const isPolicy = kind?.text === 'ClusterImagePolicy' && !version?.text.includes('.openshift.io/');
  if (!isPolicy && !version?.text.startsWith(group)) {
    if (again) reports.add('duplicate-field', again.keyRange, [again.name, '']);
    return [];
  }
  if (kind && version && otherKinds.includes(kind.text) && !again) return [];
  if (!kind || !version) reports.add('missing-field', headOf(document), [kind ? 'apiVersion' : 'kind', '']);
  else if (kind.text !== 'ClusterImagePolicy') reports.add('unknown-kind', kind.range, [kind.text]);
  else if (!versions.includes(version.text)) {
    reports.add('unknown-version', version.range, [version.text], version.block ? [] : [{ kind: 'use-version', args: ['policy.sigstore.dev/v1beta1'], edits: [{ range: version.range, text: 'policy.sigstore.dev/v1beta1' }] }]);
  } else return [document];
  return [];
}

function readPolicy(document: MapValue, uri: string, names: Set<string>, reports: Reports): ClusterPolicy | undefined {
  const before = reports.errors;
  checkShape(document, clusterImagePolicy, '', reports);
  const metadata = mapOf(document, 'metadata');
  const name = textOf(metadata, 'name') ?? textOf(metadata, 'generateName');
  if (!name && !fieldOf(metadata, 'name')) reports.add('missing-field', headOf(metadata ?? document), ['name', 'metadata']);
  if (name && names.has(name.text)) reports.add('duplicate-name', name.range, [name.text]);
  names.add(name?.text ?? '');
  const policy = name?.text ?? '';
  const spec = mapOf(document, 'spec');
  if (!spec) {
    if (!fieldOf(document, 'spec')) reports.add('missing-field', headOf(document), ['spec', '']);
    return undefined;
  }
  const globs = readGlobs(spec, reports);
  const mode = textOf(spec, 'mode');
  if (mode && mode.text !== 'enforce' && mode.text !== 'warn') reports.add('unknown-value', mode.range, ['spec.mode', mode.text, 'enforce, warn']);
  const rule = readRule(spec, policy, reports);
  checkMatch(spec, policy, reports);
  if (reports.errors > before || !rule) return undefined;
  const demand: Demand = { policy, origin: { kind: 'cluster-image-policy', uri, range: name?.range ?? document.range }, severity: mode?.text === 'warn' ? 'warning' : 'error', rule };
  return { globs, demand };
}

/** Any one authority suffices; the policy over all of them, which is not evaluated here, must hold too. */
function readRule(spec: MapValue, policy: string, reports: Reports): DemandRule | undefined {
  const authorities = itemsOf(spec, 'authorities');
  if (authorities.length === 0 && wellTyped(spec, 'authorities')) reports.add('missing-field', headOf(fieldOf(spec, 'authorities') ?? spec), ['authorities', 'spec']);
  const rules = authorities.flatMap((authority, index) => readAuthority(authority, index, policy, reports) ?? []);
  const [only, ...others] = rules;
  if (!only) return undefined;
  // Each secret is read before any of them counts: policy-controller drops a policy with one that it cannot use.
  const needsEveryKey = rules.some((rule) => rule.kind === 'signers' && rule.keys.some(({ onlyEntry }) => onlyEntry === true));
  const any: DemandRule = others.length === 0 ? only : { kind: 'any', rules, ...(needsEveryKey ? { needsEveryKey } : {}) };
  const over = mapOf(spec, 'policy');
  if (!over) return any;
  checkPolicy(over, 'spec.policy', true, reports);
  const language = textOf(over, 'type')?.text === 'rego' ? 'Rego' : 'CUE';
  const error = new CosignError('POLICY_UNSUPPORTED', said`The policy "${policy}" is also decided by ${language} code, which Countersign does not run.`, { remedy: said`Verify the image with what enforces the policy.` });
  reports.add('not-checked', headOf(over), [error.said]);
  return { kind: 'all', rules: [any, { kind: 'unsupported', error }] };
}

function readGlobs(spec: MapValue, reports: Reports): readonly ImageGlob[] {
  const images = itemsOf(spec, 'images');
  if (images.length === 0 && wellTyped(spec, 'images')) reports.add('missing-field', headOf(fieldOf(spec, 'images') ?? spec), ['images', 'spec']);
  return images.flatMap((image, index) => {
    const value = textOf(image, 'glob');
    if (!value) {
      if (image.kind === 'map' && (!fieldOf(image, 'glob') || fieldOf(image, 'glob')?.kind === 'text')) reports.add('missing-field', headOf(image), ['glob', `spec.images[${index}]`]);
      return [];
    }
    const glob = parseImageGlob(value.text);
    if (!glob) {
      reports.add('invalid-glob', value.range, [value.text]);
      return [];
    }
    const remark = remarkOn(glob);
    if (remark && 'meant' in remark) reports.add(remark.kind, value.range, [value.text, remark.meant], value.block ? [] : [{ kind: 'replace-glob', args: [remark.meant], edits: [{ range: value.range, text: `"${remark.meant}"` }] }]);
    else if (remark) reports.add(remark.kind, value.range, [value.text]);
    return [glob];
  });
}

/** Which resources of a cluster a policy is for does not show in a Dockerfile: it counts for all of them. */
function checkMatch(spec: MapValue, policy: string, reports: Reports): void {
  const filters = itemsOf(spec, 'match');
  for (const filter of filters) {
    if (fieldOf(filter, 'selector') && !['group', 'version', 'resource'].some((field) => textOf(filter, field))) reports.add('selector-without-resource', headOf(filter));
  }
  const [first] = filters;
  if (first) reports.add('match-ignored', headOf(first), [policy]);
}

/** Absent, or a list: anything else was reported already. */
function wellTyped(within: MapValue, name: string): boolean {
  const value = fieldOf(within, name);
  return !value || value.kind === 'list';
}
