// Where docker and podman keep certificates for a registry (containers-certs.d(5)): *.crt are authorities, *.cert and *.key a client certificate.
import { access, constants, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import type { HostPort } from './hostNames.ts';

export interface MachinePlaces {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Undefined: only what lies under `/etc`. */
  readonly homeDirectory: string | undefined;
  /** Stands before `/etc`; default none. */
  readonly root?: string;
  /** Default: the one this runs on. */
  readonly platform?: NodeJS.Platform;
}

/** What lies in the folder of a host. */
export interface HostFolder {
  /** Absolute paths. */
  readonly authorities: readonly string[];
  /** The first pair in alphabetical order: docker tries one after the other, TLS shows one. */
  readonly client?: { readonly certificate: string; readonly key: string };
  /** A key that is there for others than this user, as those that only the daemon of docker reads. */
  readonly forbiddenKey?: string;
}

const nothing: HostFolder = { authorities: [] };

/**
 * The first folder for the host that is there, the user's before the machine's, as podman looks for it.
 * @throws {CosignError} `CERTIFICATE_UNREADABLE` for a certificate without its key, or a key without its certificate, as docker and podman refuse them
 */
export async function certificatesFor(host: HostPort, places: MachinePlaces): Promise<HostFolder> {
  for (const folder of certsFolders(places)) {
    for (const name of folderNames(host, places.platform ?? process.platform)) {
      const path = join(folder, name);
      const files = await filesOf(path);
      if (files) return sorted(path, files, host);
    }
  }
  return nothing;
}

/** The nearest first: podman's and rootless docker's of the user, Docker Desktop's, and those of the machine. */
function certsFolders({ env, homeDirectory, root = '', platform = process.platform }: MachinePlaces): readonly string[] {
  const config = env['XDG_CONFIG_HOME'];
  const home = homeDirectory === undefined ? [] : [
    join(homeDirectory, '.config', 'containers', 'certs.d'), join(config ? config : join(homeDirectory, '.config'), 'docker', 'certs.d'), join(homeDirectory, '.docker', 'certs.d'),
  ];
  const machine = platform === 'win32' ? [join(env['ProgramData'] ?? 'C:\\ProgramData', 'docker', 'certs.d')] : [`${root}/etc/containers/certs.d`, `${root}/etc/docker/certs.d`];
  return [...home, ...machine];
}

/** As the registry is written in images: without a port it is 443. Windows allows no colon in names, so docker leaves it out there. */
function folderNames({ hostname, port }: HostPort, platform: NodeJS.Platform): readonly string[] {
  const host = hostname.includes(':') ? `[${hostname}]` : hostname;
  const names = [`${host}:${port}`, ...(port === 443 ? [host] : [])];
  return names.filter((name) => !/[/\\]|^\.+(?:$|:)/.test(name)).map((name) => (platform === 'win32' ? name.replaceAll(':', '') : name));
}

/** Undefined for a folder that is not there, or not for this user. */
async function filesOf(folder: string): Promise<readonly string[] | undefined> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(String(cause.code))) return undefined;
    throw new CosignError('CERTIFICATE_UNREADABLE', said`The folder of certificates "${folder}" cannot be read.`, { cause });
  }
}

async function sorted(folder: string, files: readonly string[], { hostname }: HostPort): Promise<HostFolder> {
  const authorities = files.filter((name) => name.endsWith('.crt')).map((name) => join(folder, name));
  const alone = (name: string, missing: string): CosignError => new CosignError('CERTIFICATE_UNREADABLE', said`The file "${join(folder, name)}" for "${hostname}" has no "${missing}" beside it.`, {
    remedy: said`A client certificate is NAME.cert with NAME.key; certificate authorities are NAME.crt.`,
  });
  for (const name of files) {
    const other = name.endsWith('.cert') ? `${name.slice(0, -5)}.key` : name.endsWith('.key') ? `${name.slice(0, -4)}.cert` : undefined;
    if (other !== undefined && !files.includes(other)) throw alone(name, other);
  }
  const name = files.find((file) => file.endsWith('.cert'))?.slice(0, -5);
  if (name === undefined) return { authorities };
  const client = { certificate: join(folder, `${name}.cert`), key: join(folder, `${name}.key`) };
  return await isReadable(client.key) ? { authorities, client } : { authorities, forbiddenKey: client.key };
}

async function isReadable(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM'));
  }
}
