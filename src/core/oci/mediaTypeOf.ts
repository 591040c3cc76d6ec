// What a manifest is: by its own bytes, which the digest covers, before the header, which nothing covers.
import { readJson } from '../encoding/json.ts';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import { plainMediaType } from './headers.ts';
import { isIndexMediaType, maxManifestBytes, mediaTypes } from './manifest.ts';

/**
 * The media type a manifest states itself; without one, an index if it lists manifests; else what the header says.
 * @throws {CosignError} `REGISTRY_RESPONSE_INVALID` for a web page or anything else that is no manifest at all, `MANIFEST_INVALID` for a broken one
 */
export function mediaTypeOf(bytes: Uint8Array, header: string | undefined): string {
  const plain = plainMediaType(header) ?? mediaTypes.ociManifest;
  let root: unknown;
  try {
    root = readJson(bytes, { maxBytes: maxManifestBytes });
  } catch (cause) {
    if (plain.includes('json')) throw cause;
    throw new CosignError('REGISTRY_RESPONSE_INVALID', said`A manifest was asked for, and something else came ("${plain.replace(/[^\x20-\x7e]/g, '').slice(0, 60)}").`, {
      cause, remedy: said`Check that this host is a container registry, and that no login page of a network stands in front of it.`,
    });
  }
  if (typeof root !== 'object' || root === null || Array.isArray(root)) throw new CosignError('MANIFEST_INVALID', said`A manifest in the registry cannot be read: it is no object.`);
  const { mediaType, manifests } = root as Readonly<Record<string, unknown>>;
  if (typeof mediaType === 'string') return mediaType;
  if (Array.isArray(manifests)) return mediaTypes.ociIndex;
  return isIndexMediaType(plain) || !plain.startsWith('application/vnd.') ? mediaTypes.ociManifest : plain;
}
