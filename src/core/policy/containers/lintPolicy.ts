// What a valid containers policy asks for that will never happen: signatures that cosign does not make, podman does not see, or no key checks.
import type { PolicyFix } from '../policyProblem.ts';
import type { ContainersPolicy } from './containersPolicy.ts';
import { dockerReferenceText, parseDockerReference } from './dockerReference.ts';
import { membersOf } from './jsonText.ts';
import type { PolicyReader } from './policyReader.ts';
import type { RegistriesD } from './registriesD.ts';
import type { Requirement, SigstoreSigned } from './requirement.ts';
import { unusableKey } from './requirementRule.ts';
import { meantScope } from './scopes.ts';

export function lintPolicy(reader: PolicyReader, policy: ContainersPolicy, registries: RegistriesD): void {
  lintRequirements(reader, policy.default, '', registries);
  for (const [scope, { keyRange, requirements }] of policy.docker) {
    const meant = meantScope(scope);
    if (meant !== undefined) {
      reader.warning('scope-never-matches', keyRange, [scope.slice(0, 200), meant], [{ kind: 'rename-scope', args: [scope.slice(0, 200), meant], edits: [{ range: keyRange, text: JSON.stringify(meant) }] }]);
    }
    lintRequirements(reader, requirements, meant ?? scope, registries);
  }
}

function lintRequirements(reader: PolicyReader, requirements: readonly Requirement[], scope: string, registries: RegistriesD): void {
  for (const requirement of requirements) {
    if (requirement.kind !== 'sigstoreSigned') continue;
    const { identity, identityNode, keys } = requirement;
    if (identity.kind !== 'matchRepository' && identity.kind !== 'exactRepository') {
      reader.warning('identity-not-of-cosign', identityNode ? reader.json.rangeOf(identityNode) : reader.json.range(requirement.node.offset, 1), [identity.kind], fixesOf(reader, requirement));
    }
    const unusable = unusableKey(keys);
    if (unusable) reader.warning('key-unusable', unusable.key.range, [unusable.error.said], [], { form: unusable.key.kind === 'path' ? 'path' : 'base64', range: unusable.key.range });
    if (!registries.fault && !registries.mayUseAttachments(scope)) reader.warning('attachments-off', reader.json.range(requirement.node.offset, 1), [scope === '' ? 'default-docker' : scope.slice(0, 200)]);
  }
}

/** cosign signs the name of the repository: the nearest rule that asks for that. */
function fixesOf(reader: PolicyReader, { identity, identityNode, node }: SigstoreSigned): readonly PolicyFix[] {
  const name = identity.kind === 'exactReference' ? parseDockerReference(identity.dockerReference)?.name : undefined;
  const kind = name === undefined ? 'match-repository' : 'exact-repository';
  const written = name === undefined ? '{"type": "matchRepository"}' : `{"type": "exactRepository", "dockerRepository": ${JSON.stringify(dockerReferenceText({ name }))}}`;
  if (identity.kind === 'remapIdentity') return [];
  if (identityNode) return [{ kind, args: [], edits: [{ range: reader.json.rangeOf(identityNode), text: written }] }];
  const last = membersOf(node).at(-1);
  if (!last) return [];
  const end = last.value.offset + last.value.length;
  return [{ kind, args: [], edits: [{ range: reader.json.range(end, 0), text: `,${separator(reader.json.text, last.key.offset)}"signedIdentity": ${written}` }] }];
}

/** A new line with the same indentation where the member before starts a line of its own, else a space. */
function separator(text: string, memberOffset: number): string {
  const before = text.slice(0, memberOffset);
  const indentation = /(?:\r?\n)[ \t]*$/.exec(before)?.[0];
  return indentation ?? ' ';
}
