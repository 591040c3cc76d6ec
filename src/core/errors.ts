// The one error type of the project: a stable code and one sentence for a person.
import { said, type Said, type SaidArgument } from './said.ts';

/**
 * Stable identifiers: shown beside the message, linked to `docs/codes/`, asserted in tests, never renamed.
 * Cancellation has no code: a cancelled call rejects with its signal's reason.
 */
export const errorCodes = [
  // What a person wrote
  'REFERENCE_INVALID', 'DIGEST_INVALID', 'SETTING_INVALID', 'POLICY_INVALID', 'POLICY_UNSUPPORTED', 'DOCKERFILE_INVALID', 'ANNOTATION_INVALID',
  // Keys
  'KEY_INVALID', 'KEY_IS_PRIVATE', 'KEY_IS_CERTIFICATE', 'KEY_UNSUPPORTED', 'KEY_UNREADABLE', 'KEY_ENCRYPTED_INVALID',
  'KEY_PASSWORD_WRONG', 'KEY_KDF_REFUSED', 'KEY_EXISTS', 'KEY_REFUSED_UNTRUSTED_WORKSPACE',
  // Reaching a registry
  'REGISTRY_UNREACHABLE', 'REGISTRY_TIMEOUT', 'REGISTRY_TLS', 'REGISTRY_UNAUTHORIZED', 'REGISTRY_DENIED', 'REGISTRY_RATE_LIMITED',
  'REGISTRY_UNAVAILABLE', 'REGISTRY_RESPONSE_INVALID', 'REGISTRY_REDIRECT_REFUSED', 'REGISTRY_REALM_REFUSED', 'REGISTRY_PLAIN_HTTP_REFUSED',
  'REGISTRY_REFUSED_MANIFEST', 'REGISTRY_CONFLICT', 'PROXY_INVALID', 'CERTIFICATE_UNREADABLE', 'CLIENT_CERTIFICATE_REQUIRED', 'REGISTRY_BLOCKED', 'CREDENTIALS_UNREADABLE', 'CREDENTIAL_HELPER_FAILED',
  // Keys in Kubernetes
  'KUBERNETES_REFERENCE_INVALID', 'KUBERNETES_CONFIG_INVALID', 'KUBERNETES_UNREACHABLE', 'KUBERNETES_UNAUTHORIZED', 'KUBERNETES_FORBIDDEN',
  'KUBERNETES_SECRET_NOT_FOUND', 'KUBERNETES_SECRET_INVALID', 'KUBERNETES_CONFLICT', 'KUBERNETES_REFUSED',
  // What a registry holds
  'IMAGE_NOT_FOUND', 'PLATFORM_NOT_FOUND', 'DIGEST_MISMATCH', 'SIZE_LIMIT', 'COUNT_LIMIT', 'MANIFEST_INVALID', 'REFERRERS_TAG_OCCUPIED',
  'SIGNATURE_LOST', 'TAG_EXISTS',
  // What a signature says
  'PAYLOAD_INVALID', 'BUNDLE_INVALID', 'BUNDLE_UNSUPPORTED',
  // Files
  'FILE_UNREADABLE', 'FILE_EXISTS', 'FILE_CHANGED', 'FILE_NEEDED',
  // A bug of ours: anything that is not one of the above
  'INTERNAL',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** Where what is wrong was written. */
export interface ErrorPlace {
  readonly uri: string;
  /** As a `TextRange`. */
  readonly range?: { readonly start: ErrorPosition; readonly end: ErrorPosition };
}

interface ErrorPosition {
  readonly line: number;
  readonly character: number;
}

export interface ErrorDetails extends ErrorOptions {
  /** Where a person has to mend it. */
  readonly place?: ErrorPlace;
  /** What the person can do next: one sentence, shown after the message. */
  readonly remedy?: Said;
  /** The remedy is for this very refusal: nobody who only knows what was wanted has better advice. */
  readonly isRemedyExact?: boolean;
  /** The one setting that changes the outcome, where the code alone does not tell; false: none does. */
  readonly setting?: string | false;
}

/** Everything that can fail and is not a bug. The message never holds a password, a token, a key or the query of a URL. */
export class CosignError extends Error {
  override readonly name = 'CosignError';
  readonly code: ErrorCode;
  /** The message in parts, for those who say it in another language. */
  readonly said: Said;
  readonly remedy: Said | undefined;
  readonly isRemedyExact: boolean;
  readonly place: ErrorPlace | undefined;
  /** As in {@link ErrorDetails}; undefined: the code decides. */
  readonly setting: string | false | undefined;

  /** The eager half and the engine are bundled apart, each with a copy of this class: an error of one is one of the other too. */
  static override [Symbol.hasInstance](this: unknown, value: unknown): boolean {
    if (this !== CosignError) return Function.prototype[Symbol.hasInstance].call(this as typeof CosignError, value);
    return value instanceof Error && value.name === 'CosignError' && 'code' in value && errorCodes.some((code) => code === value.code);
  }

  /** @param message one sentence for a person: what failed, on what (quoted) */
  constructor(code: ErrorCode, message: Said, details: ErrorDetails = {}) {
    super(message.toString(), details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.said = message;
    this.place = details.place;
    this.remedy = details.remedy;
    this.isRemedyExact = details.isRemedyExact === true;
    this.setting = details.setting;
  }

  /** The same failure with the advice of somebody who knows what was wanted, unless its own is exact. */
  advised(remedy: Said): CosignError {
    return this.isRemedyExact ? this : new CosignError(this.code, this.said, { cause: this, remedy, ...(this.setting === undefined ? {} : { setting: this.setting }) });
  }
}

/**
 * Turns whatever was thrown into a {@link CosignError}; what is not one already becomes `INTERNAL`.
 * Call {@link rethrowIfCancelled} first where a signal is in play: cancellation is not an error.
 */
export function toCosignError(thrown: unknown): CosignError {
  if (thrown instanceof CosignError) return thrown;
  return new CosignError('INTERNAL', said`Something unexpected happened: ${saidOf(thrown)}`, { cause: thrown });
}

/** What was thrown, in words that can go on in another sentence: those of the system are in no language of ours. */
export function saidOf(thrown: unknown): SaidArgument {
  if (thrown instanceof CosignError) return thrown.said;
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Throws the signal's reason when the signal was aborted, so that "cancelled" never becomes a result. */
export function rethrowIfCancelled(signal: AbortSignal): void {
  signal.throwIfAborted();
}
