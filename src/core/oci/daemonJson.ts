// What docker was told about registries: insecure-registries and registry-mirrors of daemon.json.
import { CosignError } from '../errors.ts';
import { said, type Said } from '../said.ts';
import { readJson } from '../encoding/json.ts';
import type { Mirror } from './registriesConf.ts';

export interface DaemonRegistries {
  /** `host` (of https's port only) or `host:port`. */
  readonly insecureHosts: readonly string[];
  /** Ranges of addresses: `10.0.0.0/8`. */
  readonly insecureRanges: readonly string[];
  /** Of Docker Hub. */
  readonly mirrors: readonly Mirror[];
}

const maxBytes = 1024 * 1024;
const maxEntries = 1000;

/**
 * All or nothing, as docker starts with a file or not at all.
 * @param path for messages
 * @throws {CosignError} `SETTING_INVALID`
 */
export function parseDaemonJson(bytes: Uint8Array, path: string): DaemonRegistries {
  const fail = (why: Said): never => {
    throw new CosignError('SETTING_INVALID', said`The file "${path.slice(0, 300)}" ${why}.`, { remedy: said`Correct the file; until then nothing of it counts.` });
  };
  let root: unknown;
  try {
    root = readJson(bytes, { maxBytes, maxDepth: 32 });
  } catch {
    return fail(said`is not JSON`);
  }
  if (typeof root !== 'object' || root === null || Array.isArray(root)) return fail(said`is no JSON object`);
  const list = (member: string): readonly string[] => {
    const value = (root as Readonly<Record<string, unknown>>)[member] ?? [];
    if (!Array.isArray(value) || value.length > maxEntries || !value.every((entry) => typeof entry === 'string')) return fail(said`has "${member}" that is no list of texts`);
    return value;
  };
  // docker takes entries with a scheme, and warns.
  const insecure = list('insecure-registries').map((entry) => entry.trim().toLowerCase().replace(/^https?:\/\//, ''));
  const insecureRanges = insecure.filter((entry) => /^[0-9a-f.:]+\/\d{1,3}$/.test(entry));
  const insecureHosts = insecure.filter((entry) => !insecureRanges.includes(entry));
  const wrong = insecureHosts.find((entry) => !/^(?:[a-z0-9._-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/.test(entry));
  if (wrong !== undefined) return fail(said`has the insecure registry "${wrong.slice(0, 100)}", which is no host and no range of addresses`);
  const mirrors = list('registry-mirrors').map((entry): Mirror => {
    if (!URL.canParse(entry)) return fail(said`has a registry mirror that is no URL`);
    const { protocol, host, pathname, search, hash, username, password } = new URL(entry);
    if ((protocol !== 'https:' && protocol !== 'http:') || pathname !== '/' || `${search}${hash}${username}${password}` !== '') return fail(said`has a registry mirror that is no plain http or https address of a host`);
    return { location: host, insecure: protocol === 'http:', pulls: 'all' };
  });
  return { insecureHosts, insecureRanges, mirrors };
}
