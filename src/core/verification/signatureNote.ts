// A note about an image: which manifests listed its signatures, and when a registry said so. A hint where to look, and nothing more.
import { isDigest, type Digest } from '../crypto/digest.ts';
import { readJson } from '../encoding/json.ts';
import type { SignatureStore } from '../policy/verdict.ts';

export interface SignatureNote {
  /** Milliseconds since the epoch. */
  readonly readAt: number;
  /** The manifests that list signatures, and where each was found. */
  readonly manifests: ReadonlyMap<Digest, SignatureStore>;
}

const version = 1;
const stores: readonly SignatureStore[] = ['signature tag', 'referrers API', 'referrers tag'];
const maxNoteBytes = 64 * 1024;
const maxManifests = 200;

export function encodeNote({ readAt, manifests }: SignatureNote): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ version, readAt, manifests: [...manifests].map(([digest, store]) => ({ digest, store })) }));
}

/** @returns undefined for whatever is no note of this version */
export function readNote(bytes: Uint8Array): SignatureNote | undefined {
  let root: unknown;
  try {
    root = readJson(bytes, { maxBytes: maxNoteBytes, maxDepth: 4 });
  } catch {
    return undefined;
  }
  if (!isRecord(root) || root['version'] !== version) return undefined;
  const { readAt, manifests } = root;
  if (typeof readAt !== 'number' || !Number.isSafeInteger(readAt) || readAt < 0) return undefined;
  if (!Array.isArray(manifests) || manifests.length > maxManifests) return undefined;
  const read = manifests.map(readEntry);
  const good = read.filter((entry) => entry !== undefined);
  return good.length === read.length && good.filter(([, store]) => store === 'signature tag').length <= 1 ? { readAt, manifests: new Map(good) } : undefined;
}

function readEntry(entry: unknown): readonly [Digest, SignatureStore] | undefined {
  if (!isRecord(entry)) return undefined;
  const store = stores.find((name) => name === entry['store']);
  return store !== undefined && isDigest(entry['digest']) ? [entry['digest'], store] : undefined;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
