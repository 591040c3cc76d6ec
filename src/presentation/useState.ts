// What is known about one image use at this moment: a verdict, or why there is none yet.
import type { ImageUse } from '../core/dockerfile/images.ts';
import type { Digest } from '../core/crypto/digest.ts';
import type { CosignError } from '../core/errors.ts';
import type { Verdict } from '../core/policy/verdict.ts';

/** Why verification has not been started. */
export type WaitingFor =
  | 'save'       // verified when the file is saved
  | 'manual'     // verified on request only
  | 'cancelled'; // a person stopped it: nothing is known

/** Only `verified` may ever be drawn as trusted. */
export type UseState =
  /** Being verified now. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'waiting'; readonly for: WaitingFor }
  /** No trusted key is configured: nothing was asked. */
  | { readonly kind: 'no keys' }
  /** No valid reference results, so that there is nothing to verify. */
  | { readonly kind: 'unresolved'; readonly error: CosignError }
  | Verdict;

/** Where the tag beside a pinned digest leads now. Never a part of the verdict: that is about the pinned digest. */
export type PinDrift =
  | { readonly kind: 'in place' }
  /** `verdict` is about the new digest; undefined while it is being verified. */
  | { readonly kind: 'moved'; readonly digest: Digest; readonly verdict?: Verdict }
  /** Could not find out. Never to be read as "in place". */
  | { readonly kind: 'unknown'; readonly reason: CosignError };

/** One image use and what is known about it. */
export interface UseWithState {
  readonly use: ImageUse;
  readonly state: UseState;
  /** Only for a reference with tag and digest, and only where it was looked at. */
  readonly drift?: PinDrift;
}
