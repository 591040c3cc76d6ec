// What podman was told about registries: registries.conf (containers-registries.conf(5), version 2), which location, which mirrors, what is blocked.
import { parse } from 'smol-toml';
import { CosignError } from '../errors.ts';
import { said, type Said } from '../said.ts';
import { dockerHub } from './reference.ts';
import type { RepositoryName } from './exchange.ts';

/** Where a namespace really is. */
export interface Endpoint {
  /** `host[:port][/namespace…]`; undefined: what the image itself names. */
  readonly location: string | undefined;
  /** Plain http and any certificate are accepted. */
  readonly insecure: boolean;
}

export interface Mirror extends Endpoint {
  readonly location: string;
  readonly pulls: 'all' | 'digest-only' | 'tag-only';
}

/** One `[[registry]]`. */
export interface RegistryTable extends Endpoint {
  /** `host[:port][/namespace…]` or `*.domain`. */
  readonly prefix: string;
  readonly blocked: boolean;
  readonly mirrors: readonly Mirror[];
}

const maxTables = 1000;
const maxMirrors = 20;
type Toml = Readonly<Record<string, unknown>>;

/**
 * All or nothing, as podman works with a file or not at all.
 * @param path for messages
 * @throws {CosignError} `SETTING_INVALID` for what podman refuses, and for version 1 and prefixes with a tag or digest, which are not supported.
 * Short names (`unqualified-search-registries`, aliases) are none of its business: a Dockerfile's `alpine` is Docker Hub's for whoever builds it.
 */
export function parseRegistriesConf(text: string, path: string): readonly RegistryTable[] {
  const fail = (why: Said, remedy = said`Correct the file`): never => {
    throw new CosignError('SETTING_INVALID', said`The file "${path.slice(0, 300)}" ${why}.`, { remedy: said`${remedy}; until then nothing of registries.conf counts.`, setting: false });
  };
  let root: Toml;
  try {
    root = parse(text);
  } catch {
    // The parser's own message quotes lines of the file.
    return fail(said`is not TOML`);
  }
  if (root['registries'] !== undefined) return fail(said`is of version 1, which is not supported`, said`Write it in version 2, with a [[registry]] for each registry`);
  const tables = root['registry'] ?? [];
  if (!Array.isArray(tables) || tables.length > maxTables) return fail(said`has a "registry" that is no list, or too long`);
  return tables.map((table: unknown) => readTable(table, fail));
}

function readTable(table: unknown, fail: (why: Said) => never): RegistryTable {
  if (!isTable(table)) return fail(said`has a "registry" that is no table`);
  if (text(table, 'pull-from-mirror', fail) !== '') return fail(said`has "pull-from-mirror" outside a mirror`);
  const location = place(table, 'location', fail);
  const prefix = place(table, 'prefix', fail) ?? location ?? fail(said`has a registry without a location`);
  if (location === undefined && !prefix.startsWith('*.')) return fail(said`has a registry "${prefix.slice(0, 100)}" without a location`);
  if (/@|:[^/]*$/.test(prefix.slice(prefix.indexOf('/') + 1)) && prefix.includes('/')) return fail(said`has the prefix "${prefix.slice(0, 100)}": prefixes with a tag or digest are not supported`);
  const digestOnly = flag(table, 'mirror-by-digest-only', fail);
  const mirrors = table['mirror'] ?? [];
  if (!Array.isArray(mirrors) || mirrors.length > maxMirrors) return fail(said`has a "mirror" that is no list, or too long`);
  return {
    prefix, location, insecure: flag(table, 'insecure', fail), blocked: flag(table, 'blocked', fail),
    mirrors: mirrors.map((mirror: unknown) => readMirror(mirror, digestOnly, fail)),
  };
}

