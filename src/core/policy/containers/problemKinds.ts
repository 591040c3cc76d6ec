// Everything that can be said about a containers policy: closed lists, so that the presentation has words for each.

/** `containers-` and one of these is the kind of a problem. */
export type ContainersFault =
  // The text
  | 'too-large' | 'too-deep' | 'syntax'
  // The shape
  | 'wrong-type' | 'duplicate-field' | 'unknown-field' | 'missing-field' | 'missing-default' | 'empty-list' | 'unknown-type'
  // What does not go together or means nothing
  | 'invalid-scope' | 'invalid-name' | 'base64-invalid' | 'key-source-count' | 'rekor-source-count' | 'fulcio-without-rekor' | 'pki-with-rekor' | 'registries-invalid'
  // What will never happen
  | 'identity-not-of-cosign' | 'key-unusable' | 'attachments-off' | 'scope-never-matches';

export type ContainersProblemKind = `containers-${ContainersFault}`;
export type ContainersFixKind = 'remove-field' | 'rename-field' | 'add-default' | 'rename-scope' | 'match-repository' | 'exact-repository' | 'encode-key' | 'replace-name';
