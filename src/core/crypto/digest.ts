// sha256 digests: parse, compute, compare (OCI image-spec v1.1, descriptor.md#digests).
import { createHash } from 'node:crypto';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';

declare const brand: unique symbol;

/** `sha256:` and 64 lower-case hex digits. */
export type Digest = string & { readonly [brand]: 'Digest' };

/** @throws {CosignError} `DIGEST_INVALID`, quoting the text that is not a sha256 digest */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new CosignError('DIGEST_INVALID', said`"${text.slice(0, 100)}" is not a sha256 digest (sha256: and 64 lower-case hex digits).`);
}

export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && /^sha256:[0-9a-f]{64}$/.test(text);
}

/** A digest as image-spec v1.1 writes it, by another algorithm than sha256: content that is named so is not read here. */
export function isOtherDigest(text: unknown): text is string {
  return typeof text === 'string' && text.length <= 200 && /^(?!sha256:)[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/.test(text);
}

/** The digest of these bytes. */
export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}

/** A digest of bytes that come one after another, in constant memory. */
export interface RunningDigest {
  update(bytes: Uint8Array): void;
  /** Call once, at the end. */
  finish(): Digest;
}

export function startDigest(): RunningDigest {
  const hash = createHash('sha256');
  return {
    update: (bytes) => { hash.update(bytes); },
    finish: () => `sha256:${hash.digest('hex')}` as Digest,
  };
}

/** The 64 hex digits of a digest, without the algorithm. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
