// How much may be read for one digest in all: each signature is bounded, and so is what many of them cost together.
import { sizeText } from '../encoding/sizeText.ts';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';

export interface BudgetLimits {
  readonly blobs: number;
  readonly bytes: number;
}

/** Spent by what descriptors announce; no more than that is ever read of them. */
export class ReadBudget {
  readonly #limits: BudgetLimits;
  #blobs = 0;
  #bytes = 0;

  constructor(limits: BudgetLimits) {
    this.#limits = limits;
  }

  /** @throws {CosignError} `COUNT_LIMIT`, `SIZE_LIMIT`; nothing is spent then, so that smaller ones may still fit */
  spend(bytes: number): void {
    const { blobs, bytes: most } = this.#limits;
    if (this.#blobs >= blobs) throw new CosignError('COUNT_LIMIT', said`The image has more than ${blobs} signatures and attestations; the others were not looked at.`, { remedy });
    if (this.#bytes + bytes > most) {
      throw new CosignError('SIZE_LIMIT', said`The signatures and attestations of the image have more than ${sizeText(most)} together; some were not read.`, { remedy });
    }
    this.#blobs += 1;
    this.#bytes += bytes;
  }
}

const remedy = said`Remove signatures that are no longer needed.`;
