// What is known about one image use at this moment: a verdict, or why there is none yet.
import type { ImageUse } from '../core/dockerfile/images.ts';
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

/** One image use and what is known about it. */
export interface UseWithState {
  readonly use: ImageUse;
  readonly state: UseState;
}
