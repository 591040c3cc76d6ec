// A containers policy as far as it could be read: what each scope asks for.
import type { TextRange } from '../../textRange.ts';
import type { Requirement } from './requirement.ts';

export interface ContainersPolicy {
  readonly default: readonly Requirement[];
  /** Scopes of transport `docker`, `""` among them. */
  readonly docker: ReadonlyMap<string, ScopePolicy>;
}

export interface ScopePolicy {
  /** Where the scope is written. */
  readonly keyRange: TextRange;
  readonly requirements: readonly Requirement[];
}
