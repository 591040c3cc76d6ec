// The bytes a DSSE signature is over (DSSE v1.0.2 protocol.md, "PAE").

/** The only payload type of cosign's image bundles. */
export const inTotoPayloadType = 'application/vnd.in-toto+json';

/** Pre-authentication encoding: lengths are in bytes, the payload is raw. */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType);
  return Uint8Array.from(Buffer.concat([Buffer.from(`DSSEv1 ${type.length} `), type, Buffer.from(` ${payload.length} `), payload]));
}
