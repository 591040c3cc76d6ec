// Reads what docker and podman were told about registries on this machine; a file that cannot be understood counts for nothing and is reported once.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import { parseDaemonJson, type DaemonRegistries } from '../core/oci/daemonJson.ts';
import type { RepositoryName } from '../core/oci/exchange.ts';
import type { RegistryPlaces } from '../core/oci/locatedRegistry.ts';
import { apiHost, dockerHub } from '../core/oci/reference.ts';
import { locate, mergeTables, parseRegistriesConf, tableFor, type RegistryTable } from '../core/oci/registriesConf.ts';
import { resolveAll, type Resolve } from './addressGuard.ts';
import { FileProblem, readBoundedFile } from './boundedFile.ts';
import type { MachinePlaces } from './certsFolders.ts';
import { hostPortOf, inAddressRange } from './hostNames.ts';

export interface SystemRegistriesOptions extends MachinePlaces {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told of each problem once. */
  readonly report: (problem: CosignError) => void;
  readonly resolve?: Resolve;
}

interface Known {
  readonly tables: readonly RegistryTable[];
  readonly daemons: readonly DaemonRegistries[];
  readonly problems: readonly CosignError[];
}

const maxFileBytes = 1024 * 1024;
const maxFiles = 1000;
/** How long the files are believed. */
const lifetimeMs = 10_000;

export class SystemRegistries {
  readonly #options: SystemRegistriesOptions;
  readonly #reported = new Set<string>();
  #known: { readonly at: number; readonly files: Promise<Known> } | undefined;

  constructor(options: SystemRegistriesOptions) {
    this.#options = options;
  }

  /** Never fails for what the files say. */
  async places(repository: RepositoryName): Promise<RegistryPlaces> {
    const { tables, daemons } = await this.#files();
    const table = tableFor(tables, repository);
    const at = (location: string | undefined): RepositoryName | undefined => (table ? locate(repository, table.prefix, location) : repository);
    const real = at(table?.location) ?? repository;
    const insecure = async (host: RepositoryName, said: boolean): Promise<boolean> => said || this.#daemonAllows(host, daemons);
    const named = (table?.mirrors ?? []).flatMap((mirror) => {
      const found = at(mirror.location);
      return found ? [{ ...mirror, repository: found }] : [];
    });
    // docker knows mirrors of Docker Hub only.
    const hub = repository.registry === dockerHub ? daemons.flatMap(({ mirrors }) => mirrors.map((mirror) => ({ ...mirror, repository: { registry: mirror.location, repository: repository.repository } }))) : [];
    return {
      blocked: table?.blocked === true,
      origin: { repository: real, insecure: await insecure(real, table?.insecure === true) },
      mirrors: await Promise.all([...named, ...hub].map(async (mirror) => ({ repository: mirror.repository, insecure: await insecure(mirror.repository, mirror.insecure), pulls: mirror.pulls }))),
    };
  }

  /** Why files count for nothing now, or parts of them. */
  async problems(): Promise<readonly CosignError[]> {
    return (await this.#files()).problems;
  }

  /** As docker: the very name with its port, or an address in a range; Docker Hub never. */
  async #daemonAllows({ registry }: RepositoryName, daemons: readonly DaemonRegistries[]): Promise<boolean> {
    if (registry === dockerHub || daemons.length === 0) return false;
    if (daemons.some(({ insecureHosts }) => insecureHosts.includes(registry.toLowerCase()))) return true;
    const ranges = daemons.flatMap(({ insecureRanges }) => insecureRanges);
    if (ranges.length === 0) return false;
    const { hostname } = hostPortOf(new URL(`https://${apiHost(registry)}`));
    const addresses = [hostname, ...await this.#addresses(hostname)];
    return ranges.some((range) => addresses.some((address) => inAddressRange(address, range)));
  }

  #addresses(hostname: string): Promise<readonly string[]> {
    const { resolve = resolveAll } = this.#options;
    // A name that leads nowhere is in no range; the connection will say so.
    return new Promise((done) => { resolve(hostname, (error, found) => { done(error ? [] : found.map(({ address }) => address)); }); });
  }

  #files(): Promise<Known> {
    const now = this.#options.now();
    if (!this.#known || now - this.#known.at > lifetimeMs) this.#known = { at: now, files: this.#read() };
    return this.#known.files;
  }

  async #read(): Promise<Known> {
    const problems: CosignError[] = [];
    const daemons = await Promise.all(this.#daemonPaths().map((path) => this.#orNothing(problems, async () => {
      const bytes = await readText(path);
      return bytes && parseDaemonJson(bytes, path);
    })));
    const tables = await this.#orNothing(problems, async () => {
      const files: (readonly RegistryTable[])[] = [];
      for (const path of await this.#registriesPaths()) {
        const bytes = await readText(path);
        if (bytes) files.push(parseRegistriesConf(new TextDecoder().decode(bytes), path));
      }
      return mergeTables(files);
    });
    return { tables: tables ?? [], daemons: daemons.filter((daemon) => daemon !== undefined), problems };
  }

  async #orNothing<T>(problems: CosignError[], work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof CosignError)) throw error;
      problems.push(error);
      if (!this.#reported.has(error.message)) this.#options.report(error);
      this.#reported.add(error.message);
      return undefined;
    }
  }

  #daemonPaths(): readonly string[] {
    const { env, homeDirectory, root = '', platform = process.platform } = this.#options;
    const home = homeDirectory === undefined ? [] : [join(env['XDG_CONFIG_HOME'] ?? join(homeDirectory, '.config'), 'docker', 'daemon.json'), join(homeDirectory, '.docker', 'daemon.json')];
    return [...home, platform === 'win32' ? join(env['ProgramData'] ?? 'C:\\ProgramData', 'docker', 'config', 'daemon.json') : `${root}/etc/docker/daemon.json`];
  }

  /** The named file, the user's or the machine's; then what is dropped in, the machine's before the user's. */
  async #registriesPaths(): Promise<readonly string[]> {
    const { env, homeDirectory, root = '' } = this.#options;
    const [machine, user] = [`${root}/etc/containers`, homeDirectory === undefined ? undefined : join(homeDirectory, '.config', 'containers')];
    const named = env['CONTAINERS_REGISTRIES_CONF'];
    const own = user === undefined ? undefined : join(user, 'registries.conf');
    const main = named ? named : own !== undefined && await readText(own) ? own : `${machine}/registries.conf`;
    const dropped = await Promise.all([machine, ...(user === undefined ? [] : [user])].map(async (folder) => {
      const at = join(folder, 'registries.conf.d');
      return (await namesIn(at)).map((name) => join(at, name));
    }));
    return [main, ...dropped.flat()].slice(0, maxFiles);
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.conf')).sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
    throw new CosignError('FILE_UNREADABLE', said`The folder "${folder}" cannot be read.`, { cause: error });
  }
}

/** Undefined for a file that is not there. */
async function readText(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readBoundedFile(path, maxFileBytes, new AbortController().signal);
  } catch (error) {
    if (!(error instanceof FileProblem)) throw error;
    if (error.missing) return undefined;
    throw new CosignError('FILE_UNREADABLE', said`The file "${path}" ${error.said}.`, { cause: error });
  }
}
