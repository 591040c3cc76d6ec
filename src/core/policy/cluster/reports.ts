// Gathers what is wrong in a file of ClusterImagePolicies: one list, bounded, each kind with its severity.
import type { SaidArgument } from '../../said.ts';
import type { KeySlot, PolicyFix, PolicyProblem } from '../policyProblem.ts';
import type { TextRange } from '../../textRange.ts';

/**
 * Every kind, with what its arguments are. Errors are what policy-controller or the API server refuses, and what would leave the
 * meaning of the file open.
 */
export const clusterProblemKinds = {
  /** - */
  'file-too-large': 'error',
  'file-too-deep': 'error',
  /** What the YAML parser says. */
  'yaml': 'error',
  /** The alias as written: `**` without quotes is one. */
  'unknown-anchor': 'error',
  /** The value of `apiVersion` or `kind`. */
  'unknown-version': 'error',
  'unknown-kind': 'error',
  /** The field, and the one it stands in. */
  'unknown-field': 'error',
  'duplicate-field': 'error',
  /** The field; `text`, `list`, `map` or `boolean`. */
  'wrong-type': 'error',
  /** The field, and the one it must stand in. */
  'missing-field': 'error',
  /** The fields of which one is needed, and where. */
  'missing-one-of': 'error',
  /** The fields of which only one may stand there, and where. */
  'several-of': 'error',
  /** The field, its value, and what it may be. */
  'unknown-value': 'error',
  /** The name. */
  'duplicate-name': 'error',
  /** The glob. */
  'invalid-glob': 'error',
  /** The authority, and what is wrong with the key. */
  'invalid-key': 'error',
  'private-key': 'error',
  'certificate': 'error',
  /** The reference. */
  'invalid-kms': 'error',
  'invalid-source': 'error',
  'invalid-url': 'error',
  /** - */
  'selector-without-resource': 'error',
  /** The glob, and the one that was meant. */
  'glob-docker-hub': 'warning',
  'glob-short-name': 'warning',
  'glob-without-tag': 'warning',
  /** The glob. */
  'glob-never': 'warning',
  'glob-tags-only': 'information',
  'glob-digests-only': 'information',
  /** The authority. */
  'bundle-with-key': 'warning',
  /** The value. */
  'unknown-format': 'warning',
  /** The authority, and how many keys there are. */
  'several-keys': 'warning',
  /** The namespace. */
  'secret-namespace': 'warning',
  /** The reference. */
  'key-in-secret': 'information',
  /** The short name, and the whole one. */
  'deprecated-predicate': 'warning',
  /** The sentence that says it. */
  'not-checked': 'information',
  /** The policy. */
  'match-ignored': 'information',
} as const satisfies Readonly<Record<string, PolicyProblem['severity']>>;

export type ClusterProblemKind = keyof typeof clusterProblemKinds;

export interface ClusterPolicyProblem extends PolicyProblem {
  readonly kind: ClusterProblemKind;
}

const maxProblems = 200;

export class Reports {
  readonly #problems: ClusterPolicyProblem[] = [];
  #errors = 0;

  add(kind: ClusterProblemKind, range: TextRange, args: readonly SaidArgument[] = [], fixes: readonly PolicyFix[] = [], keySlot?: KeySlot): void {
    const severity = clusterProblemKinds[kind];
    if (severity === 'error') this.#errors++;
    // An error is never left out for lack of room: it is what forbids a verdict.
    if (this.#problems.length >= maxProblems && (severity !== 'error' || this.#errors > maxProblems)) return;
    this.#problems.push({ kind, severity, range, args: args.map((arg) => (typeof arg === 'string' ? arg.slice(0, 200) : arg)), ...(fixes.length === 0 ? {} : { fixes }), ...(keySlot ? { keySlot } : {}) });
  }

  /** How many errors there are so far. */
  get errors(): number {
    return this.#errors;
  }

  /** In the order of the text. */
  get all(): readonly ClusterPolicyProblem[] {
    return this.#problems.toSorted((a, b) => a.range.start.line - b.range.start.line || a.range.start.character - b.range.start.character);
  }
}
