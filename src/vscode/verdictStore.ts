// The verdicts of one document by what was asked: a newer question aborts the older one, whose answer then counts for nothing.
import type { ImageUse } from '../core/dockerfile/images.ts';
import type { Engine, VerifyQuery } from '../core/engine.ts';
import { toCosignError } from '../core/errors.ts';
import type { Reference } from '../core/oci/reference.ts';
import type { Verdict } from '../core/policy/verdict.ts';
import type { ResourceSettings } from './settings.ts';

/** A use that can be verified. */
export type ResolvedUse = ImageUse & { readonly reference: Reference };

export const isResolved = (use: ImageUse): use is ResolvedUse => use.reference !== undefined;

/** What is known about one question. */
interface Entry {
  /** The newest answer; stays on screen while it is asked again. */
  verdict?: Verdict;
  run?: AbortController;
  /** A person stopped it before there was an answer. */
  cancelled: boolean;
  /** The one retry without being asked has been used up. */
  retried: boolean;
}

/** What a question depends on besides the image. */
export type AskSettings = Pick<ResourceSettings, 'trust' | 'signing'>;

export function queryOf({ reference, platform }: ResolvedUse, { trust, signing: { repository } }: AskSettings, fresh: boolean): VerifyQuery {
  return { reference, trust, fresh, ...(platform === undefined ? {} : { platform }), ...(repository === undefined ? {} : { signatureRepository: repository, besideImage: true }) };
}

export interface StoreOptions {
  /** Something on screen may be different now. */
  readonly changed: () => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class VerdictStore {
  readonly #entries = new Map<string, Entry>();
  readonly #running = new Set<Promise<void>>();
  readonly #options: StoreOptions;

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  get busy(): boolean {
    return [...this.#entries.values()].some(({ run }) => run !== undefined);
  }

  find(use: ResolvedUse): Readonly<Entry> | undefined {
    return this.#entries.get(keyOf(use));
  }

  /** Asks about a use; a question under way is asked again only when `fresh`. Settles with the answer, never rejects. */
  ask(use: ResolvedUse, engine: Engine, settings: AskSettings, { fresh, retry = false }: { fresh: boolean; retry?: boolean }): Promise<void> {
    const key = keyOf(use);
    const known = this.#entries.get(key);
    if (known?.run && !fresh) return this.idle();
    known?.run?.abort();
    const run = new AbortController();
    const entry: Entry = { ...known, run, cancelled: false, retried: retry };
    this.#entries.set(key, entry);
    const query = queryOf(use, settings, fresh);
    const task = this.#answer(engine, query, run.signal).then((verdict) => {
      if (run.signal.aborted || entry.run !== run) return;
      delete entry.run;
      if (verdict) entry.verdict = verdict;
      this.#options.changed();
    });
    this.#running.add(task);
    void task.finally(() => this.#running.delete(task));
    return task;
  }

  /** Stops a question because a person said so; what was known before stays. */
  cancel(use: ResolvedUse): void {
    const entry = this.#entries.get(keyOf(use));
    if (!entry?.run) return;
    entry.run.abort();
    delete entry.run;
    entry.cancelled = entry.verdict === undefined;
  }

  /** Forgets every question that is no longer in the document, and stops it. */
  keepOnly(uses: readonly ResolvedUse[]): void {
    const wanted = new Set(uses.map(keyOf));
    for (const [key, entry] of this.#entries) {
      if (wanted.has(key)) continue;
      entry.run?.abort();
      this.#entries.delete(key);
    }
  }

  clear(): void {
    this.keepOnly([]);
  }

  /** Settles when no question is under way. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Undefined when aborted: no answer, neither good nor bad. */
  async #answer(engine: Engine, query: VerifyQuery, signal: AbortSignal): Promise<Verdict | undefined> {
    try {
      return await engine.verify(query, signal);
    } catch (error) {
      return signal.aborted ? undefined : { kind: 'unchecked', reason: toCosignError(error), checkedAt: this.#options.now() };
    }
  }
}

/** What is asked of a use. Tag and digest both: policies look at either. */
export function keyOf({ reference, platform }: ResolvedUse): string {
  return JSON.stringify([reference.registry, reference.repository, reference.tag, reference.digest, platform]);
}
