// Signatures that passed, as cosign prints them: the `critical` and `optional` of simple signing, whatever format they were found in.
import { encodeGoJson, type GoValue } from '../core/cosign/goJson.ts';
import { hexOf } from '../core/crypto/digest.ts';
import { readJson } from '../core/encoding/json.ts';
import { canonicalName, type Reference } from '../core/oci/reference.ts';
import type { Evidence, SignatureReport } from '../core/policy/verdict.ts';

/** One line of JSON as cosign prints it for `--output json`; a newline comes before and after it there. */
export function claimsArray(reference: Reference, evidence: Evidence): string {
  return textOf(passed(evidence).map((signature) => claimOf(reference, evidence, signature)));
}

/** For `--output text`: each payload on a line of its own; that of a bundle in the form of simple signing. */
export function claimLines(reference: Reference, evidence: Evidence): readonly string[] {
  return passed(evidence).map((signature) => (signature.format === 'legacy' && signature.payload ? new TextDecoder().decode(signature.payload) : textOf(claimOf(reference, evidence, signature))));
}

const passed = ({ signatures }: Evidence): readonly SignatureReport[] => signatures.filter(({ signedBy }) => signedBy !== undefined);
const textOf = (value: GoValue): string => new TextDecoder().decode(encodeGoJson(value));

function claimOf(reference: Reference, evidence: Evidence, signature: SignatureReport): GoValue {
  return signature.format === 'legacy' ? legacyClaim(signature) : {
    critical: {
      // As cosign 3 does: the reference that was asked about, in its canonical form; and always an object.
      identity: { 'docker-reference': canonicalName(reference) },
      image: { 'docker-manifest-digest': `sha256:${hexOf(evidence.decidedBy)}` },
      type: signature.predicateType ?? '',
    },
    optional: new Map(Object.entries(signature.annotations)),
  };
}

/** The members cosign knows, in its order; what a payload has besides is not printed. */
function legacyClaim({ payload = new Uint8Array() }: SignatureReport): GoValue {
  const root = members(readJson(payload));
  const critical = members(root['critical']);
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    critical: {
      identity: { 'docker-reference': text(members(critical['identity'])['docker-reference']) },
      image: { 'docker-manifest-digest': text(members(critical['image'])['docker-manifest-digest']) },
      type: text(critical['type']),
    },
    optional: root['optional'] === undefined ? null : toGo(root['optional']),
  };
}

/** Any JSON; objects are Go maps here. */
function toGo(value: unknown): GoValue {
  if (Array.isArray(value)) return value.map(toGo);
  if (typeof value === 'object' && value !== null) return new Map(Object.entries(value).map(([name, member]) => [name, toGo(member)]));
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {};
}
