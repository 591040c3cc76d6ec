// The JSON that docker's config.json and podman's auth.json share: which login or helper a registry has.
import { CosignError } from '../core/errors.ts';
import { said, type Said } from '../core/said.ts';
import type { Credentials } from '../core/oci/transport.ts';
import { FileProblem, fileVersion, readBoundedFile, type FileVersion } from './boundedFile.ts';

/** A parsed file; entries are looked at only when a registry asks for them. */
export interface AuthFile {
  readonly path: string;
  readonly auths: Readonly<Record<string, unknown>>;
  readonly credHelpers: Readonly<Record<string, unknown>>;
  readonly credsStore: string | undefined;
}

const maxFileBytes = 1024 * 1024;
const hub = 'index.docker.io';

/** Reads a file again only when it changed. */
export class AuthFiles {
  readonly #known = new Map<string, { readonly version: FileVersion; readonly file: AuthFile }>();

  /**
   * @returns undefined when there is no such file
   * @throws {CosignError} `CREDENTIALS_UNREADABLE`, naming the file
   */
  async read(path: string, signal: AbortSignal): Promise<AuthFile | undefined> {
    try {
      const version = await fileVersion(path);
      const known = this.#known.get(path);
      if (known?.version === version) return known.file;
      const file = parseAuthFile(path, Buffer.from(await readBoundedFile(path, maxFileBytes, signal)).toString('utf8'));
      this.#known.set(path, { version, file });
      return file;
    } catch (error) {
      if (!(error instanceof FileProblem)) throw error;
      if (error.missing) return undefined;
      throw unreadable(path, error.said);
    }
  }
}

/** @throws {CosignError} `CREDENTIALS_UNREADABLE` */
export function parseAuthFile(path: string, text: string): AuthFile {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    // The parser's own message would quote the file.
    throw unreadable(path, said`is not JSON`);
  }
  if (!isRecord(value)) throw unreadable(path, said`is not a JSON object`);
  const credsStore = value['credsStore'] ?? '';
  if (typeof credsStore !== 'string') throw unreadable(path, said`has a credsStore that is not a text`);
  return { path, auths: record(path, value, 'auths'), credHelpers: record(path, value, 'credHelpers'), credsStore: credsStore === '' ? undefined : credsStore };
}

/**
 * The entry for the most specific name: `host/namespace/repository`, then each folder above it, then the host.
 * Keys may be written as `https://host/v1/`; Docker Hub goes by `https://index.docker.io/v1/`, `index.docker.io` and `docker.io`.
 */
export function entryFor(entries: Readonly<Record<string, unknown>>, registry: string, repository: string): unknown {
  const byName = new Map<string, unknown>();
  // Written as the name itself beats written as a URL.
  for (const [key, value] of Object.entries(entries).sort(([a], [b]) => Number(b.includes('://')) - Number(a.includes('://')))) byName.set(entryName(key), value);
  const parts = repository.split('/');
  for (let count = parts.length; count >= 0; count--) {
    const found = byName.get([hubName(registry.toLowerCase()), ...parts.slice(0, count)].join('/'));
    if (found !== undefined && found !== null) return found;
  }
  return undefined;
}

/**
 * What an `auths` entry holds; undefined for an empty one (docker leaves those where a helper has the login).
 * @throws {CosignError} `CREDENTIALS_UNREADABLE`, naming file and registry
 */
export function toCredentials(entry: unknown, path: string, registry: string): Credentials | undefined {
  if (entry === undefined) return undefined;
  if (!isRecord(entry)) throw unreadable(path, said`has an entry for "${registry}" that is not an object`);
  const text = (field: string): string => {
    const value = entry[field] ?? '';
    if (typeof value !== 'string') throw unreadable(path, said`has an entry for "${registry}" whose "${field}" is not a text`);
    return value;
  };
  const [bearer, identity, auth] = [text('registrytoken'), text('identitytoken'), text('auth')];
  if (bearer !== '') return { kind: 'bearer', token: bearer };
  if (identity !== '') return { kind: 'identity', token: identity };
  if (auth === '') {
    const [username, password] = [text('username'), text('password')];
    return username === '' && password === '' ? undefined : { kind: 'basic', username, password };
  }
  const login = /^[A-Za-z0-9+/_-]+={0,2}$/.test(auth.trim()) ? Buffer.from(auth.trim(), 'base64').toString('utf8') : '';
  const colon = login.indexOf(':');
  if (colon < 1) throw unreadable(path, said`has an entry for "${registry}" whose "auth" is not the base64 of "user:password"`);
  // docker pads old passwords with NUL characters and strips them when reading.
  return { kind: 'basic', username: login.slice(0, colon), password: login.slice(colon + 1).replace(/^\0+|\0+$/g, '') };
}

/** The server's name as credential helpers keep it. */
export function helperServer(registry: string): string {
  return hubName(registry) === hub ? `https://${hub}/v1/` : registry;
}

function entryName(key: string): string {
  const url = /^https?:\/\/([^/]*)/i.exec(key.trim());
  // Docker Hub's own key carries a scheme; with one, docker itself only looks at the host.
  const [host = '', ...path] = (url?.[1] ?? key.trim().replace(/\/(?:v1|v2)?\/?$/, '')).split('/');
  return [hubName(host.toLowerCase()), ...path].join('/');
}

const hubName = (host: string): string => (host === 'docker.io' || host === 'registry-1.docker.io' ? hub : host);

function record(path: string, value: Readonly<Record<string, unknown>>, field: string): Readonly<Record<string, unknown>> {
  const found = value[field] ?? {};
  if (!isRecord(found)) throw unreadable(path, said`has "${field}" that is not an object`);
  return found;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function unreadable(path: string, why: Said): CosignError {
  return new CosignError('CREDENTIALS_UNREADABLE', said`The login file "${path}" ${why}.`, {
    remedy: said`Correct the file, or log in again with docker login or podman login; countersign.registries.useCredentials turns logins off.`,
  });
}
