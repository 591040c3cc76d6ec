// A public key in words, for showing it before it is trusted.

/** What a public key is, for showing it before it is trusted. */
export interface KeyDescription {
  /** `ECDSA P-256`, `RSA 3072`, `Ed25519`. */
  readonly algorithm: string;
  /** `SHA256:` and base64 without padding, of the SPKI DER. */
  readonly fingerprint: string;
  /** `PUBLIC KEY` PEM. */
  readonly pem: string;
}
