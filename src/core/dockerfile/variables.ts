// Variables of a FROM line: their values, and where those came from.
import type { TextRange, ValueOrigin } from './imageUse.ts';

/** A variable that has a value. */
export interface Binding {
  readonly value: string;
  readonly origin: ValueOrigin;
  /** The variables its own default was made of. */
  readonly uses: readonly VariableUse[];
}

/** One variable that had a part in a text. */
export interface VariableUse {
  readonly name: string;
  /** Undefined: it has no value. */
  readonly binding?: Binding;
  /** Without a value, and nothing such as `:-` took its place: empty text. */
  readonly asEmpty: boolean;
  /** The ARG that declares it without a value. */
  readonly declaration?: TextRange;
}

/** A text that names more variables than this does not list them all. */
const maxOrigins = 100;

export interface Provenance {
  readonly origins: readonly ValueOrigin[];
  /** Names of variables that stand as empty text, in order, once each. */
  readonly missing: readonly string[];
}

/** Each variable once, with those its value was made of behind it. */
export function provenanceOf(uses: readonly VariableUse[]): Provenance {
  const origins: ValueOrigin[] = [];
  const missing = new Set<string>();
  const seen = new Set<string | Binding>();
  const pending = [...uses].reverse();
  for (let use = pending.pop(); use !== undefined && origins.length < maxOrigins; use = pending.pop()) {
    if (use.asEmpty) missing.add(use.name);
    const key = use.binding ?? use.name;
    if (seen.has(key)) continue;
    seen.add(key);
    if (use.binding === undefined) {
      origins.push({ name: use.name, kind: 'missing', ...(use.declaration ? { range: use.declaration } : {}), value: '' });
    } else {
      origins.push(use.binding.origin);
      for (let at = use.binding.uses.length - 1; at >= 0; at--) {
        const inner = use.binding.uses[at];
        if (inner !== undefined) pending.push(inner);
      }
    }
  }
  return { origins, missing: [...missing] };
}
