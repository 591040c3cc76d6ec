// Image references: the grammar of distribution/reference and go-containerregistry, and why a text is not one.
import { CosignError } from '../errors.ts';
import type { Digest } from '../crypto/digest.ts';

/** A parsed image reference. With both a tag and a digest the digest decides and the tag is only how people know it. */
export interface Reference {
  /** Registry host, `index.docker.io` for Docker Hub, with its port if one was written. */
  readonly registry: string;
  /** Path within the registry, `library/alpine` for Docker Hub's `alpine`. */
  readonly repository: string;
  /** Undefined only when a digest is present and no tag was written; `latest` when neither was written. */
  readonly tag?: string;
  readonly digest?: Digest;
}

/**
 * @throws {CosignError} `REFERENCE_INVALID`, quoting the text and saying which part breaks which rule
 */
export function parseReference(text: string): Reference {
  throw new CosignError('REFERENCE_INVALID', `not implemented: ${text}`);
}

/** `index.docker.io/library/alpine`: the canonical repository name, as it stands in signed payloads. */
export function canonicalRepository(reference: Reference): string {
  return `${reference.registry}/${reference.repository}`;
}

/** `index.docker.io/library/alpine:3.20`, or `…@sha256:…` when there is a digest (the tag is dropped then, as ggcr does). */
export function canonicalName(reference: Reference): string {
  const suffix = reference.digest ? `@${reference.digest}` : `:${reference.tag ?? 'latest'}`;
  return canonicalRepository(reference) + suffix;
}

/** `alpine:3.20`: as people write it; keeps tag and digest. */
export function familiarName(reference: Reference): string {
  throw new CosignError('REFERENCE_INVALID', `not implemented: ${reference.repository}`);
}
