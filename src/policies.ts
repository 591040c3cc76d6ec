// The lazily loaded readers of policy files: whoever has none never loads a YAML parser.
import { parseClusterImagePolicies } from './core/policy/cluster/parseClusterImagePolicies.ts';
import { parseContainersPolicy } from './core/policy/containers/parseContainersPolicy.ts';
import type { ReadPolicyFile } from './core/policy/policyProblem.ts';
import { isContainersPolicy, readPolicyFile as readByContent } from './core/policy/readPolicyFile.ts';
import type { KeySource } from './core/policy/keySource.ts';
import { withKeyProblems, type KeyFileCheck } from './node/policyKeys.ts';
import { folderOfFile, findContainersPolicy as find, policyPlaceUris, registriesFor, type ContainersPlaces } from './node/containersPolicy.ts';

/**
 * A containers policy is read with the registries.d that belongs to it.
 * @param keys look at the files of keys that the policy names, too
 * @throws {CosignError} as {@link readByContent}, and `FILE_UNREADABLE` for a registries.d that is there and cannot be read
 */
export async function readPolicyFile(uri: string, bytes: Uint8Array, places: ContainersPlaces, keys?: KeyFileCheck & { readonly keySource: KeySource }): Promise<ReadPolicyFile> {
  const { signal } = new AbortController();
  const directory = folderOfFile(uri);
  const registriesD = isContainersPolicy(uri, new TextDecoder().decode(bytes)) ? await registriesFor(directory, places, signal) : [];
  const containers = (text: string): ReadPolicyFile => parseContainersPolicy(text, uri, { registriesD, ...(directory === undefined ? {} : { baseDirectory: directory }) });
  const read = readByContent(uri, bytes, { cluster: parseClusterImagePolicies, containers });
  return keys ? withKeyProblems(read, keys.keySource, keys, signal) : read;
}

/** The URI of the containers policy of this machine; undefined when there is none. @throws {CosignError} `FILE_UNREADABLE` */
export async function findContainersPolicy(places: ContainersPlaces): Promise<string | undefined> {
  return (await find(places, new AbortController().signal))?.uri;
}

/** The URIs that {@link findContainersPolicy} looks at, there or not. */
export function containersPolicyPlaces(places: ContainersPlaces): readonly string[] {
  return policyPlaceUris(places);
}
