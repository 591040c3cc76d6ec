// What is wrong in a policy file, and what a fix does, in words.
import type { ClusterProblemKind } from '../core/policy/cluster/reports.ts';
import type { PolicyFix, PolicyProblem } from '../core/policy/policyProblem.ts';
import { containersFixes, containersProblems } from './containersPolicyText.ts';
import { inWords, type Translate } from './translate.ts';

type Words = (args: readonly string[], t: Translate) => string;

const at = (args: readonly string[], index: number): string => args[index] ?? '';

const problems: Readonly<Record<ClusterProblemKind, Words>> = {
  'file-too-large': (_, t) => t('The file is too large to be read as a policy.'),
  'file-too-deep': (_, t) => t('The file nests deeper than any policy does.'),
  'yaml': (args, t) => t('This is not valid YAML: {0}.', at(args, 0).replace(/\.$/, '')),
  'unknown-anchor': (args, t) => t('Without quotes YAML takes {0} for an alias; write "{1}" in quotes.', at(args, 0), at(args, 0)),
  'unknown-version': (args, t) => t('"{0}" is no version of ClusterImagePolicy that is known; use policy.sigstore.dev/v1beta1.', at(args, 0)),
  'unknown-kind': (args, t) => t('There is no kind "{0}" in policy.sigstore.dev.', at(args, 0)),
  'unknown-field': (args, t) => (at(args, 1) === '' ? t('A ClusterImagePolicy has no field "{0}".', at(args, 0)) : t('"{1}" has no field "{0}".', at(args, 0), at(args, 1))),
  'duplicate-field': (args, t) => t('"{0}" stands here a second time; which one counts is not clear.', at(args, 0)),
  'wrong-type': (args, t) => (at(args, 0) === '' ? t('A policy must be a map of fields.') : wrongType(args, t)),
  'missing-field': (args, t) => (at(args, 1) === '' ? t('The policy has no "{0}".', at(args, 0)) : t('"{1}" has no "{0}".', at(args, 0), at(args, 1))),
  'missing-one-of': (args, t) => t('"{1}" needs one of: {0}.', at(args, 0), at(args, 1)),
  'several-of': (args, t) => t('"{1}" may have only one of: {0}.', at(args, 0), at(args, 1)),
  'unknown-value': (args, t) => t('"{0}" cannot be "{1}"; it is one of: {2}.', at(args, 0), at(args, 1), at(args, 2)),
  'duplicate-name': (args, t) => t('There is another policy "{0}" in this file; in a cluster one would replace the other.', at(args, 0)),
  'invalid-glob': (args, t) => t('"{0}" is not a glob: only letters, digits and - _ : / * . @ can stand in one.', at(args, 0)),
  'invalid-key': (args, t) => t('The key of "{0}" cannot be read. {1}', at(args, 0), at(args, 1)),
  'private-key': (args, t) => t('This is a private key. Whoever can read this file can sign: take it out, and use its public key.', at(args, 0)),
  'certificate': (_, t) => t('This is a certificate, not a public key.'),
  'invalid-kms': (args, t) => t('"{0}" names no key of a key management service that policy-controller knows.', at(args, 0)),
  'invalid-source': (args, t) => t('"{0}" is not a repository: write the registry and the path, without a tag.', at(args, 0)),
  'invalid-url': (args, t) => t('"{0}" is not an https address.', at(args, 0)),
  'selector-without-resource': (_, t) => t('A selector needs the resource whose labels it is about.'),
  'glob-docker-hub': (args, t) => t('"{0}" never matches: Docker Hub is called index.docker.io here. You mean "{1}".', at(args, 0), at(args, 1)),
  'glob-short-name': (args, t) => t('"{0}" never matches: a name begins with its registry. You mean "{1}".', at(args, 0), at(args, 1)),
  'glob-without-tag': (args, t) => t('"{0}" never matches: every name ends with a tag or a digest. You may mean "{1}".', at(args, 0), at(args, 1)),
  'glob-never': (args, t) => t('"{0}" matches no image there can be.', at(args, 0)),
  'glob-tags-only': (args, t) => t('"{0}" does not match images that are named by digest, as policy-controller names them once it has resolved the tag.', at(args, 0)),
  'glob-digests-only': (args, t) => t('"{0}" only matches images that are named by digest, not by tag.', at(args, 0)),
  'bundle-with-key': (_, t) => t('No image passes here: policy-controller reads bundles only where signatures are keyless.'),
  'unknown-format': (args, t) => t('"{0}" is no signature format; policy-controller takes it for "legacy".', at(args, 0)),
  'several-keys': (args, t) => t('Of the {1} keys of "{0}" only the first one counts. Write an authority for each.', at(args, 0), at(args, 1)),
  'secret-namespace': (args, t) => t('Secrets of any namespace but its own, which is cosign-system unless it was installed elsewhere, are refused by policy-controller; this says "{0}".', at(args, 0)),
  'key-in-secret': (args, t) => t('The key is read from the current cluster: {0}. The secret may hold nothing else, or policy-controller drops the policy.', at(args, 0)),
  'deprecated-predicate': (args, t) => t('The short name "{0}" is deprecated; it stands for {1}.', at(args, 0), at(args, 1)),
  'not-checked': (args, t) => t('{0} Countersign calls such images unchecked.', at(args, 0)),
  'match-ignored': (args, t) => t('In a cluster "{0}" counts for these resources only; for the images of a Dockerfile it always counts.', at(args, 0)),
};

function wrongType(args: readonly string[], t: Translate): string {
  const name = at(args, 0);
  switch (at(args, 1)) {
    case 'list': return t('"{0}" must be a list.', name);
    case 'map': return t('"{0}" must be a map of fields.', name);
    case 'boolean': return t('"{0}" must be true or false.', name);
    default: return t('"{0}" must be a text; put it in quotes.', name);
  }
}

const fixes: Readonly<Record<string, Words>> = {
  'rename-field': (args, t) => t('Rename to "{0}"', at(args, 1)),
  'remove-field': (args, t) => t('Remove "{0}"', at(args, 0)),
  'quote-text': (_, t) => t('Put in Quotes'),
  'use-version': (args, t) => t('Use {0}', at(args, 0)),
  'replace-glob': (args, t) => t('Replace with "{0}"', at(args, 0)),
  'use-legacy-format': (_, t) => t('Use the Legacy Format'),
  'use-own-namespace': (args, t) => t('Replace with "{0}"', at(args, 0)),
  'use-trusted-key': (args, t) => t('Replace with trusted key "{0}"', at(args, 0)),
  'split-authority': (_, t) => t('Write an Authority for Each Key'),
  'keep-first-key': (_, t) => t('Keep the First Key'),
  'use-predicate-type': (args, t) => t('Replace with "{0}"', at(args, 0)),
};

const known = (table: Readonly<Record<string, Words>>, kind: string): Words | undefined => (Object.hasOwn(table, kind) ? table[kind] : undefined);

/** One sentence; holds texts of the file, so it is for places that show plain text. */
export function policyProblemText({ kind, args }: Pick<PolicyProblem, 'kind' | 'args'>, t: Translate): string {
  const words = args.map((arg) => inWords(arg, t));
  return (known(problems, kind) ?? known(containersProblems, kind))?.(words, t) ?? [kind, ...words].join(' ');
}

/** The title of a quick fix. */
export function policyFixText({ kind, args }: Pick<PolicyFix, 'kind' | 'args'>, t: Translate): string {
  return (known(fixes, kind) ?? known(containersFixes, kind))?.(args, t) ?? kind;
}
