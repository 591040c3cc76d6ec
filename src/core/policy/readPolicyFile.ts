// A policy file by its content: JSON with "default" or "transports" is a containers policy, everything else is YAML with ClusterImagePolicies.
import { sizeText } from '../encoding/sizeText.ts';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import { JsonText, membersOf } from './containers/jsonText.ts';
import type { ReadPolicyFile } from './policyProblem.ts';

export type PolicyParser = (text: string, uri: string) => ReadPolicyFile;

export interface PolicyParsers {
  readonly cluster: PolicyParser;
  /** Undefined: containers policies are not read. */
  readonly containers?: PolicyParser;
}

/** In bytes. */
export const maxPolicyFileBytes = 1024 * 1024;

/**
 * @param uri where the file is, for the origin of its demands
 * @throws {CosignError} `POLICY_INVALID` for what is too large or no UTF-8, `POLICY_UNSUPPORTED` for a format that is not read
 */
export function readPolicyFile(uri: string, bytes: Uint8Array, { cluster, containers }: PolicyParsers): ReadPolicyFile {
  if (bytes.length > maxPolicyFileBytes) throw new CosignError('POLICY_INVALID', said`The policy file is larger than ${sizeText(maxPolicyFileBytes)}.`, { remedy: said`Leave only the policies in it.` });
  const text = decode(bytes);
  if (!isContainersPolicy(uri, text)) return cluster(text, uri);
  if (!containers) throw new CosignError('POLICY_UNSUPPORTED', said`The file is a policy of containers-policy.json(5), which is not read here.`);
  return containers(text, uri);
}

/**
 * ClusterImagePolicies in JSON name their API; a containers policy has its members, in whatever spelling, or at least its name. What is
 * broken or has members too many is one still: it must be reported, not passed over.
 */
export function isContainersPolicy(uri: string, text: string): boolean {
  if (/"apiVersion"\s*:\s*"policy\.sigstore\.dev\//.test(text)) return false;
  if (/\/policy\.json$/.test(uri)) return true;
  if (!/^\s*\{/.test(text) || !/"(?:default|transports)"\s*:/i.test(text)) return false;
  const parsed = new JsonText(text).parse();
  return 'fault' in parsed || membersOf(parsed.root).some(({ name }) => /^(?:default|transports)$/i.test(name));
}

/** A byte order mark stays: YAML has a use for it, and podman refuses it. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new CosignError('POLICY_INVALID', said`The policy file is not UTF-8 text.`, { cause, remedy: said`Save it as UTF-8.` });
  }
}