function readMirror(mirror: unknown, digestOnly: boolean, fail: (why: Said) => never): Mirror {
  if (!isTable(mirror)) return fail(said`has a "mirror" that is no table`);
  const pulls = text(mirror, 'pull-from-mirror', fail);
  if (digestOnly && pulls !== '') return fail(said`has both "mirror-by-digest-only" and "pull-from-mirror"`);
  if (pulls !== '' && pulls !== 'all' && pulls !== 'digest-only' && pulls !== 'tag-only') return fail(said`has a "pull-from-mirror" that is none of all, digest-only, tag-only`);
  return { location: place(mirror, 'location', fail) ?? fail(said`has a mirror without a location`), insecure: flag(mirror, 'insecure', fail), pulls: digestOnly ? 'digest-only' : pulls === '' ? 'all' : pulls };
}

/** Later files take the place of earlier tables with the same prefix. */
export function mergeTables(files: readonly (readonly RegistryTable[])[]): readonly RegistryTable[] {
  return [...new Map(files.flat().map((table) => [table.prefix, table])).values()];
}

/** The table with the longest prefix that covers the repository. */
export function tableFor(tables: readonly RegistryTable[], repository: RepositoryName): RegistryTable | undefined {
  const name = nameOf(repository);
  return tables.filter(({ prefix }) => coveredLength(name, prefix) !== undefined).reduce<RegistryTable | undefined>((best, table) => (best && best.prefix.length >= table.prefix.length ? best : table), undefined);
}

/**
 * The repository at an endpoint of its table: its prefix replaced by the location.
 * @returns undefined for what is no repository then
 */
export function locate(repository: RepositoryName, prefix: string, location: string | undefined): RepositoryName | undefined {
  const name = nameOf(repository);
  const covered = coveredLength(name, prefix);
  if (location === undefined || covered === undefined) return repository;
  const moved = `${location}${name.slice(covered)}`;
  const slash = moved.indexOf('/');
  if (slash <= 0 || slash === moved.length - 1) return undefined;
  const host = moved.slice(0, slash);
  return { registry: hubAliases.includes(host) ? dockerHub : host, repository: moved.slice(slash + 1) };
}

const hubAliases: readonly string[] = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/** As podman writes it, where Docker Hub is docker.io. */
const nameOf = ({ registry, repository }: RepositoryName): string => `${registry === dockerHub ? 'docker.io' : registry}/${repository}`;

/** How much of the name the prefix stands for; `*.` covers every host below the domain. */
function coveredLength(name: string, prefix: string): number | undefined {
  if (!prefix.startsWith('*.')) return name === prefix || name.startsWith(`${prefix}/`) ? prefix.length : undefined;
  const host = name.slice(0, name.indexOf('/'));
  const [domain = '', ...path] = prefix.slice(1).split('/');
  if (!host.endsWith(domain) || host.length === domain.length) return undefined;
  const length = host.length + path.reduce((sum, part) => sum + part.length + 1, 0);
  const rest = path.length === 0 ? '' : `/${path.join('/')}`;
  return name.startsWith(rest, host.length) && (name.length === length || name[length] === '/') ? length : undefined;
}

function place(table: Toml, member: string, fail: (why: Said) => never): string | undefined {
  const value = text(table, member, fail).replace(/\/+$/, '');
  if (value === '') return undefined;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return fail(said`has a "${member}" with a scheme`);
  if (!/^(?:\*\.)?[A-Za-z0-9[\]:._-]+(?:\/[a-z0-9._/-]+)?(?:[:@][\w:.-]+)?$/.test(value)) return fail(said`has a "${member}" that names no registry`);
  return value;
}

function text(table: Toml, member: string, fail: (why: Said) => never): string {
  const value = table[member] ?? '';
  return typeof value === 'string' ? value : fail(said`has a "${member}" that is no text`);
}

function flag(table: Toml, member: string, fail: (why: Said) => never): boolean {
  const value = table[member] ?? false;
  return typeof value === 'boolean' ? value : fail(said`has a "${member}" that is neither true nor false`);
}

const isTable = (value: unknown): value is Toml => typeof value === 'object' && value !== null && !Array.isArray(value);
