// `signedIdentity` of containers-policy.json(5): whether the name inside a signature may stand for the image that was asked for.
import type { Reference } from '../../oci/reference.ts';
import { said, type Said, type SaidArgument } from '../../said.ts';
import type { IdentityRule } from '../demand.ts';
import { dockerReferenceText, intendedReference, parseDockerReference, parseFullDockerReference, type DockerReference } from './dockerReference.ts';

/**
 * The rules of containers/image `signature/policy_reference_match.go`.
 * @param intended the image as it was asked for
 * @param signedReference `critical.identity.docker-reference` of a verified payload; hostile text until its signature was
 * @returns why the signature does not count, in words that go on from "the signature"; undefined when it counts
 */
export function identityFault(rule: IdentityRule, intended: Reference, signedReference: string | undefined): Said | undefined {
  if (signedReference === undefined) return said`it names no image, and the policy asks for one (signedIdentity)`;
  const signed = parseDockerReference(signedReference);
  if (!signed) return said`the name it signs, "${signedReference.slice(0, 200)}", is no image name`;
  const wanted = wantedIdentity(rule, intendedReference(intended));
  if (wanted === undefined) return said`the policy's signedIdentity (${rule.kind}) leads to no image name`;
  if (wanted.satisfiedBy(signed)) return undefined;
  return said`it signs "${dockerReferenceText(signed)}", and the policy asks for ${wanted.text} (${rule.kind})`;
}

interface WantedIdentity {
  /** For people. */
  readonly text: SaidArgument;
  satisfiedBy(signed: DockerReference): boolean;
}

function wantedIdentity(rule: IdentityRule, intended: DockerReference): WantedIdentity | undefined {
  switch (rule.kind) {
    case 'matchExact': return exactly(intended);
    case 'matchRepoDigestOrExact': return repositoryOfDigestOrExactly(intended);
    case 'matchRepository': return anyOf(intended);
    case 'exactReference': return whenParsed(parseDockerReference(rule.dockerReference), exactly);
    case 'exactRepository': return whenParsed(parseDockerReference(rule.dockerRepository), anyOf);
    case 'remapIdentity': return whenParsed(remapped(rule, intended), repositoryOfDigestOrExactly);
  }
}

/** The name with its tag or digest; a name without either says nothing exact and equals nothing. */
function exactly(reference: DockerReference): WantedIdentity {
  const text = dockerReferenceText(reference);
  return { text: `"${text}"`, satisfiedBy: (signed) => !isNameOnly(reference) && !isNameOnly(signed) && dockerReferenceText(signed) === text };
}

/** A tag must be signed as it is. A digest is compared with the signed digest anyway, so any tag or digest of the same repository may be signed, but one must. */
function repositoryOfDigestOrExactly(reference: DockerReference): WantedIdentity {
  if (reference.tag !== undefined) return exactly(reference);
  return {
    text: said`"${reference.name}" with a tag or digest`,
    satisfiedBy: (signed) => reference.digest !== undefined && !isNameOnly(signed) && signed.name === reference.name,
  };
}

function anyOf({ name }: DockerReference): WantedIdentity {
  return { text: said`the repository "${name}"`, satisfiedBy: (signed) => signed.name === name };
}

/** An image outside the prefix keeps its name. */
function remapped({ prefix, signedPrefix }: IdentityRule & { kind: 'remapIdentity' }, intended: DockerReference): DockerReference | undefined {
  if (intended.name !== prefix && !intended.name.startsWith(`${prefix}/`)) return intended;
  return parseFullDockerReference(signedPrefix + dockerReferenceText(intended).slice(prefix.length));
}

const isNameOnly = ({ tag, digest }: DockerReference): boolean => tag === undefined && digest === undefined;

function whenParsed(reference: DockerReference | undefined, wanted: (reference: DockerReference) => WantedIdentity): WantedIdentity | undefined {
  return reference && wanted(reference);
}
