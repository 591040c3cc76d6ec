// One signature to be made: of what, by whom, in words both formats share; and how to tell that it exists already.
import { digestsOf, startPureCheck, verifyDigests } from '../crypto/signatures.ts';
import type { PrivateKey } from '../crypto/privateKey.ts';
import type { PublicKey } from '../crypto/publicKey.ts';
import type { Descriptor } from '../oci/manifest.ts';
import type { RepositoryName } from '../verification/registryReader.ts';

export interface SignatureRequest {
  /** The manifest to sign, exactly as the registry stores it. */
  readonly subject: Descriptor;
  /** Where the image is: what the payload names. Canonical name, `index.docker.io/library/alpine`. */
  readonly identity: string;
  /** Where the signature goes: the image's own repository unless COSIGN_REPOSITORY says otherwise. */
  readonly repository: RepositoryName;
  readonly annotations: Readonly<Record<string, string>>;
  readonly key: PrivateKey;
  /** For registries that refuse OCI media types; legacy signatures only. */
  readonly dockerMediaTypes: boolean;
}

/** A signature for which everything was looked at that could forbid it; nothing was written yet. */
export interface PreparedSignature {
  /** The same signature by the same key is stored already (cosign's dupe rule, `cosign.md` §2.4). */
  readonly alreadyThere: boolean;
  /** Signs and pushes. @throws {CosignError} `SIGNATURE_LOST` and every registry code */
  push(signal: AbortSignal): Promise<void>;
}

/**
 * Whether a stored signature is as good as a new one: in the form that we write and both cosigns verify without a flag. One over
 * SHA-384, say, which cosign 3.1 writes and does not verify, is true, but no reason not to write ours.
 */
export function isAsWeSign(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  const { sha256 } = digestsOf(message);
  const outcome = verifyDigests(key, { sha256, sha384: sha256, sha512: sha256 }, signature);
  if (outcome !== 'needs-message') return outcome === 'verified';
  const check = startPureCheck(key, signature);
  check?.update(message);
  return check?.verify() ?? false;
}
