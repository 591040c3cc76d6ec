// Where podman, buildah and skopeo keep their policy.json and registries.d (containers-policy.json(5), containers-registries.d(5)).
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CosignError } from '../core/errors.ts';
import { maxPolicyLength } from '../core/policy/containers/jsonText.ts';
import type { RegistriesFile } from '../core/policy/containers/registriesD.ts';
import { FileProblem, readBoundedFile } from './boundedFile.ts';

export interface ContainersPlaces {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  /** Of the user; undefined where the system has none. */
  readonly userId?: number | undefined;
  /** Stands before `/etc` and `/usr/share`; default none. */
  readonly root?: string;
}

export interface FoundPolicy {
  readonly path: string;
  readonly uri: string;
  readonly text: string;
  /** What relative key paths start from: podman's own working directory, for which this is the nearest guess. */
  readonly directory: string;
}

const maxFiles = 1000;

/**
 * The policy that those programs use: the one that `CONTAINERS_POLICY_JSON` names, or the first of the user's, the administrator's and the
 * distribution's own. Undefined when there is none.
 * @throws {CosignError} `FILE_UNREADABLE` for one that is there and cannot be read, and for a named one that is not there
 */
export async function findContainersPolicy(places: ContainersPlaces, signal: AbortSignal): Promise<FoundPolicy | undefined> {
  const named = places.env['CONTAINERS_POLICY_JSON'];
  const folders = configFolders(places);
  for (const path of named ? [resolve(named)] : folders.map((folder) => join(folder, 'policy.json'))) {
    const text = await readText(path, signal, named ? undefined : 'may be missing');
    if (text !== undefined) return { path, uri: pathToFileURL(path).href, text, directory: dirname(path) };
  }
  return undefined;
}

/**
 * Every file of registries.d that counts, in the order of their names: of files with the same name only the one nearest to the user.
 * @throws {CosignError} `FILE_UNREADABLE`, `COUNT_LIMIT`
 */
export async function readRegistriesD(places: ContainersPlaces, signal: AbortSignal): Promise<readonly RegistriesFile[]> {
  const paths = new Map<string, string>();
  for (const folder of registriesFolders(places).toReversed()) {
    for (const name of await yamlNames(folder, signal)) paths.set(name, join(folder, name));
  }
  if (paths.size > maxFiles) throw new CosignError('COUNT_LIMIT', `registries.d holds ${paths.size} files; at most ${maxFiles} are read.`);
  const files: RegistriesFile[] = [];
  for (const name of [...paths.keys()].sort()) {
    const path = paths.get(name) ?? '';
    const text = await readText(path, signal, 'may be missing');
    if (text !== undefined) files.push({ uri: pathToFileURL(path).href, text });
  }
  return files;
}

/** The nearest first: the user's, the administrator's, the distribution's. */
function configFolders({ env, homeDirectory, root = '' }: ContainersPlaces): readonly string[] {
  const config = env['XDG_CONFIG_HOME'];
  return [join(config ? config : join(homeDirectory, '.config'), 'containers'), join(`${root}/etc`, 'containers'), join(`${root}/usr/share`, 'containers')];
}

/** The system's folders come with ones for root only, or for everybody else. */
function registriesFolders(places: ContainersPlaces): readonly string[] {
  const [user = '', ...system] = configFolders(places);
  const { userId } = places;
  const special = userId === undefined ? [] : userId === 0 ? ['registries.rootful.d'] : [join('registries.rootless.d', String(userId)), 'registries.rootless.d'];
  return [join(user, 'registries.d'), ...system.flatMap((folder) => [...special, 'registries.d'].map((name) => join(folder, name)))];
}

async function yamlNames(folder: string, signal: AbortSignal): Promise<readonly string[]> {
  signal.throwIfAborted();
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => !entry.isDirectory() && entry.name.endsWith('.yaml')).map(({ name }) => name);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')) return [];
    throw new CosignError('FILE_UNREADABLE', `The folder "${folder}" cannot be read.`, { cause });
  }
}

async function readText(path: string, signal: AbortSignal, missing: 'may be missing' | undefined): Promise<string | undefined> {
  try {
    const bytes = await readBoundedFile(path, maxPolicyLength, signal);
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    if (error.missing && missing) return undefined;
    throw new CosignError('FILE_UNREADABLE', `The file "${path}" ${error.message}.`, { cause: error });
  }
}
