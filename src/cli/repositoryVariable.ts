// COSIGN_REPOSITORY: a repository for signatures, instead of the image's own.
import { parseReference, type Reference } from '../core/oci/reference.ts';
import type { Machine } from './machine.ts';
import { UsageError } from './flags.ts';

/** Undefined when the variable is not set or empty. @throws {UsageError} when it names no repository */
export function signatureRepository({ env }: Pick<Machine, 'env'>): Pick<Reference, 'registry' | 'repository'> | undefined {
  const text = env['COSIGN_REPOSITORY'];
  if (text === undefined || text === '') return undefined;
  const { registry, repository, digest } = parseReference(text);
  if (digest || text.slice(text.lastIndexOf('/') + 1).includes(':')) throw new UsageError(`COSIGN_REPOSITORY must be a repository without a tag or digest, not "${text}".`);
  return { registry, repository };
}
