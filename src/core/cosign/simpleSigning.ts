// The signed payload of a legacy image signature: encode, parse (`cosign.md` §2.2; cosign SIGNATURE_SPEC.md).
import { isDigest, type Digest } from '../crypto/digest.ts';
import { encodeGoJson } from './goJson.ts';
import { JsonShape, stringMembers } from '../encoding/jsonShape.ts';
import { said } from '../said.ts';

/** What a payload claims. Worth nothing until a signature over the very same bytes was verified. */
export interface SimpleSigningPayload {
  readonly digest: Digest;
  /** `critical.identity.docker-reference`: informational, any repository may hold the signature. */
  readonly identity: string | undefined;
  readonly type: string | undefined;
  /** The string members of `optional`. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Names of members of `optional` that are no strings (Red Hat's tools write a number as `timestamp`). */
  readonly otherAnnotations: readonly string[];
}

export const payloadType = 'cosign container image signature';
/** Far above any payload cosign writes, far below what would hurt. */
export const maxPayloadBytes = 128 * 1024;

const shape = new JsonShape('PAYLOAD_INVALID', said`the signed payload`);

/**
 * The bytes that `cosign sign` signs, exactly.
 * @param claim.repository canonical repository name, `index.docker.io/library/alpine`
 */
export function encodePayload(claim: { readonly repository: string; readonly digest: Digest; readonly annotations: Readonly<Record<string, string>> }): Uint8Array {
  const annotations = Object.entries(claim.annotations);
  return encodeGoJson({
    critical: {
      identity: { 'docker-reference': claim.repository },
      image: { 'docker-manifest-digest': claim.digest },
      type: payloadType,
    },
    optional: annotations.length === 0 ? null : new Map(annotations),
  });
}

/**
 * Reads a payload of any writer: unknown members are let be, `optional` may hold anything.
 * @throws {CosignError} `PAYLOAD_INVALID`, `SIZE_LIMIT`
 */
export function parsePayload(bytes: Uint8Array, maxBytes = maxPayloadBytes): SimpleSigningPayload {
  const root = shape.parse(bytes, maxBytes);
  const critical = shape.object(shape.member(root, 'critical'), '"critical"');
  const image = shape.object(shape.member(critical, 'image'), '"image"');
  const identity = shape.optionalObject(shape.member(critical, 'identity'), '"identity"');
  const optional = shape.optionalObject(shape.member(root, 'optional'), '"optional"');
  const digest = shape.member(image, 'docker-manifest-digest');
  if (!isDigest(digest)) throw shape.fail(said`"docker-manifest-digest" is not a sha256 digest`);
  const { strings, others } = stringMembers(optional);
  return {
    digest,
    identity: identity && shape.optionalString(shape.member(identity, 'docker-reference'), '"docker-reference"'),
    type: shape.optionalString(shape.member(critical, 'type'), '"type"'),
    annotations: strings,
    otherAnnotations: others,
  };
}
