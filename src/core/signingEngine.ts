// What the editor's face asks of signing: keys, images and files. Passwords come in as arguments and go nowhere else.
import type { Password } from './crypto/encryptedKey.ts';
import type { Digest } from './crypto/digest.ts';
import type { KeyDescription } from './crypto/keyDescription.ts';
import type { CosignError } from './errors.ts';
import type { Said } from './said.ts';
import type { Reference } from './oci/reference.ts';
import type { KeySetting, TrustSettings } from './policy/trustPolicy.ts';
import type { FormatChoice, SignedManifest, SigningPlan } from './signing/signImage.ts';

/** Absolute paths of a key pair, existing or to be. */
export interface KeyPairPaths {
  /** `….key`, written with mode 0600. */
  readonly privateKey: string;
  /** `….pub`, written with mode 0644. */
  readonly publicKey: string;
}

/** Which existing files may be replaced: none, those of these paths, which a yes has named, or whatever is there by then. */
export type Overwrite = boolean | readonly string[];

export interface NewKeyPair {
  readonly paths: KeyPairPaths;
  /** Empty is a password like any other. */
  readonly password: string;
  readonly overwrite: Overwrite;
}

/** The same with a password that need not be text: all of a pipe. */
export type KeyPairRequest = Omit<NewKeyPair, 'password'> & { readonly password: Password };

export interface ImageSigning {
  readonly plan: SigningPlan;
  /** A private key: a file path, an inline PEM, `env://NAME`, which must be unlocked; or `k8s://namespace/name`, which need not. */
  readonly key: KeySetting;
  readonly annotations: Readonly<Record<string, string>>;
  readonly dockerMediaTypes: boolean;
}

export interface FileSigning {
  /** Absolute. What is signed is the bytes on disk. */
  readonly file: string;
  readonly key: KeySetting;
  /** Absolute paths; leave out what is not wanted. */
  readonly signature?: string;
  readonly bundle?: string;
  readonly overwrite: Overwrite;
}

/** One signature found beside a file. */
export interface FileSignature {
  /** Absolute path of the `.sig`, `.sigstore.json` or `.bundle`. */
  readonly path: string;
  readonly format: 'signature' | 'bundle' | 'legacy bundle';
  /** The bytes, when they were read already. */
  readonly content?: Uint8Array;
}

export interface FileSignatureReport extends FileSignature {
  /** Set only when the signature verified over the bytes on disk. */
  readonly signedBy?: { readonly key: string; readonly fingerprint: string };
  /** One sentence, when it did not. */
  readonly fault?: Said;
}

/** As for images: "could not check" is never "unsigned". */
export type FileVerdict =
  | { readonly kind: 'verified' | 'untrusted'; readonly signatures: readonly FileSignatureReport[]; readonly checkedAt: number; readonly fileSizeBytes: number }
  | { readonly kind: 'unsigned'; readonly checkedAt: number }
  | { readonly kind: 'unchecked'; readonly reason: CosignError; readonly checkedAt: number };

export type Progress = (done: number, total: number) => void;

export interface SigningEngine {
  /** Which of the two files exist already. */
  existing(paths: KeyPairPaths, signal: AbortSignal): Promise<readonly string[]>;
  /** @throws {CosignError} `KEY_EXISTS` unless overwriting; nothing half-written is left */
  generateKeyPair(request: KeyPairRequest, signal: AbortSignal): Promise<KeyDescription>;
  /** What would be imported, before anything else is asked. @throws as {@link importKeyPair} for what cannot be */
  describeImport(source: string, signal: AbortSignal): Promise<KeyDescription>;
  /** @param source absolute path of an unencrypted PEM private key @throws {CosignError} the `KEY_…` codes, `FILE_UNREADABLE` */
  importKeyPair(source: string, request: KeyPairRequest, signal: AbortSignal): Promise<KeyDescription>;
  /** Writes beside, then renames; the old file stays when anything fails. @throws {CosignError} `KEY_PASSWORD_WRONG`, … */
  changePassword(privateKey: string, oldPassword: string, newPassword: string, signal: AbortSignal): Promise<KeyDescription>;

  /** What the key is, when exactly what its file holds now is unlocked. @throws {CosignError} `KEY_UNREADABLE`, … when it cannot be read */
  unlocked(key: KeySetting, signal: AbortSignal): Promise<KeyDescription | undefined>;
  /**
   * Unlocks a private key and keeps it in memory.
   * @param password not looked at for `k8s://` keys, which bring theirs
   * @param keepMs milliseconds after the last use until it is forgotten; 0 forgets it after one use
   * @throws {CosignError} `KEY_PASSWORD_WRONG`, `KEY_KDF_REFUSED`, `KEY_ENCRYPTED_INVALID`, `KEY_UNREADABLE`, …
   */
  unlock(key: KeySetting, password: Password, keepMs: number, signal: AbortSignal): Promise<KeyDescription>;
  /** Forgets one unlocked key, or every one. */
  lock(key?: KeySetting): void;

  planImage(request: { readonly reference: Reference; readonly format: FormatChoice; readonly recursive: boolean; readonly signatureRepository?: string }, signal: AbortSignal): Promise<SigningPlan>;
  /** Pushes what the plan says. @throws {CosignError} `REFERRERS_TAG_OCCUPIED` before anything is pushed, `SIGNATURE_LOST`, `REGISTRY_…` */
  signImage(request: ImageSigning, onProgress: Progress, signal: AbortSignal): Promise<readonly SignedManifest[]>;

  /** Streams the file; constant memory. @throws {CosignError} `FILE_UNREADABLE`, `FILE_EXISTS`, `FILE_CHANGED` (while it was read) */
  signFile(request: FileSigning, onProgress: Progress, signal: AbortSignal): Promise<void>;
  /** The signatures that lie beside a file: `NAME.sig`, `NAME.sigstore.json`, `NAME.bundle`. */
  signaturesOf(file: string, signal: AbortSignal): Promise<readonly FileSignature[]>;
  /** Never throws but the signal's reason. @param only look at these instead of all beside the file */
  verifyFile(file: string, trust: TrustSettings, onProgress: Progress, signal: AbortSignal, only?: readonly FileSignature[]): Promise<FileVerdict>;
  /** The same where only the digest of the file is known; a pure Ed25519 signature cannot be checked so. */
  verifyDigest(digest: Digest, trust: TrustSettings, signatures: readonly FileSignature[], signal: AbortSignal): Promise<FileVerdict>;
}
