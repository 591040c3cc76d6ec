// An engine for the command line whose verdicts a test chooses, by canonical name; everything else must not be touched.
import type { Engine, VerifyQuery } from '../../src/core/engine.ts';
import { readDockerfile } from '../../src/core/dockerfile/images.ts';
import { canonicalName } from '../../src/core/oci/reference.ts';
import { readPolicyFile } from '../../src/policies.ts';
import type { Verdict } from '../../src/core/policy/verdict.ts';

export interface VerdictEngine extends Engine {
  readonly queries: VerifyQuery[];
  disposed: number;
}

export function verdictEngine(verdictOf: (query: VerifyQuery) => Verdict | Promise<Verdict>): VerdictEngine {
  const forbidden = (name: string): never => { throw new Error(`${name} is not expected here`); };
  const queries: VerifyQuery[] = [];
  return {
    queries,
    disposed: 0,
    readDockerfile,
    verify: (query, signal) => {
      queries.push(query);
      signal.throwIfAborted();
      return Promise.resolve(verdictOf(query));
    },
    describeKey: () => Promise.resolve([]),
    resolveTag: () => forbidden('resolveTag'),
    readPolicyFile: (uri, bytes) => readPolicyFile(uri, bytes, { env: {}, homeDirectory: '/nonexistent', userId: undefined }),
    findContainersPolicy: () => forbidden('findContainersPolicy'),
    containersPolicyPlaces: () => forbidden('containersPolicyPlaces'),
    get pinning() { return forbidden('pinning'); },
    configure: () => forbidden('configure'),
    diagnose: () => forbidden('diagnose'),
    forget: () => forbidden('forget'),
    clearStorage: () => forbidden('clearStorage'),
    dispose() {
      this.disposed += 1;
      return Promise.resolve();
    },
    get signing() { return forbidden('signing'); },
    get copying() { return forbidden('copying'); },
    get contents() { return forbidden('contents'); },
    get kubernetes() { return forbidden('kubernetes'); },
  };
}

/** Each of the kinds, by the name alone: the same question always has the same answer. */
export function verdictByName(verdicts: Readonly<Record<string, Verdict>>): (query: VerifyQuery) => Verdict {
  const kinds = Object.values(verdicts);
  return ({ reference }) => {
    const [first] = kinds;
    if (!first) throw new Error('no verdict');
    const sum = Array.from(canonicalName(reference), (char) => char.charCodeAt(0)).reduce((total, code) => (total * 31 + code) % 65_521, 7);
    return kinds[sum % kinds.length] ?? first;
  };
}
