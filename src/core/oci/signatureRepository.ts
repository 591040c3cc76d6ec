// `countersign.signing.repository`: where signatures lie when they do not lie beside the image.
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import type { RepositoryName } from './exchange.ts';
import { parseReference } from './reference.ts';

/**
 * As COSIGN_REPOSITORY: a whole repository name, its registry included, without a tag or digest.
 * @throws {CosignError} `SETTING_INVALID`, `REFERENCE_INVALID`
 */
export function parseSignatureRepository(text: string): RepositoryName {
  const { registry, repository, digest } = parseReference(text);
  const last = text.slice(text.lastIndexOf('/') + 1);
  if (digest || last.includes(':') || !text.includes('/')) {
    throw new CosignError('SETTING_INVALID', said`"${text.slice(0, 200)}" is no repository for signatures: write registry and repository, without a tag or digest.`, { remedy: said`Correct countersign.signing.repository.` });
  }
  return { registry, repository };
}
