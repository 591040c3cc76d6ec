// What BuildKit would refuse a Dockerfile for, in the order in which BuildKit would come across it.
import type { Said } from '../said.ts';
import type { DockerfileProblem, TextRange } from './imageUse.ts';

/** BuildKit goes over the whole file in each of these steps before it begins the next one. */
const phases = [
  'file',         // is there text at all; the check directive
  'parse',        // lines, directives, heredocs, JSON
  'instructions', // keywords, flags, counts of arguments
  'arguments',    // ARG before the first FROM
  'stages',       // FROM words and platforms
  'sources',      // COPY --from, cycles
  'references',   // image references
  'dispatch',     // order of stages, mounts, words of the other instructions
] as const;

export type Phase = (typeof phases)[number];

/** Keeps the first refusal only: earliest step, then earliest reported. */
export class Problems {
  #first: DockerfileProblem | undefined;
  #rank: number = phases.length;

  add(phase: Phase, range: TextRange, message: Said): void {
    const rank = phases.indexOf(phase);
    if (rank >= this.#rank) return;
    this.#rank = rank;
    this.#first = { range, message };
  }

  get first(): DockerfileProblem | undefined {
    return this.#first;
  }
}

/** At most 60 characters of what a person wrote, in quotes, for a message. */
export function quote(text: string): string {
  return `"${text.length > 60 ? `${text.slice(0, 59)}…` : text}"`;
}
