// Where podman, buildah and skopeo keep their policy.json and registries.d (containers-policy.json(5), containers-registries.d(5)).
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
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
}

const maxFiles = 1000;

/**
 * The policy that those programs use: the one that `CONTAINERS_POLICY_JSON` names, or the first of the user's, the administrator's and the
 * distribution's own. Undefined when there is none.
 * @throws {CosignError} `FILE_UNREADABLE` for one that is there and cannot be read, and for a named one that is not there
 */
export async function findContainersPolicy(places: ContainersPlaces, signal: AbortSignal): Promise<FoundPolicy | undefined> {
  const named = places.env['CONTAINERS_POLICY_JSON'];
  for (const path of policyPlaces(places)) {
    const text = await readText(path, signal, named ? undefined : 'may be missing');
    if (text !== undefined) return { path, uri: pathToFileURL(path).href, text };
  }
  return undefined;
}

/** Where it may lie, there or not. */
export function policyPlaceUris(places: ContainersPlaces): readonly string[] {
  return policyPlaces(places).map((path) => pathToFileURL(path).href);
}

/** The first one that is there counts. */
function policyPlaces(places: ContainersPlaces): readonly string[] {
  const named = places.env['CONTAINERS_POLICY_JSON'];
  return named ? [resolve(named)] : configFolders(places).map((folder) => join(folder, 'policy.json'));
}

/**
 * Every file of registries.d that counts, in the order of their names: of files with the same name only the one nearest to the user.
 * @throws {CosignError} `FILE_UNREADABLE`, `COUNT_LIMIT`
 */
export async function readRegistriesD(places: ContainersPlaces, signal: AbortSignal): Promise<readonly RegistriesFile[]> {
  return readFolders(registriesFolders(places), signal);
}

/** Those that belong to a policy: of a `registries.d` beside it, else the machine's, which are also the ones of the machine's own policy. */
export async function registriesFor(directory: string | undefined, places: ContainersPlaces, signal: AbortSignal): Promise<readonly RegistriesFile[]> {
  const beside = directory === undefined || configFolders(places).includes(directory) ? [] : await readFolders([join(directory, 'registries.d')], signal);
  return beside.length > 0 ? beside : readRegistriesD(places, signal);
}

/** Undefined for what is no file of this machine. */
export function folderOfFile(uri: string): string | undefined {
  try {
    return dirname(fileURLToPath(uri));
  } catch {
    return undefined;
  }
}

/** @param folders the nearest first */
async function readFolders(folders: readonly string[], signal: AbortSignal): Promise<readonly RegistriesFile[]> {
  const paths = new Map<string, string>();
  for (const folder of folders.toReversed()) {
    for (const name of await yamlNames(folder, signal)) paths.set(name, join(folder, name));
  }
  if (paths.size > maxFiles) throw new CosignError('COUNT_LIMIT', said`registries.d holds ${paths.size} files; at most ${maxFiles} are read.`);
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
    throw new CosignError('FILE_UNREADABLE', said`The folder "${folder}" cannot be read.`, { cause });
  }
}

async function readText(path: string, signal: AbortSignal, missing: 'may be missing' | undefined): Promise<string | undefined> {
  try {
    const bytes = await readBoundedFile(path, maxPolicyLength, signal);
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    if (error.missing && missing) return undefined;
    throw new CosignError('FILE_UNREADABLE', said`The file "${path}" ${error.said}.`, { cause: error });
  }
}
