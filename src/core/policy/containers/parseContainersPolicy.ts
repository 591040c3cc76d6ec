// containers-policy.json(5), with the registries.d that belongs to it → what it demands of an image, and everything that is wrong with it.
import { CosignError } from '../../errors.ts';
import { said } from '../../said.ts';
import type { Reference } from '../../oci/reference.ts';
import type { TextRange } from '../../textRange.ts';
import type { Demand, PolicyFile } from '../demand.ts';
import type { PolicyFix, ReadPolicyFile } from '../policyProblem.ts';
import { signerRulesIn } from '../requirements.ts';
import type { ContainersPolicy, ScopePolicy } from './containersPolicy.ts';
import { JsonText, membersOf, type JsonNode } from './jsonText.ts';
import { lintPolicy } from './lintPolicy.ts';
import { PolicyReader } from './policyReader.ts';
import { RegistriesD, type RegistriesFile } from './registriesD.ts';
import { parseRequirements, type Requirement } from './requirement.ts';
import { keyPlacesOf, ruleOf } from './requirementRule.ts';
import { scopesOf } from './scopes.ts';
import { isPossibleScope } from './transportScopes.ts';

export interface ContainersPolicyOptions {
  /** The files of registries.d that count, in any order: whether signatures are looked for at all. */
  readonly registriesD: readonly RegistriesFile[];
  /** Absolute folder that relative key paths start from. */
  readonly baseDirectory?: string;
}

/** Never throws for what is in the texts: problems say it. A policy that is not valid leaves every image unchecked, as podman pulls none then. */
export function parseContainersPolicy(text: string, uri: string, { registriesD, baseDirectory }: ContainersPolicyOptions): ReadPolicyFile {
  const reader = new PolicyReader(new JsonText(text));
  const policy = readPolicy(reader);
  const registries = new RegistriesD(registriesD);
  if (registries.fault) reader.error('registries-invalid', reader.json.range(0, 1), [registries.fault.uri, registries.fault.why]);
  const broken = reader.problems.find(({ severity }) => severity === 'error');
  if (policy) lintPolicy(reader, policy, registries);
  const problems = reader.problems;

  const demandsFor = (reference: Reference): readonly Demand[] => {
    if (broken || !policy) return [invalidDemand(uri, broken?.range)];
    const { name, requirements } = chosenScope(policy, reference);
    const usesAttachments = registries.usesAttachments(reference);
    return requirements.map((requirement): Demand => ({
      policy: name, match: { kind: name === 'default' ? 'default' : 'scope', text: name }, origin: { kind: 'containers-policy', uri, range: requirement.range },
      rule: ruleOf(requirement, { baseDirectory, usesAttachments }),
    }));
  };
  return { format: 'containers-policy', file: { uri, demandsFor, ...keyFilesOf(broken ? undefined : policy, baseDirectory) }, policies: policy ? policy.docker.size + 1 : 0, problems, keyPlaces: broken || !policy ? [] : requirementsOf(policy).flatMap((requirement) => keyPlacesOf(requirement, baseDirectory)) };
}

/** The keys behind paths; those inside the policy need no watching. */
function keyFilesOf(policy: ContainersPolicy | undefined, baseDirectory: string | undefined): Pick<PolicyFile, 'keys'> {
  const requirements = policy ? requirementsOf(policy) : [];
  const keys = requirements.flatMap((requirement) => signerRulesIn(ruleOf(requirement, { baseDirectory, usesAttachments: true }))).flatMap((rule) => rule.keys)
    .filter(({ reference }) => !reference.includes('-----BEGIN '));
  return keys.length === 0 ? {} : { keys };
}

const requirementsOf = (policy: ContainersPolicy): readonly Requirement[] => [...policy.default, ...[...policy.docker.values()].flatMap((scope) => scope.requirements)];

/** Only the most specific scope counts: nothing is inherited or merged. */
function chosenScope(policy: ContainersPolicy, reference: Reference): { readonly name: string; readonly requirements: readonly Requirement[] } {
  const scope = [...scopesOf(reference), ''].find((candidate) => policy.docker.has(candidate));
  const requirements = scope === undefined ? undefined : policy.docker.get(scope)?.requirements;
  if (scope === undefined || !requirements) return { name: 'default', requirements: policy.default };
  return { name: scope === '' ? 'docker' : scope, requirements };
}

function invalidDemand(uri: string, range: TextRange | undefined): Demand {
  const error = new CosignError('POLICY_INVALID', said`The containers policy is not valid, and podman pulls no image with it.`, { remedy: said`Correct the policy file.`, place: { uri, ...(range ? { range } : {}) } });
  return { policy: 'policy.json', origin: { kind: 'containers-policy', uri, ...(range ? { range } : {}) }, rule: { kind: 'unsupported', error } };
}

function readPolicy(reader: PolicyReader): ContainersPolicy | undefined {
  const parsed = reader.json.parse();
  if ('fault' in parsed) {
    const { fault } = parsed;
    reader.error(fault.kind, fault.range, [fault.kind === 'syntax' ? fault.reason : String(fault.limit)]);
    return undefined;
  }
  const { root } = parsed;
  if (root.type !== 'object') {
    reader.wrongType(root, 'policy', 'object');
    return undefined;
  }
  const fields = reader.fields(root, 'policy', ['default', 'transports']);
  const fallback = fields.get('default');
  if (!fallback) reader.error('missing-default', reader.json.range(root.offset, 1), [], [addDefault(reader, root)]);
  const transports = fields.get('transports');
  return {
    default: fallback ? parseRequirements(reader, fallback, 'default') : [],
    docker: transports ? readTransports(reader, transports) : new Map(),
  };
}

/** Every transport is checked; images of a Dockerfile have transport `docker`. */
function readTransports(reader: PolicyReader, node: JsonNode): ReadonlyMap<string, ScopePolicy> {
  const docker = new Map<string, ScopePolicy>();
  for (const { name: transport, value } of reader.members(node, 'transports')) {
    for (const { name: scope, key, value: list } of reader.members(value, transport)) {
      if (!isPossibleScope(transport, scope)) reader.error('invalid-scope', reader.json.rangeOf(key), [transport, scope.slice(0, 200)]);
      const requirements = parseRequirements(reader, list, scope);
      if (transport === 'docker') docker.set(scope, { keyRange: reader.json.rangeOf(key), requirements });
    }
  }
  return docker;
}

function addDefault(reader: PolicyReader, root: JsonNode): PolicyFix {
  const line = '"default": [{"type": "reject"}]';
  const text = membersOf(root).length === 0 ? line : `\n    ${line},`;
  return { kind: 'add-default', args: [], edits: [{ range: reader.json.range(root.offset + 1, 0), text }] };
}
