// Puts copying together behind the interface that the face knows.
import type { CopyEngine } from '../copyEngine.ts';
import type { VerifyQuery } from '../engine.ts';
import type { KeySource } from '../policy/keySource.ts';
import type { Verdict } from '../policy/verdict.ts';
import { choose, totalsOf } from './chosen.ts';
import { copyImage } from './copyImage.ts';
import { planCopy } from './planCopy.ts';
import { proveCopy } from './proveCopy.ts';
import type { CopySides } from './sides.ts';

/** As the settings of now want it. */
export interface CopyMachine extends CopySides {
  readonly keySource: KeySource;
  readonly verify: (query: VerifyQuery, signal: AbortSignal) => Promise<Verdict>;
}

/** @param machine asked once for each call, so that a copy ends with the connections it began with */
export function createCopyEngine(machine: () => CopyMachine): CopyEngine {
  return {
    plan: (request, signal) => planCopy(machine(), request, signal),
    totals: (plan, selection) => totalsOf(choose(plan, selection)),
    copy: (plan, selection, options, onProgress, signal) => {
      const sides = machine();
      const tools = { registry: sides.source, keySource: sides.keySource, verify: sides.verify };
      return copyImage({ sides, prove: (question, proving) => proveCopy(tools, question, proving) }, plan, selection, options, onProgress, signal);
    },
  };
}
