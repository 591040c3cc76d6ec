// Flags about registries and time → an engine for one command, closed when the command ends.
import { resolve } from 'node:path';
import { settingDefaults } from '../contributions.ts';
import type { Engine, EngineSettings, RegistryFlags } from '../core/engine.ts';
import { CosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import type { Reference } from '../core/oci/reference.ts';
import { parseDuration } from './duration.ts';
import type { FlagValues } from './flags.ts';
import { UsageError } from './flags.ts';
import type { Call, Machine } from './machine.ts';

export interface SessionOptions {
  /** What the command is about: logins from flags go to these registries and nowhere else. */
  readonly references: readonly Reference[];
  /** Of `--timeout` when it is not given, in milliseconds; 0: none. cosign's is 3 minutes. */
  readonly timeoutMs?: number;
}

/** Why a command was given up when its time had run out. */
export const timedOut = (ms: number): CosignError =>
  new CosignError('REGISTRY_TIMEOUT', said`The command did not end within ${ms / 1000} s.`, { remedy: said`Give it more time with --timeout.` });

/**
 * @throws {UsageError} for flags that do not go together
 * @throws what `work` throws; `REGISTRY_TIMEOUT` when time ran out
 */
export async function withEngine<T>(call: Pick<Call, 'machine' | 'flags'>, options: SessionOptions, signal: AbortSignal, work: (engine: Engine, signal: AbortSignal) => Promise<T>): Promise<T> {
  const { machine, flags } = call;
  const given = flags.text('timeout');
  const timeoutMs = given === undefined ? options.timeoutMs ?? 180_000 : parseDuration(given, '--timeout');
  const settings = engineSettings(flags, machine, options.references);
  const engine = await machine.openEngine(settings);
  const late = new AbortController();
  const timer = timeoutMs === 0 ? undefined : setTimeout(() => { late.abort(timedOut(timeoutMs)); }, timeoutMs);
  try {
    return await work(engine, AbortSignal.any([signal, late.signal]));
  } finally {
    clearTimeout(timer);
    await engine.dispose();
  }
}

function engineSettings(flags: FlagValues, machine: Machine, references: readonly Reference[]): EngineSettings {
  const authority = flags.text('registry-cacert');
  const registries = [...new Set(references.map(({ registry }) => registry))];
  const login = loginOf(flags, registries);
  const registryFlags: RegistryFlags = {
    plainHttp: flags.on('allow-http-registry') ? registries : [],
    anyCertificate: flags.on('allow-insecure-registry'),
    ...(authority === undefined ? {} : { certificateAuthority: resolve(machine.workingDirectory, authority) }),
    ...clientFlags(flags, machine, registries),
    ...(login === undefined ? {} : { login }),
  };
  return {
    trusted: true, insecureRegistries: [], certificateAuthorities: {}, useSystemConfiguration: !flags.on('ignore-system-config'), useCredentials: true, noProxy: [], proxyStrictSSL: true,
    timeoutMs: settingDefaults['countersign.network.timeout'] * 1000,
    // A command says what is so now: nothing outlives it.
    tagLifetimeMs: settingDefaults['countersign.cache.tagLifetime'] * 1000,
    flags: registryFlags,
  };
}

/** @throws {UsageError} for a certificate without its key */
function clientFlags(flags: FlagValues, machine: Machine, registries: readonly string[]): Pick<RegistryFlags, 'clientCertificate' | 'serverName'> {
  const [certificate, key, name] = [flags.text('registry-client-cert'), flags.text('registry-client-key'), flags.text('registry-server-name')];
  if ((certificate === undefined) !== (key === undefined)) throw new UsageError('--registry-client-cert and --registry-client-key belong together.');
  const path = (file: string): string => resolve(machine.workingDirectory, file);
  return {
    ...(certificate === undefined || key === undefined ? {} : { clientCertificate: { registries, certificate: path(certificate), key: path(key) } }),
    ...(name === undefined ? {} : { serverName: { registries, name } }),
  };
}

function loginOf(flags: FlagValues, registries: readonly string[]): RegistryFlags['login'] {
  const of = (name: string): string | undefined => flags.text(`registry-${name}`);
  const [username, password, token] = [of('username'), of('password'), of('token')];
  if (username === undefined && password === undefined && token === undefined) return undefined;
  if (token === undefined && (username === undefined || password === undefined)) throw new UsageError('--registry-username and --registry-password belong together.');
  const credentials = username !== undefined && password !== undefined ? { kind: 'basic', username, password } as const : { kind: 'bearer', token: token ?? '' } as const;
  return { registries, credentials };
}

/** Whether a login or a client certificate is given by flags or the environment. */
export function givesLogin({ flags }: Pick<Call, 'flags'>): boolean {
  return loginOf(flags, []) !== undefined || flags.has('registry-client-cert');
}
