// The lazily loaded readers of policy files: whoever has none never loads a YAML parser.
import { parseClusterImagePolicies } from './core/policy/cluster/parseClusterImagePolicies.ts';
import type { ReadPolicyFile } from './core/policy/policyProblem.ts';
import { readPolicyFile as readByContent } from './core/policy/readPolicyFile.ts';

/** @throws {CosignError} as {@link readByContent} */
export function readPolicyFile(uri: string, bytes: Uint8Array): ReadPolicyFile {
  return readByContent(uri, bytes, { cluster: parseClusterImagePolicies });
}
