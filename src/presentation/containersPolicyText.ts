// What is wrong in a containers policy (policy.json), and what a fix does, in words.
import type { ContainersFixKind, ContainersProblemKind } from '../core/policy/containers/problemKinds.ts';
import type { Translate } from './translate.ts';

type Words = (args: readonly string[], t: Translate) => string;

const at = (args: readonly string[], index: number): string => args[index] ?? '';

/** A mistake makes podman refuse the whole file; the others do not change what the file means. */
export const containersProblems: Readonly<Record<ContainersProblemKind, Words>> = {
  'containers-too-large': (_, t) => t('The file is too large to be read as a policy.'),
  'containers-too-deep': (_, t) => t('The file nests deeper than any policy does.'),
  'containers-syntax': (_, t) => t('This is not valid JSON. Comments and commas at the end of a list are not allowed either.'),
  'containers-wrong-type': (args, t) => wrongType(args, t),
  'containers-duplicate-field': (args, t) => t('"{0}" stands here a second time; podman refuses the whole file.', at(args, 0)),
  'containers-unknown-field': (args, t) => t('"{0}" is unknown here, and podman refuses the whole file. Known are: {1}.', at(args, 0), at(args, 1)),
  'containers-missing-field': (args, t) => (at(args, 1) === '' ? t('"{0}" is missing.', at(args, 0)) : t('"{0}" is missing: {1}.', at(args, 0), at(args, 1))),
  'containers-missing-default': (_, t) => t('A policy needs "default": what is asked of images that no scope covers.'),
  'containers-empty-list': (args, t) => t('"{0}" must have at least one entry.', at(args, 0)),
  'containers-unknown-type': (args, t) => t('"{0}" is no known type. Known are: {1}.', at(args, 0), at(args, 1)),
  'containers-invalid-scope': (args, t) => t('The transport "{0}" cannot have the scope "{1}".', at(args, 0), at(args, 1)),
  'containers-invalid-name': (args, t) => t('"{1}" is no name that "{0}" can have.', at(args, 0), at(args, 1)),
  'containers-base64-invalid': (args, t) => t('"{0}" must be base64.', at(args, 0)),
  'containers-key-source-count': (args, t) => t('Exactly one of these must be given: {0}.', at(args, 0)),
  'containers-rekor-source-count': (_, t) => t('Only one member with public keys of Rekor can be given.'),
  'containers-fulcio-without-rekor': (_, t) => t('"fulcio" needs a public key of Rekor.'),
  'containers-pki-with-rekor': (_, t) => t('"pki" cannot be combined with public keys of Rekor.'),
  'containers-registries-invalid': (args, t) => t('{0} cannot be used, and podman pulls nothing: it {1}.', at(args, 0), at(args, 1)),
  'containers-identity-not-of-cosign': (args, t) => t('cosign signs the repository only, and {0} asks for a tag or digest: its signatures never pass here, unless they were made with --sign-container-identity. Use matchRepository.', at(args, 0)),
  'containers-key-unusable': (args, t) => t('No signature can pass here: {0}', at(args, 0)),
  'containers-attachments-off': (args, t) => t('podman does not look for cosign\'s signatures here: no file of registries.d sets use-sigstore-attachments for {0}.', at(args, 0)),
  'containers-scope-never-matches': (args, t) => t('"{0}" never matches: scopes are written in full. You mean "{1}".', at(args, 0), at(args, 1)),
};

export const containersFixes: Readonly<Record<Exclude<ContainersFixKind, 'remove-field' | 'rename-field'>, Words>> = {
  'add-default': (_, t) => t('Add a Default That Rejects'),
  'rename-scope': (args, t) => t('Replace with "{0}"', at(args, 1)),
  'match-repository': (_, t) => t('Use matchRepository'),
  'exact-repository': (_, t) => t('Use exactRepository'),
  'encode-key': (_, t) => t('Encode as Base64'),
  'replace-name': (args, t) => t('Replace with "{0}"', at(args, 0)),
};

function wrongType(args: readonly string[], t: Translate): string {
  const name = at(args, 0);
  switch (at(args, 1)) {
    case 'object': return t('"{0}" must be an object.', name);
    case 'text': return t('"{0}" must be a text.', name);
    default: return t('"{0}" must be a list.', name);
  }
}
