// A registry client for tests: the small transport, a clock that only moves when told, and logins from a table.
import { setMaxListeners } from 'node:events';
import { CosignError, type ErrorCode } from '../../src/core/errors.ts';
import { RegistryClient } from '../../src/core/oci/registryClient.ts';
import type { Clock, Credentials, Transport } from '../../src/core/oci/transport.ts';
import { NodeTransport } from './nodeTransport.ts';

export interface TestClient {
  readonly client: RegistryClient;
  readonly transport: NodeTransport;
  readonly clock: SteppedClock;
  /** How often the keychain was asked. */
  readonly lookups: readonly string[];
}

export class SteppedClock implements Clock {
  /** Every pause that was asked for, in milliseconds; it is over at once. */
  readonly pauses: number[] = [];
  #now = Date.parse('2026-01-02T03:04:05Z');

  now(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.pauses.push(ms);
    this.#now += ms;
    return Promise.resolve();
  }
}

export interface TestClientOptions {
  readonly login?: Credentials;
  /** PEM to trust. */
  readonly ca?: string;
  readonly transport?: Transport;
  readonly plainHttp?: (host: string) => boolean;
}

export function testClient({ login, ca, transport, plainHttp = (host) => host.startsWith('127.0.0.1:') || host.startsWith('localhost:') }: TestClientOptions = {}): TestClient {
  const [node, clock] = [new NodeTransport(ca), new SteppedClock()];
  const lookups: string[] = [];
  const keychain = {
    find: (registry: string, repository: string) => {
      lookups.push(`${registry}/${repository}`);
      return Promise.resolve(login);
    },
  };
  const client = new RegistryClient({ transport: transport ?? node, keychain, clock, rules: { allowsPlainHttp: plainHttp }, random: () => 0 });
  return { client, transport: node, clock, lookups };
}

/** For `assert.rejects`: the code, not the words. */
export const failsWith = (code: ErrorCode) => (error: unknown): boolean => {
  if (error instanceof CosignError && error.code === code) return true;
  throw error;
};

/** Never aborted. */
export const never: AbortSignal = new AbortController().signal;
setMaxListeners(0, never);
