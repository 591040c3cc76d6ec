// What a manifest is: by its own bytes, which the digest covers, before the header, which nothing covers.
import { readJson } from '../encoding/json.ts';
import { mediaTypes } from './manifest.ts';

/** The media type a manifest states itself; without one, an index if it lists manifests; else what the header says. Never throws. */
export function mediaTypeOf(bytes: Uint8Array, header: string | undefined): string {
  const plain = header?.split(';')[0]?.trim().toLowerCase() ?? mediaTypes.ociManifest;
  let root: unknown;
  try {
    root = readJson(bytes);
  } catch {
    return plain;
  }
  if (typeof root !== 'object' || root === null) return plain;
  const members = root as Readonly<Record<string, unknown>>;
  if (typeof members['mediaType'] === 'string') return members['mediaType'];
  if (Array.isArray(members['manifests'])) return mediaTypes.ociIndex;
  return plain === mediaTypes.ociIndex || plain === mediaTypes.dockerIndex ? mediaTypes.ociManifest : plain;
}
