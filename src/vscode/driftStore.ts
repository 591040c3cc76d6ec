// Whether the tags beside pinned digests have moved: asked behind the verdicts, one after the other per registry, and never a part of them.
import type { Engine } from '../core/engine.ts';
import { toCosignError } from '../core/errors.ts';
import type { Verdict } from '../core/policy/verdict.ts';
import type { PinDrift } from '../presentation/useState.ts';
import { keyOf, queryOf, type AskSettings, type ResolvedUse } from './verdictStore.ts';

interface Entry {
  /** The verdict it was asked behind: a newer one asks again. */
  readonly verdict: Verdict;
  /** Stays on screen while it is asked again. */
  drift?: PinDrift;
  readonly run: AbortController;
}

/** A reference whose tag could lead elsewhere than its digest. */
export const hasTagAndPin = ({ reference: { tag, digest } }: ResolvedUse): boolean => tag !== undefined && digest !== undefined;

export class DriftStore {
  readonly #entries = new Map<string, Entry>();
  /** The last question to each registry. */
  readonly #lanes = new Map<string, Promise<void>>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  find(use: ResolvedUse): PinDrift | undefined {
    return this.#entries.get(keyOf(use))?.drift;
  }

  /** Asks once for each verdict; only where the registry has answered for that one. */
  ask(use: ResolvedUse, verdict: Verdict | undefined, engine: Engine, settings: AskSettings): void {
    if (!hasTagAndPin(use) || verdict === undefined || verdict.kind === 'unchecked' || verdict.kind === 'uncovered') return;
    const key = keyOf(use);
    const known = this.#entries.get(key);
    if (known?.verdict === verdict) return;
    known?.run.abort();
    const entry: Entry = { verdict, run: new AbortController(), ...(known?.drift ? { drift: known.drift } : {}) };
    this.#entries.set(key, entry);
    const { registry } = use.reference;
    const lane = (this.#lanes.get(registry) ?? Promise.resolve()).then(() => this.#answer(use, entry, engine, settings, known !== undefined));
    this.#lanes.set(registry, lane);
    void lane.then(() => {
      if (this.#lanes.get(registry) === lane) this.#lanes.delete(registry);
    });
  }

  /** Forgets what is no longer in the document, and stops asking. */
  keepOnly(uses: readonly ResolvedUse[]): void {
    const wanted = new Set(uses.map(keyOf));
    for (const [key, { run }] of this.#entries) {
      if (wanted.has(key)) continue;
      run.abort();
      this.#entries.delete(key);
    }
  }

  clear(): void {
    this.keepOnly([]);
  }

  /** Settles when no question is under way. */
  async idle(): Promise<void> {
    while (this.#lanes.size > 0) await Promise.all(this.#lanes.values());
  }

  /** Never rejects; nothing is said by what was stopped. */
  async #answer(use: ResolvedUse, entry: Entry, engine: Engine, settings: AskSettings, fresh: boolean): Promise<void> {
    const { signal } = entry.run;
    const { reference } = use;
    const say = (drift: PinDrift): void => {
      if (signal.aborted) return;
      entry.drift = drift;
      this.#changed();
    };
    if (signal.aborted) return;
    try {
      const { digest, includesPin } = await engine.resolveTag({ reference, fresh }, signal);
      say(includesPin ? { kind: 'in place' } : { kind: 'moved', digest });
      if (includesPin) return;
      signal.throwIfAborted();
      // The very question the document asks about the pin: its policies may look at the tag, and its signatures may lie elsewhere.
      const verdict = await engine.verify(queryOf({ ...use, reference: { ...reference, digest } }, settings, fresh), signal);
      say({ kind: 'moved', digest, verdict });
    } catch (error) {
      say({ kind: 'unknown', reason: toCosignError(error) });
    }
  }
}
