// Registry logins of this machine: docker's config.json with its helpers first, then podman's auth.json.
import { SharedLoads } from '../core/async/sharedLoads.ts';
import type { FoundLogin } from '../core/diagnosis/diagnose.ts';
import { CosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import type { Credentials, Keychain } from '../core/oci/transport.ts';
import { AuthFiles, entryFor, helperServer, toCredentials, type AuthFile } from './authFile.ts';
import { askCredentialHelper, type HelperOptions } from './credentialHelper.ts';
import { dockerConfigFile, type LoginLocations } from './dockerConfig.ts';
import { podmanAuthFiles } from './podmanAuth.ts';

export interface KeychainOptions extends LoginLocations {
  /** Asked at every look-up: without trust no file is read and no program is run. */
  readonly trusted: () => boolean;
  readonly useCredentials: boolean;
  /** Milliseconds since the epoch; real time by default. */
  readonly now?: () => number;
  readonly helper?: Pick<HelperOptions, 'timeoutMs' | 'start' | 'platform'>;
}

/** How long a helper's answer is believed: it may take seconds and may ask the person something. */
const foundLifetimeMs = 5 * 60_000;
/** Shorter, so that a login made meanwhile is noticed. */
const notFoundLifetimeMs = 30_000;

/** Also says where a login comes from. */
export interface LocatingKeychain extends Keychain {
  /** As {@link Keychain.find}. @throws what that throws */
  locate(registry: string, repository: string, signal: AbortSignal): Promise<FoundLogin | undefined>;
}

/** Logins found are kept in memory only. */
export function createKeychain(options: KeychainOptions): LocatingKeychain {
  const files = new AuthFiles();
  const answers = new SharedLoads<Credentials | undefined>({
    lifetimeMs: (value) => (value ? foundLifetimeMs : notFoundLifetimeMs), capacity: 200, now: options.now ?? Date.now,
  });

  const ask = (helper: string, registry: string, signal: AbortSignal): Promise<Credentials | undefined> => {
    const server = helperServer(registry);
    const load = (shared: AbortSignal): Promise<Credentials | undefined> =>
      askCredentialHelper(helper, server, { ...options.helper, env: options.env, cwd: options.homeDirectory }, shared);
    return answers.get(JSON.stringify([helper, server]), load, signal);
  };

  const findIn = async (file: AuthFile, registry: string, repository: string, signal: AbortSignal): Promise<FoundLogin | undefined> => {
    const helper = entryFor(file.credHelpers, registry, repository) ?? file.credsStore;
    if (helper !== undefined && typeof helper !== 'string') {
      throw new CosignError('CREDENTIALS_UNREADABLE', said`The login file "${file.path}" names a credential helper for "${registry}" that is not a text.`, { remedy: said`Correct credHelpers in the file.` });
    }
    const kept = helper === undefined || helper === '' ? undefined : await ask(helper, registry, signal);
    if (kept && helper !== undefined) return { credentials: kept, source: { kind: 'helper', name: helper, path: file.path } };
    const credentials = toCredentials(entryFor(file.auths, registry, repository), file.path, registry);
    return credentials && { credentials, source: { kind: 'file', path: file.path } };
  };

  const locate: LocatingKeychain['locate'] = async (registry, repository, signal) => {
    signal.throwIfAborted();
    if (!options.useCredentials || !options.trusted()) return undefined;
    for (const path of [dockerConfigFile(options), ...podmanAuthFiles(options)]) {
      const file = await files.read(path, signal);
      signal.throwIfAborted();
      const found = file && await findIn(file, registry, repository, signal);
      if (found) return found;
    }
    return undefined;
  };
  return { locate, find: async (registry, repository, signal) => (await locate(registry, repository, signal))?.credentials };
}
